# A read into the future names the delay that cures it.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[stream t]) -> (y: f32[t]) {
  y[t] = x[t] + (x[t + 3] or 0);
}
--- err
--- end
