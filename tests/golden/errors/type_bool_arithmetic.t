# Arithmetic of truth values.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: bool[4]) {
  y[i] = (x[i] > 0) * (x[i] < 1);
}
--- err
--- end
