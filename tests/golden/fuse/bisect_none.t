# --bisect-limit=0 takes no move.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=fuse --bisect-limit=0
graph g(x: f32[64, 64], w: f32[64, 64], b: f32[64], r: f32[64, 64]) -> (y: f32[64, 64]) {
  y = relu(linear(x, w, b)) + r;
}
--- out
stage fuse;
graph g(x: f32[64, 64], w: f32[64, 64], b: f32[64], r: f32[64, 64]) -> (y: f32[64, 64]) {
  kernel k0 "linear" (b, x, w) -> (y.y: f32[64, 64]) {
    y.y[p0 < 64, j < 64]: f32 = b[j] + sum(k < 64: x[p0, k] * w[j, k]);
  }
  kernel k1 "relu" (y.y, r) -> (y: f32[64, 64]) {
    y[i < 64, j < 64]: f32 = max(y.y[i, j], 0) + r[i, j];
  }
}
--- end
