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
  kernel k0 "conv" (x, w_pack) -> (y_turn: f32[1, 8, 14, 14]) {
    y_turn[0, o < 8, i0 < 14, i1 < 14]: f32 = sum(c < 4, k0 < 3, k1 < 3: (x[0, c, i0 + k0 - 1, i1 + k1 - 1] or 0) * w_pack[o, c, k0, k1]);
    schedule {
      for i0/1 {
        for i1/7 edge {
          for o/8 {
            y_turn(k0, k1*, c*, i1*, o~);
          }
        }
      }
    }
  }
  kernel y_turn "turn" (y_turn) -> (y: f32[1, 8, 14, 14]) {
    y[i0 < 1, i1 < 8, i2 < 14, i3 < 14]: f32 = y_turn[i0, i1, i2, i3];
    schedule {
      for i0/1 {
        for i1/64 {
          for i2.i3/8 {
            for i1/8 {
              y(i1*, i2.i3~);
            }
          }
        }
      }
    }
  }
  w_pack: f32[d0 = 8, d1 = 4, d2 = 3, d3 = 3] as [d2, d3, d1, d0];
  y_turn: f32[d0 = 1, d1 = 8, d2 = 14, d3 = 14] as [d0, d2, d3, d1];
}
--- end
