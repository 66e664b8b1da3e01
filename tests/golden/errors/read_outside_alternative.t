# The alternative of `or` must be inside itself.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  y[i < 4] = (x[i - 1] or x[i - 2]);
}
--- err
--- end
