# An input cannot be written.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  x[i] = 1.0;
  y[i] = x[i];
}
--- err
case.graph:3:3: error: 'x' is already defined
      x[i] = 1.0;
      ^
--- end
