# A function of numbers with the wrong number of arguments.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  y[i] = exp(x[i], 2);
}
--- err
case.graph:3:10: error: 'exp' takes 1 argument, 2 given
      y[i] = exp(x[i], 2);
             ^
--- end
