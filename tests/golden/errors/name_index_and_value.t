# One name cannot be an index and a tensor.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  i = x + 1;
  y[i] = x[i];
}
--- err
case.graph:4:3: error: a tensor cannot stand on the left: only an index, a number, a number + an index, or a composite of them
      y[i] = x[i];
      ^
--- end
