# More arguments than the operator takes.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  y = relu(x, x, x);
}
--- err
case.graph:3:7: error: 'relu' takes 1 argument, more are given
      y = relu(x, x, x);
          ^
--- end
