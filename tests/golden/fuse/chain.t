# Two products one after the other stay two kernels: the second needs its operand complete.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=fuse
graph g(x: f32[64, 256], v: f32[256, 256], w: f32[256, 256]) -> (y: f32[64, 256]) {
  h = gelu(matmul(x, v));
  y = matmul(h, w);
}
--- out
stage fuse;
graph g(x: f32[64, 256], v: f32[256, 256], w: f32[256, 256]) -> (y: f32[64, 256]) {
  kernel k0 "matmul+gelu" (x, v) -> (h: f32[64, 256]) {
    h.y[i < 64, j < 256]: f32 = sum(k < 256: x[i, k] * v[k, j]);
    h[i < 64, j < 256]: f32 = max(h.y[i, j] - min(h.y[i, j], 40) * normtail(h.y[i, j]), min(h.y[i, j], 40) * normtail(h.y[i, j]));
  }
  kernel k1 "matmul" (h, w) -> (y: f32[64, 256]) {
    y[i < 64, j < 256]: f32 = sum(k < 256: h[i, k] * w[k, j]);
  }
}
--- end
