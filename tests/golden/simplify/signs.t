# Signs cancel and meet.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=simplify
graph g(x: f32[4], z: f32[4]) -> (a: f32[4], b: f32[4], c: f32[4], d: f32[4], e: f32[4], f: f32[4]) {
  a[i] = -(-x[i]);
  b[i] = x[i] * -1;
  c[i] = x[i] + -z[i];
  d[i] = x[i] - -z[i];
  e[i] = -x[i] * -z[i];
  f[i] = x[i] / -1;
}
--- out
stage simplify;
graph g(x: f32[4], z: f32[4]) -> (a: f32[4], b: f32[4], c: f32[4], d: f32[4], e: f32[4], f: f32[4]) {
  a[i < 4]: f32 = x[i];
  b[i < 4]: f32 = -x[i];
  c[i < 4]: f32 = x[i] - z[i];
  d[i < 4]: f32 = x[i] + z[i];
  e[i < 4]: f32 = x[i] * z[i];
  f[i < 4]: f32 = -x[i];
}
--- end
