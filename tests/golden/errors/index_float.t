# An index is an integer.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[8]) -> (y: f32[8]) {
  y[i < 8] = x[i * 0.5];
}
--- err
case.graph:3:14: error: index 0 of 'x' is a float
      y[i < 8] = x[i * 0.5];
                 ^
--- end
