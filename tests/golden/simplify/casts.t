# A conversion to the type that is there goes; one that rounds stays.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=simplify
graph g(x: f32[4], n: i8[4]) -> (a: f32[4], b: i8[4], d: f32[4]) {
  a[i] = f32(x[i]);
  b[i] = i8(n[i]);
  d[i] = f32(f16(x[i]));
}
--- out
stage simplify;
graph g(x: f32[4], n: i8[4]) -> (a: f32[4], b: i8[4], d: f32[4]) {
  a[i < 4]: f32 = x[i];
  b[i < 4]: i8 = n[i];
  d[i < 4]: f32 = f32(f16(x[i]));
}
--- end
