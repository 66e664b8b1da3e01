# Batch norm after a convolution goes into its weights and bias.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=simplify
graph g(x: f32[1, 2, 8]) -> (y: f32[1, 3, 6]) {
  const w[o < 3, c < 2, k < 3]: f32 = f32(o - c + k);
  const s[o < 3]: f32 = f32(o + 1);
  const b[o < 3]: f32 = f32(o) - 1.0;
  const m[o < 3]: f32 = f32(o) / 2.0;
  const v[o < 3]: f32 = f32(o + 2);
  y = batch_norm(conv(x, w), s, b, m, v);
}
--- out
stage simplify;
graph g(x: f32[1, 2, 8]) -> (y: f32[1, 3, 6]) {
  const w[o < 3, c < 2, k < 3]: f32 = f32(o - c + k);
  const s[o < 3]: f32 = f32(o + 1);
  const b[o < 3]: f32 = f32(o) - 1.0;
  const m[o < 3]: f32 = f32(o) * f32(0.5);
  const v[o < 3]: f32 = f32(o + 2);
  const w_scaled[i0 < 3, i1 < 2, i2 < 3]: f32 = w[i0, i1, i2] * (1 / sqrt(v[i0] + 1e-05) * s[i0]);
  const y_part[c < 3]: f32 = -m[c] * (1 / sqrt(v[c] + 1e-05)) * s[c] + b[c];
  y[0, c < 3, h0 < 6]: f32 = y_part[c] + sum(c1 < 2, k0 < 3: x[0, c1, h0 + k0] * w_scaled[c, c1, k0]);
}
--- end
