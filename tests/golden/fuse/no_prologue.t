# -fno-fuse=prologue keeps the operand.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=fuse -fno-fuse=prologue
graph g(x: f32[64, 512], z: f32[64, 512]) -> (y: f32[64]) {
  d = exp(x - z);
  y[i] = sum(j: d[i, j] * d[i, j]);
}
--- out
stage fuse;
graph g(x: f32[64, 512], z: f32[64, 512]) -> (y: f32[64]) {
  kernel k0 "exp" (x, z) -> (d: f32[64, 512]) {
    d[i < 64, j < 512]: f32 = exp(x[i, j] - z[i, j]);
  }
  kernel k1 "y" (d) -> (y: f32[64]) {
    y[i < 64]: f32 = sum(j < 512: d[i, j] * d[i, j]);
  }
}
--- end
