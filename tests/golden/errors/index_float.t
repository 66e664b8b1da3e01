# An index is an integer.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[8]) -> (y: f32[8]) {
  y[i] = x[i * 0.5];
}
--- err
case.graph:3:3: error: the extent of index 'i' cannot be found: it stands bare in no read; write i < extent
      y[i] = x[i * 0.5];
      ^
--- end
