# What is known when compiled is computed then: numbers, a constant table, functions of constants.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=simplify
graph g(x: f32[4]) -> (a: f32[4], b: f32[4], c: f32[4]) {
  const half: f32 = 0.5;
  a[i] = x[i] * (half + 1.5 * 2) + sqrt(4.0);
  t[i < 4] = sin(f32(i) * half);
  b[i] = x[i] + t[i];
  c[i] = x[i] + exp(0.0) - log(1.0);
}
--- out
stage simplify;
graph g(x: f32[4]) -> (a: f32[4], b: f32[4], c: f32[4]) {
  const t[i < 4]: f32 = sin(f32(i) * f32(0.5));
  a[i < 4]: f32 = x[i] * f32(3.5) + 2.0;
  b[i < 4]: f32 = x[i] + t[i];
  c[i < 4]: f32 = x[i] + 1.0;
}
--- end
