# A part of a composite without an extent.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[8]) -> (y: f32[8]) {
  y[i < 8] = x[(i / 2, i % 2)];
}
--- err
--- end
