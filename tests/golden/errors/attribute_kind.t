# An attribute of the wrong kind.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4, 4]) -> (y: f32[4, 4]) {
  y = softmax(x, axes = "last");
}
--- err
case.graph:3:7: error: attribute 'axes' must be of kind ints; this is a string
      y = softmax(x, axes = "last");
          ^
--- end
