# Horizontal: siblings with a common operand are one kernel.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=fuse
graph g(x: f32[16, 64], v: f32[64, 64], w: f32[64, 64]) -> (y: f32[16, 64], z: f32[16, 64]) {
  y = matmul(x, v);
  z = relu(matmul(x, w));
}
--- out
stage fuse;
graph g(x: f32[16, 64], v: f32[64, 64], w: f32[64, 64]) -> (y: f32[16, 64], z: f32[16, 64]) {
  kernel k0 "matmul+relu" (x, v, w) -> (y: f32[16, 64], z: f32[16, 64]) {
    y[i < 16, j < 64]: f32 = sum(k < 64: x[i, k] * v[k, j]);
    z.y[i < 16, j < 64]: f32 = sum(k < 64: x[i, k] * w[k, j]);
    z[i < 16, j < 64]: f32 = max(z.y[i, j], 0);
  }
}
--- end
