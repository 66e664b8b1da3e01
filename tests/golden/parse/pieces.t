# Several equations for one tensor, one of them for a place that is a number.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=parse
graph g(x: f32[3, 4], y: f32[2, 4]) -> (z: f32[6, 4]) {
  z[i, j] = x[i, j];
  z[i.size + k, j] = y[k, j];
  z[5, j < 4] = 0.0;
}
--- out
graph g(x: f32[3, 4], y: f32[2, 4]) -> (z: f32[6, 4]) {
  z[i, j] = x[i, j];
  z[i.size + k, j] = y[k, j];
  z[5, j < 4] = 0.0;
}
--- end
