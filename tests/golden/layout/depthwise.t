# A depthwise convolution between two pointwise ones.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=layout
graph g(x: f32[1, 4, 10, 10]) -> (y: f32[1, 4, 8, 8]) {
  const e[o < 16, c < 4, r < 1, s < 1]: f32 = sin(f32(o + c));
  const d[o < 16, c < 1, r < 3, s < 3]: f32 = sin(f32(o + r * s));
  const p[o < 4, c < 16, r < 1, s < 1]: f32 = sin(f32(o * c));
  y = conv(relu(conv(relu(conv(x, e)), d, group = 16)), p);
}
--- out
stage layout;
graph g(x: f32[1, 4, 10, 10]) -> (y: f32[1, 4, 8, 8]) {
  const e[o < 16, c < 4, 0, 0]: f32 = sin(f32(o + c));
  const d[o < 16, 0, r < 3, s < 3]: f32 = sin(f32(o + r * s));
  const p[o < 4, c < 16, 0, 0]: f32 = sin(f32(o * c));
  const d_pack[g < 16, k0 < 3, k1 < 3]: f32 = d[g, 0, k0, k1];
  kernel k0 "conv+relu" (x, e) -> (y.x1: f32[1, 16, 10, 10]) {
    y.y[0, o < 16, i0 < 10, i1 < 10]: f32 = sum(c < 4: x[0, c, i0, i1] * e[o, c, 0, 0]);
    y.x1[0, o < 16, i0 < 10, i1 < 10]: f32 = max(y.y[0, o, i0, i1], 0);
  }
  kernel k1 "conv+relu" (y.x1, d_pack) -> (y.x21: f32[1, 16, 8, 8]) {
    y.y1[0, g < 16, i0 < 8, i1 < 8]: f32 = sum(k0 < 3, k1 < 3: y.x1[0, g, i0 + k0, i1 + k1] * d_pack[g, k0, k1]);
    y.x21[0, g < 16, i0 < 8, i1 < 8]: f32 = max(y.y1[0, g, i0, i1], 0);
  }
  kernel k2 "conv" (y.x21, p) -> (y: f32[1, 4, 8, 8]) {
    y[0, o < 4, i0 < 8, i1 < 8]: f32 = sum(c < 16: y.x21[0, c, i0, i1] * p[o, c, 0, 0]);
  }
  d_pack: f32[d0 = 16, d1 = 3, d2 = 3] as [d0 / 8, d1, d2, d0 % 8];
  y.x1: f32[d0 = 1, d1 = 16, d2 = 10, d3 = 10] as [d0, d2, d3, d1];
  y.y1: f32[d0 = 1, d1 = 16, d2 = 8, d3 = 8] as [d0, d2, d3, d1];
  y.x21: f32[d0 = 1, d1 = 16, d2 = 8, d3 = 8] as [d0, d2, d3, d1];
}
--- end
