# Equations that read each other at the same place.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  a[i] = y[i] + x[i];
  y[i] = a[i] * 2.0;
}
--- err
case.graph:4:3: error: the extent of index 'i' cannot be found: it stands bare in no read; write i < extent
      y[i] = a[i] * 2.0;
      ^
--- end
