# A recurrence over time with its input product before it.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=fuse
graph g(x: f32[20, 8], w: f32[8, 8], u: f32[8, 8]) -> (h: f32[20, 8]) {
  h[t, i] = tanh(sum(j: x[t, j] * w[j, i]) + sum(j < 8: (h[t - 1, j] or 0) * u[j, i]));
}
--- out
stage fuse;
graph g(x: f32[20, 8], w: f32[8, 8], u: f32[8, 8]) -> (h: f32[20, 8]) {
  kernel k0 "h" (x, w) -> (h_sum: f32[20, 8]) {
    h_sum[t < 20, i < 8]: f32 = sum(j < 8: x[t, j] * w[j, i]);
  }
  kernel k1 "h" (h_sum, u) -> (h: f32[20, 8]) {
    h_sum1[t < 20, i < 8]: f32 = h_sum[t, i] + sum(j < 8: (h[t - 1, j] or 0) * u[j, i]);
    h[t < 20, j < 8]: f32 = tanh(h_sum1[t, j]);
  }
}
--- end
