# '..' in front of what is no list.
# $ frit compile case.graph --dump-ir=fuse
op same(x[i, j]) { y[i, j] = x[..i, j]; }
graph g(x: f32[2, 3]) -> (y: f32[2, 3]) { y = same(x); }
--- err
case.graph:3:47: error: '..' wants a pack or a list; this is an element
    graph g(x: f32[2, 3]) -> (y: f32[2, 3]) { y = same(x); }
                                                  ^
  case.graph:2:32: note: in same
    op same(x[i, j]) { y[i, j] = x[..i, j]; }
                                   ^
--- end
