# A product with two readers is stored once; both readers may join it.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=fuse
graph g(x: f32[64, 64], w: f32[64, 64]) -> (y: f32[64, 64], z: f32[64, 64]) {
  h = matmul(x, w);
  y = relu(h);
  z = h * 0.5;
}
--- out
stage fuse;
graph g(x: f32[64, 64], w: f32[64, 64]) -> (y: f32[64, 64], z: f32[64, 64]) {
  kernel k0 "matmul+relu+z" (x, w) -> (y: f32[64, 64], z: f32[64, 64]) {
    h[i < 64, j < 64]: f32 = sum(k < 64: x[i, k] * w[k, j]);
    y[i < 64, j < 64]: f32 = max(h[i, j], 0);
    z[i < 64, j < 64]: f32 = h[i, j] * 0.5;
  }
}
--- end
