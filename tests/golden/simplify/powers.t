# Small powers become products and reciprocals; what would round differently stays.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=simplify
graph g(x: f32[4], n: i32[4]) -> (a: f32[4], b: f32[4], c: f32[4], d: f32[4], e: f32[4], f: f32[4], q: i32[4]) {
  a[i] = x[i] ** 1 + x[i] ** 2;
  b[i] = x[i] ** 3;
  c[i] = x[i] ** -1;
  d[i] = x[i] ** 0.5;
  e[i] = x[i] / 8.0;
  f[i] = x[i] / 3;
  q[i] = n[i] / 8;
}
--- out
stage simplify;
graph g(x: f32[4], n: i32[4]) -> (a: f32[4], b: f32[4], c: f32[4], d: f32[4], e: f32[4], f: f32[4], q: i32[4]) {
  a[i < 4]: f32 = x[i] + x[i] * x[i];
  b[i < 4]: f32 = x[i] ** 3;
  c[i < 4]: f32 = f32(1.0) / x[i];
  d[i < 4]: f32 = x[i] ** 0.5;
  e[i < 4]: f32 = x[i] * f32(0.125);
  f[i < 4]: f32 = x[i] / 3;
  q[i < 4]: i32 = n[i] / 8;
}
--- end
