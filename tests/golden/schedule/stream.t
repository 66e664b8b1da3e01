# A stream: blocks of frames through both layers.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=schedule
graph g(x: f32[2, stream t], w: f32[4, 2, 3], v: f32[2, 4, 3]) -> (y: f32[2, t]) {
  h[o, t] = tanh(sum(c, k: (x[c, t + k - 2] or 0) * w[o, c, k]));
  y[o, t] = tanh(sum(c, k: (h[c, t + k - 2] or 0) * v[o, c, k]));
}
--- out
stage schedule;
graph g(x: f32[2, stream t], w: f32[4, 2, 3], v: f32[2, 4, 3]) -> (y: f32[2, t]) {
  state x_past: f32[2, t - 2] = 0;
  state h: f32[4, t - 2] = 0;
  kernel k0 "h+y" (x, w, v) -> (y: f32[2, t]) {
    x_past[i0 < 2, t]: f32 = x[i0, t];
    h_sum[o < 4, t]: f32 = sum(i0 < 2, k < 3: x_past[i0, t + k - 2] * w[o, i0, k]);
    h[o < 4, t]: f32 = tanh(h_sum[o, t]);
    y_sum[i0 < 2, t]: f32 = sum(o < 4, k1 < 3: h[o, t + k1 - 2] * v[i0, o, k1]);
    y[i0 < 2, t]: f32 = tanh(y_sum[i0, t]);
    schedule {
      for t/64 stream {
        let x_past ring;
        let h ring;
        for t/32 {
          for i0/1 {
            x_past(i0*, t~);
          }
        }
        for t/32 {
          for o/2 {
            h_sum(k*, i0*, o*, t~);
            for o/1 {
              h(o*, t~);
            }
          }
        }
        for t/32 {
          for i0/2 {
            y_sum(k1, o*, i0*, t~);
            for i0/1 {
              y(i0*, t~);
            }
          }
        }
      }
    }
  }
}
--- end
