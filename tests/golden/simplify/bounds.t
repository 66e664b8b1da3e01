# Bounds that bound nothing go, bounds of bounds become one.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=simplify
graph g(x: f32[4], n: u8[4]) -> (a: f32[4], b: f32[4], c: u8[4], d: f32[4]) {
  a[i] = max(x[i], x[i]) + min(max(max(x[i], 1), 2), 7);
  b[i] = max(x[i], -inf) + min(x[i], inf);
  c[i] = max(min(n[i], 255), 0);
  d[i] = relu6(relu6(x[i])) + relu(relu(x[i]));
}
--- out
stage simplify;
graph g(x: f32[4], n: u8[4]) -> (a: f32[4], b: f32[4], c: u8[4], d: f32[4]) {
  a[i < 4]: f32 = x[i] + min(max(x[i], 2), 7);
  b[i < 4]: f32 = x[i] + x[i];
  c[i < 4]: u8 = n[i];
  d[i < 4]: f32 = min(max(min(max(x[i], 0), 6), 0), 6) + max(x[i], 0);
}
--- end
