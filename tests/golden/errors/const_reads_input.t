# A constant cannot read an input.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  const c[i] = x[i] * 2;
  y[i] = c[i];
}
--- err
--- end
