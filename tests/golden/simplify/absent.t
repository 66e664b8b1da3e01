# An absent bias leaves no trace; a bias of zeros that somebody wrote is a number like any other.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=simplify
graph g(x: f32[2, 3], w: f32[4, 3], v: f32[2, 3]) -> (y: f32[2, 4], z: f32[2, 3]) {
  y = linear(x, w);
  z = layer_norm(v);
}
--- out
stage simplify;
graph g(x: f32[2, 3], w: f32[4, 3], v: f32[2, 3]) -> (y: f32[2, 4], z: f32[2, 3]) {
  y[p0 < 2, j < 4]: f32 = sum(k < 3: x[p0, k] * w[j, k]);
  z.d_sum[a0 < 2]: f32 = sum(k0 < 3: v[a0, k0] - v[a0, 0]);
  z.d[a0 < 2]: f32 = z.d_sum[a0] * f32(0.33333334);
  z.v_sum[a0 < 2]: f32 = sum(k0 < 3: (v[a0, k0] - v[a0, 0]) * (v[a0, k0] - v[a0, 0]));
  z.m[a0 < 2, 0]: f32 = z.d[a0] + v[a0, 0];
  z.s[a0 < 2, 0]: f32 = 1 / sqrt(max(z.v_sum[a0] * f32(0.33333334) - z.d[a0] * z.d[a0], 0) + 1e-05);
  z[a0 < 2, k0 < 3]: f32 = (v[a0, k0] - z.m[a0, 0]) * z.s[a0, 0];
}
--- end
