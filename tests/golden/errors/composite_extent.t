# A part of a composite without an extent.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[8]) -> (y: f32[8]) {
  y[i] = x[(i / 2, i % 2)];
}
--- err
case.graph:3:3: error: the extent of index 'i' cannot be found: it stands bare in no read; write i < extent
      y[i] = x[(i / 2, i % 2)];
      ^
--- end
