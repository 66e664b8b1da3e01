# An element where an operator wants a whole tensor.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4, 4]) -> (y: f32[4, 4]) {
  y[i, j] = softmax(x[i, j]);
}
--- err
case.graph:3:13: error: 'softmax' wants a whole tensor for 'x', this is an element: it does not work element by element
      y[i, j] = softmax(x[i, j]);
                ^
--- end
