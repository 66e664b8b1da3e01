# A graph has one stream.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[stream t], z: f32[stream u]) -> (y: f32[t]) {
  y[t] = x[t];
}
--- err
--- end
