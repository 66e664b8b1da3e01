# Convolutions with constant weights: what lies between them has its channels last or in blocks.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=layout
graph g(x: f32[1, 8, 12, 12]) -> (y: f32[1, 8, 8, 8]) {
  const v[o < 16, c < 8, r < 3, s < 3]: f32 = sin(f32(o + c + r + s));
  const w[o < 8, c < 16, r < 3, s < 3]: f32 = sin(f32(o - c + r - s));
  h = relu(conv(x, v));
  y = conv(h, w);
}
--- out
stage layout;
graph g(x: f32[1, 8, 12, 12]) -> (y: f32[1, 8, 8, 8]) {
  const v[o < 16, c < 8, r < 3, s < 3]: f32 = sin(f32(o + c + r + s));
  const w[o < 8, c < 16, r < 3, s < 3]: f32 = sin(f32(o - c + r - s));
  const v_pack[o < 16, c < 8, k0 < 3, k1 < 3]: f32 = v[o, c, k0, k1];
  const w_pack[o < 8, c < 16, k0 < 3, k1 < 3]: f32 = w[o, c, k0, k1];
  kernel x_turn "turn" (x) -> (x_turn: f32[1, 8, 12, 12]) {
    x_turn[i0 < 1, i1 < 8, i2 < 12, i3 < 12]: f32 = x[i0, i1, i2, i3];
  }
  kernel k0 "conv+relu" (x_turn, v_pack) -> (h: f32[1, 16, 10, 10]) {
    h.y[0, o < 16, i0 < 10, i1 < 10]: f32 = sum(c < 8, k0 < 3, k1 < 3: x_turn[0, c, i0 + k0, i1 + k1] * v_pack[o, c, k0, k1]);
    h[0, o < 16, i0 < 10, i1 < 10]: f32 = max(h.y[0, o, i0, i1], 0);
  }
  kernel k1 "conv" (h, w_pack) -> (y_turn: f32[1, 8, 8, 8]) {
    y_turn[0, o < 8, i0 < 8, i1 < 8]: f32 = sum(c < 16, k0 < 3, k1 < 3: h[0, c, i0 + k0, i1 + k1] * w_pack[o, c, k0, k1]);
  }
  kernel y_turn "turn" (y_turn) -> (y: f32[1, 8, 8, 8]) {
    y[i0 < 1, i1 < 8, i2 < 8, i3 < 8]: f32 = y_turn[i0, i1, i2, i3];
  }
  v_pack: f32[d0 = 16, d1 = 8, d2 = 3, d3 = 3] as [d2, d3, d1, d0];
  w_pack: f32[d0 = 8, d1 = 16, d2 = 3, d3 = 3] as [d2, d3, d1, d0];
  x_turn: f32[d0 = 1, d1 = 8, d2 = 12, d3 = 12] as [d0, d2, d3, d1];
  h.y: f32[d0 = 1, d1 = 16, d2 = 10, d3 = 10] as [d0, d2, d3, d1];
  h: f32[d0 = 1, d1 = 16, d2 = 10, d3 = 10] as [d0, d2, d3, d1];
  y_turn: f32[d0 = 1, d1 = 8, d2 = 8, d3 = 8] as [d0, d2, d3, d1];
}
--- end
