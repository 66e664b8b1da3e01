# Named results of an operator, the first of several in an expression, and a local function.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=expand
op stats(x[i, j]) -> (m, v) {
  d(i, j) = x[i, j] - m[i];
  m[i] = mean(j: x[i, j]);
  v[i] = mean(j: d(i, j) * d(i, j));
}
graph g(x: f32[2, 8]) -> (m: f32[2], v: f32[2], z: f32[2]) {
  (m, v) = stats(x);
  z = stats(x) + 1.0;
}
--- out
stage expand;
graph g(x: f32[2, 8]) -> (m: f32[2], v: f32[2], z: f32[2]) {
  m[i < 2]: f32 = mean(j < 8: x[i, j]);
  v[i < 2]: f32 = mean(j < 8: (x[i, j] - m[i]) * (x[i, j] - m[i]));
  z.m[i < 2]: f32 = mean(j < 8: x[i, j]);
  z.v[i < 2]: f32 = mean(j < 8: (x[i, j] - z.m[i]) * (x[i, j] - z.m[i]));
  z[i < 2]: f32 = z.m[i] + 1.0;
}
--- end
