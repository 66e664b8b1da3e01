# A pack stands between brackets with '..' in front.
# $ frit compile case.graph --dump-ir=fuse
op same(x[..i]) { y[..i] = x[i]; }
graph g(x: f32[2, 3]) -> (y: f32[2, 3]) { y = same(x); }
--- err
case.graph:3:47: error: 'x' has 2 dimensions [2, 3], 1 index is given
    graph g(x: f32[2, 3]) -> (y: f32[2, 3]) { y = same(x); }
                                                  ^
  case.graph:2:28: note: in same
    op same(x[..i]) { y[..i] = x[i]; }
                               ^
--- end
