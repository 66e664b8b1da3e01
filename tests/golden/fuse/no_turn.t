# -fno-fuse=turn: no copies. Nor where they cost more than they bring.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=fuse -fno-fuse=turn@y
graph g(x: f32[24, 12, 12]) -> (y: f32[16, 12, 12], z: f32[16, 12, 12]) {
  const w[o < 16, c < 24, u < 3, v < 3]: f32 = (o + c + u * v) % 17 / 16.0;
  y[o, i < 12, j < 12] = sum(c, u, v: (x[c, i + u - 1, j + v - 1] or 0) * w[o, c, u, v]);
  z[o, i < 12, j < 12] = max(sum(c: x[c, i, j] * w[o, c, 0, 0]), 0);
}
--- out
stage fuse;
graph g(x: f32[24, 12, 12]) -> (y: f32[16, 12, 12], z: f32[16, 12, 12]) {
  const w[o < 16, c < 24, u < 3, v < 3]: f32 = (o + c + u * v) % 17 * 0.0625;
  kernel k0 "y" (x, w) -> (y: f32[16, 12, 12]) {
    y[o < 16, i < 12, j < 12]: f32 = sum(c < 24, u < 3, v < 3: (x[c, i + u - 1, j + v - 1] or 0) * w[o, c, u, v]);
  }
  kernel k1 "z" (x, w) -> (z: f32[16, 12, 12]) {
    z_sum[o < 16, i < 12, j < 12]: f32 = sum(c < 24: x[c, i, j] * w[o, c, 0, 0]);
    z[o < 16, i < 12, j < 12]: f32 = max(z_sum[o, i, j], 0);
  }
}
--- end
