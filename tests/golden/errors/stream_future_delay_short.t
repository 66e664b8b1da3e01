# A delay that is not enough.
# $ frit compile case.graph --dump-ir=fuse --delay=2
graph g(x: f32[stream t]) -> (y: f32[t]) {
  y[t] = x[t] + (x[t + 3] or 0);
}
--- err
--- end
