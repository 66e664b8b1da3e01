# An extent that depends on an index.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  y[i] = sum(k < i + 1: x[k]);
}
--- err
case.graph:3:3: error: the extent of index 'i' cannot be found: it stands bare in no read; write i < extent
      y[i] = sum(k < i + 1: x[k]);
      ^
--- end
