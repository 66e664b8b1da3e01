# A constant for an attribute; a choice known when compiled leaves one side only.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=expand
op f(x[..i], shape: ints, up: bool = true) {
  z = reshape(x, shape = shape);
  y = up ? z * 2.0 : z / error("never looked at");
}
graph g(x: f32[2, 6]) -> (y: f32[4, 3]) {
  const s: i64 = 4;
  y = f(x, shape = [s, -1]);
}
--- out
stage expand;
graph g(x: f32[2, 6]) -> (y: f32[4, 3]) {
  y.z.f[(a0 < 2, a1 < 6)]: f32 = x[a0, a1];
  y.z[i0 < 4, i1 < 3]: f32 = y.z.f[i0 * 3 + i1];
  y[i < 4, j < 3]: f32 = y.z[i, j] * 2.0;
}
--- end
