# A dimension below 0.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[-1]) -> (y: f32[4]) {
  y[i < 4] = 1.0;
}
--- err
case.graph:2:16: error: a dimension of -1
    graph g(x: f32[-1]) -> (y: f32[4]) {
                   ^
--- end
