# Equal tensors are computed once, also when their indices have other names.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=simplify
graph g(x: f32[4, 8]) -> (a: f32[4], b: f32[4]) {
  m[i] = sum(j: x[i, j] * x[i, j]);
  n[r] = sum(s: x[r, s] * x[r, s]);
  a[i] = m[i] + 1;
  b[i] = sqrt(n[i]);
}
--- out
stage simplify;
graph g(x: f32[4, 8]) -> (a: f32[4], b: f32[4]) {
  m[i < 4]: f32 = sum(j < 8: x[i, j] * x[i, j]);
  a[i < 4]: f32 = m[i] + 1;
  b[i < 4]: f32 = sqrt(m[i]);
}
--- end
