# A composite of bare indices must fill its dimension.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[7]) -> (y: f32[2, 3]) {
  y[i < 2, j < 3] = x[(i, j)];
}
--- err
case.graph:3:21: error: the composite index runs over 6, but dimension 0 of 'x' [7] has 7
      y[i < 2, j < 3] = x[(i, j)];
                        ^
--- end
