# A named tensor of 16 bits is rounded, also where it is no longer stored.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=simplify
graph g(x: f16[4], z: f16[4]) -> (y: f16[4]) {
  s = x * z;
  y = s + x;
}
--- out
stage simplify;
graph g(x: f16[4], z: f16[4]) -> (y: f16[4]) {
  y[i < 4]: f16 = f16(f32(x[i] * z[i])) + x[i];
}
--- end
