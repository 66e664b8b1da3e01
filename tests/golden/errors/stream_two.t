# A graph has one stream.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[stream t], z: f32[stream u]) -> (y: f32[t]) {
  y[t] = x[t];
}
--- err
case.graph:2:34: error: a graph has one stream dimension; 't' is one already
    graph g(x: f32[stream t], z: f32[stream u]) -> (y: f32[t]) {
                                     ^
--- end
