# A number in a pattern is an extent that must be met.
# $ frit compile case.graph --dump-ir=fuse
op stereo(x[2, t]) { y[t] = x[0, t] + x[1, t]; }
graph g(x: f32[3, 8]) -> (y: f32[8]) { y = stereo(x); }
--- err
case.graph:3:44: error: 'x': this dimension must be 2, it is 3
    graph g(x: f32[3, 8]) -> (y: f32[8]) { y = stereo(x); }
                                               ^
  case.graph:2:13: note: in stereo
    op stereo(x[2, t]) { y[t] = x[0, t] + x[1, t]; }
                ^
--- end
