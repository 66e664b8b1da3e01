# Channels of an argument that lie apart are copied, once, for sums over windows; so are those of a result.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=fuse
graph g(x: f32[24, 12, 12], r: f32[16, 12, 12]) -> (y: f32[16, 12, 12], z: f32[16, 12, 12]) {
  const w[o < 16, c < 24, u < 3, v < 3]: f32 = (o + c + u * v) % 17 / 16.0;
  y[o, i < 12, j < 12] = max(r[o, i, j] + sum(c, u, v: (x[c, i + u - 1, j + v - 1] or 0) * w[o, c, u, v]), 0);
  z[o, i < 12, j < 12] = sum(c, u, v: (x[c, i + u - 1, j + v - 1] or 0) * w[15 - o, c, u, v]) + y[o, i, j];
}
--- out
stage fuse;
graph g(x: f32[24, 12, 12], r: f32[16, 12, 12]) -> (y: f32[16, 12, 12], z: f32[16, 12, 12]) {
  const w[o < 16, c < 24, u < 3, v < 3]: f32 = (o + c + u * v) % 17 * 0.0625;
  kernel r_turn "turn" (r) -> (r_turn: f32[16, 12, 12]) {
    r_turn[i0 < 16, i1 < 12, i2 < 12]: f32 = r[i0, i1, i2];
  }
  kernel x_turn "turn" (x) -> (x_turn: f32[24, 12, 12]) {
    x_turn[i0 < 24, i1 < 12, i2 < 12]: f32 = x[i0, i1, i2];
  }
  kernel k0 "y" (r_turn, x_turn, w) -> (y_turn: f32[16, 12, 12]) {
    y_sum[o < 16, i < 12, j < 12]: f32 = r_turn[o, i, j] + sum(c < 24, u < 3, v < 3: (x_turn[c, i + u - 1, j + v - 1] or 0) * w[o, c, u, v]);
    y_turn[o < 16, i < 12, j < 12]: f32 = max(y_sum[o, i, j], 0);
  }
  kernel y_turn "turn" (y_turn) -> (y: f32[16, 12, 12]) {
    y[i0 < 16, i1 < 12, i2 < 12]: f32 = y_turn[i0, i1, i2];
  }
  kernel k1 "z" (y_turn, x_turn, w) -> (z_turn: f32[16, 12, 12]) {
    z_turn[o < 16, i < 12, j < 12]: f32 = y_turn[o, i, j] + sum(c < 24, u < 3, v < 3: (x_turn[c, i + u - 1, j + v - 1] or 0) * w[15 - o, c, u, v]);
  }
  kernel z_turn "turn" (z_turn) -> (z: f32[16, 12, 12]) {
    z[i0 < 16, i1 < 12, i2 < 12]: f32 = z_turn[i0, i1, i2];
  }
  r_turn: f32[d0 = 16, d1 = 12, d2 = 12] as [d1, d2, d0];
  x_turn: f32[d0 = 24, d1 = 12, d2 = 12] as [d1, d2, d0];
  y_turn: f32[d0 = 16, d1 = 12, d2 = 12] as [d1, d2, d0];
  z_turn: f32[d0 = 16, d1 = 12, d2 = 12] as [d1, d2, d0];
}
--- end
