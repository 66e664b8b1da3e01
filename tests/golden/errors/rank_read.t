# A read with fewer indices than the tensor has dimensions.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4, 5]) -> (y: f32[4]) {
  y[i] = x[i];
}
--- err
case.graph:3:10: error: 'x' has 2 dimensions [4, 5], 1 index is given
      y[i] = x[i];
             ^
--- end
