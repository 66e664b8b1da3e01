# Layer norm with its residual before and its scale after.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=fuse
graph g(x: f32[64, 96], r: f32[64, 96], s: f32[96], b: f32[96]) -> (y: f32[64, 96]) {
  y = layer_norm(x + r, s, b);
}
--- out
stage fuse;
graph g(x: f32[64, 96], r: f32[64, 96], s: f32[96], b: f32[96]) -> (y: f32[64, 96]) {
  kernel k0 "layer_norm" (x, r, s, b) -> (y: f32[64, 96]) {
    y.x1[i < 64, j < 96]: f32 = x[i, j] + r[i, j];
    y.d_sum[i < 64]: f32 = sum(j < 96: y.x1[i, j] - y.x1[i, 0]);
    y.d[i < 64]: f32 = y.d_sum[i] * f32(0.010416667);
    y.v_sum[i < 64]: f32 = sum(j < 96: (y.x1[i, j] - y.x1[i, 0]) * (y.x1[i, j] - y.x1[i, 0]));
    y.m[i < 64, 0]: f32 = y.d[i] + y.x1[i, 0];
    y.s[i < 64, 0]: f32 = 1 / sqrt(max(y.v_sum[i] * f32(0.010416667) - y.d[i] * y.d[i], 0) + 1e-05);
    y[i < 64, j < 96]: f32 = (y.x1[i, j] - y.m[i, 0]) * y.s[i, 0] * s[j] + b[j];
  }
}
--- end
