# The alternative of `or` must be inside itself.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  y[i] = (x[i - 1] or x[i - 2]);
}
--- err
case.graph:3:3: error: the extent of index 'i' cannot be found: it stands bare in no read; write i < extent
      y[i] = (x[i - 1] or x[i - 2]);
      ^
--- end
