# An absent tensor reads as its default, an absent condition is decided when compiled.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=expand
graph g(x: f32[2, 3], w: f32[4, 3]) -> (y: f32[2, 4], z: f32[2, 3]) {
  y = linear(x, w);
  z = layer_norm(x);
}
--- out
stage expand;
graph g(x: f32[2, 3], w: f32[4, 3]) -> (y: f32[2, 4], z: f32[2, 3]) {
  y[p0 < 2, j < 4]: f32 = sum(k < 3: x[p0, k] * w[j, k]);
  z.d[a0 < 2]: f32 = mean(k0 < 3: x[a0, k0] - x[a0, 0]);
  z.v[a0 < 2]: f32 = mean(k0 < 3: (x[a0, k0] - x[a0, 0]) * (x[a0, k0] - x[a0, 0])) - z.d[a0] * z.d[a0];
  z.m[a0 < 2, 0]: f32 = z.d[a0] + x[a0, 0];
  z.s[a0 < 2, 0]: f32 = 1 / sqrt(max(z.v[a0], 0) + 1e-05);
  z[a0 < 2, k0 < 3]: f32 = (x[a0, k0] - z.m[a0, 0]) * z.s[a0, 0] * 1 + 0;
}
--- end
