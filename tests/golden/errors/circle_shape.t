# A tensor whose shape depends on itself.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  a[i] = b[i];
  b[i] = a[i];
  y[i] = x[i] + a[i];
}
--- err
case.graph:4:3: error: the extent of index 'i' cannot be found: it stands bare in no read of a tensor of known shape; write i < extent
      b[i] = a[i];
      ^
--- end
