# Outside below, in the second dimension.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[3, 4]) -> (y: f32[3, 4]) {
  y[i, j] = x[i, j - 2];
}
--- err
case.graph:3:3: error: the extent of index 'j' cannot be found: it stands bare in no read; write j < extent
      y[i, j] = x[i, j - 2];
      ^
--- end
