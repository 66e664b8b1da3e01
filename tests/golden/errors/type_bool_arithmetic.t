# Arithmetic of truth values.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  y[i] = (x[i] > 0) * 2.0;
}
--- err
(no error)
--- end
