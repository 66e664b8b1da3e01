# Neutral elements go; what could hide a NaN stays.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=simplify
graph g(x: f32[4], n: i32[4]) -> (a: f32[4], b: f32[4], c: i32[4], d: f32[4], e: i32[4]) {
  a[i] = (x[i] * 1 + 0) / 1 - 0;
  b[i] = x[i] * 0.0 + (x[i] - x[i]);
  c[i] = n[i] * 0 + (n[i] - n[i]) + n[i] * 1;
  d[i] = 0 - x[i];
  e[i] = 0 + n[i] - 0;
}
--- out
stage simplify;
graph g(x: f32[4], n: i32[4]) -> (a: f32[4], b: f32[4], c: i32[4], d: f32[4], e: i32[4]) {
  a[i < 4]: f32 = x[i];
  b[i < 4]: f32 = x[i] * 0.0 + (x[i] - x[i]);
  c[i < 4]: i32 = n[i];
  d[i < 4]: f32 = 0 - x[i];
  e[i < 4]: i32 = n[i];
}
--- end
