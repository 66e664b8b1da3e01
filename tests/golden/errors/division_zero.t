# A whole number divided by zero.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  y[i < 4 / 0] = x[i];
}
--- err
case.graph:3:11: error: division by zero
      y[i < 4 / 0] = x[i];
              ^
--- end
