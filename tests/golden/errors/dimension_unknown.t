# Bounds of a dimension that no input has.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[N, 4] where M in 1..16) -> (y: f32[N, 4]) {
  y = x * 2;
}
--- err
--- end
