# A gather by floats.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[8], p: f32[4]) -> (y: f32[4]) {
  y[i] = x[p[i]];
}
--- err
case.graph:3:10: error: index 0 of 'x' is a float
      y[i] = x[p[i]];
             ^
--- end
