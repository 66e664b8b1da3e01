# An operator that looks at all of a stream.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4, stream t]) -> (y: f32[4, t]) {
  y = softmax(x);
}
--- err
--- end
