# An index that stands bare in no read has no extent.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[8]) -> (y: f32[4]) {
  y[i] = x[2 * i];
}
--- err
case.graph:3:3: error: the extent of index 'i' cannot be found: it stands bare in no read of a tensor of known shape; write i < extent
      y[i] = x[2 * i];
      ^
--- end
