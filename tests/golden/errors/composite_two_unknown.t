# Of a composite in a pattern only one part may be unknown.
# $ frit compile case.graph --dump-ir=fuse
op split(x[(a, b)]) { y[a, b] = x[(a, b)]; }
graph g(x: f32[8]) -> (y: f32[2, 4]) { y = split(x); }
--- err
case.graph:3:44: error: the dimensions of 'x' cannot be found from its pattern
    graph g(x: f32[8]) -> (y: f32[2, 4]) { y = split(x); }
                                               ^
  case.graph:2:10: note: in split
    op split(x[(a, b)]) { y[a, b] = x[(a, b)]; }
             ^
--- end
