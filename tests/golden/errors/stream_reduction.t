# A reduction over all time never ends.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[stream t]) -> (y: f32[4]) {
  y[i < 4] = sum(t: x[t]);
}
--- err
--- end
