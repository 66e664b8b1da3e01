# A depthwise convolution: channels in the lanes or columns in the lanes, all taps unrolled.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=schedule
graph g(x: f32[1, 16, 14, 14]) -> (y: f32[1, 16, 12, 12]) {
  const w[o < 16, c < 1, r < 3, s < 3]: f32 = sin(f32(o + r + s));
  y = conv(x, w, group = 16);
}
--- out
stage schedule;
graph g(x: f32[1, 16, 14, 14]) -> (y: f32[1, 16, 12, 12]) {
  const w[o < 16, 0, r < 3, s < 3]: f32 = sin(f32(o + r + s));
  kernel k0 "conv" (x, w) -> (y: f32[1, 16, 12, 12]) {
    y[0, g < 16, i0 < 12, i1 < 12]: f32 = sum(k0 < 3, k1 < 3: x[0, g, i0 + k0, i1 + k1] * w[g, 0, k0, k1]);
    schedule {
      for g/1 {
        for i0/1 {
          for i1/16 {
            y(k0*, k1*, i1~);
          }
        }
      }
    }
  }
}
--- end
