# Outside below, in the second dimension.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[3, 4]) -> (y: f32[3, 4]) {
  y[i, j < 4] = x[i, j - 2];
}
--- err
--- end
