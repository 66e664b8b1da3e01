# A padded convolution: rows, tiles of channels, columns in the lanes; the lowering clips at the borders.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=schedule
graph g(x: f32[1, 4, 14, 14]) -> (y: f32[1, 8, 14, 14]) {
  const w[o < 8, c < 4, r < 3, s < 3]: f32 = sin(f32(o + c + r + s));
  y = conv(x, w, pads = 1);
}
--- out
stage schedule;
graph g(x: f32[1, 4, 14, 14]) -> (y: f32[1, 8, 14, 14]) {
  const w[o < 8, c < 4, r < 3, s < 3]: f32 = sin(f32(o + c + r + s));
  const w_pack[o < 8, c < 4, k0 < 3, k1 < 3]: f32 = w[o, c, k0, k1];
  kernel k0 "conv" (x, w_pack) -> (y: f32[1, 8, 14, 14]) {
    y[0, o < 8, i0 < 14, i1 < 14]: f32 = sum(c < 4, k0 < 3, k1 < 3: (x[0, c, i0 + k0 - 1, i1 + k1 - 1] or 0) * w_pack[o, c, k0, k1]);
    schedule {
      for i0/1 {
        for o/4 {
          for i1/16 {
            y(c, k0, k1*, o*, i1~);
          }
        }
      }
    }
  }
  w_pack: f32[d0 = 8, d1 = 4, d2 = 3, d3 = 3] as [d0 / 4, d1, d2, d3, d0 % 4];
}
--- end
