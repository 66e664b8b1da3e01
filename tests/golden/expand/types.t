# Types meet as in NumPy; numbers and indices are weak; sums of small integers are i32.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=expand
graph g(b: i8[4], u: u8[4], h: f16[4], x: f32[4], d: f64[4]) -> (p: i16[4], q: f16[4], r: f64[4], s: i32, t: i64[4], f: f32[4]) {
  p = b + u;
  q = h * 2 + 0.5;
  r[i] = x[i] * d[i] + i;
  s[] = sum(i: b[i]);
  t[i < 4] = i * 2;
  f[i] = x[i] / (i + 1);
}
--- out
stage expand;
graph g(b: i8[4], u: u8[4], h: f16[4], x: f32[4], d: f64[4]) -> (p: i16[4], q: f16[4], r: f64[4], s: i32[], t: i64[4], f: f32[4]) {
  p[i < 4]: i16 = b[i] + u[i];
  q[i < 4]: f16 = h[i] * 2 + 0.5;
  r[i < 4]: f64 = x[i] * d[i] + i;
  s[]: i32 = sum(i < 4: b[i]);
  t[i < 4]: i64 = i * 2;
  f[i < 4]: f32 = x[i] / (i + 1);
}
--- end
