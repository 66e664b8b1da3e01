# A part of a composite without an extent.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[8]) -> (y: f32[8]) {
  y[i < 8] = x[(i / 2, i % 2)];
}
--- err
case.graph:3:14: error: in a composite dimension every part but the first must have a known extent: a bare index, `expression < extent`, or a place in a parameter's composite pattern
      y[i < 8] = x[(i / 2, i % 2)];
                 ^
--- end
