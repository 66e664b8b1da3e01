# Prologue: what makes an operand joins the sum that reads it once.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=fuse
graph g(x: f32[64, 512], z: f32[64, 512]) -> (y: f32[64]) {
  d = x - z;
  y[i] = sum(j: d[i, j] * d[i, j]);
}
--- out
stage fuse;
graph g(x: f32[64, 512], z: f32[64, 512]) -> (y: f32[64]) {
  kernel k0 "d+y" (x, z) -> (y: f32[64]) {
    d[i < 64, j < 512]: f32 = x[i, j] - z[i, j];
    y[i < 64]: f32 = sum(j < 512: d[i, j] * d[i, j]);
  }
}
--- end
