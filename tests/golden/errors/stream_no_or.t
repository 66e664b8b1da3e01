# The past of the first frames must be said.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[stream t]) -> (y: f32[t]) {
  y[t] = x[t] + x[t - 1];
}
--- err
--- end
