# What is fused in examples/cnn.
# $ frit compile $EXAMPLES/cnn/cnn.graph --target x86-64-v3 --dump-ir=fuse
--- out
stage fuse;
graph cnn(image: f32[1, 3, 16, 16], w0: f32[8, 3, 3, 3], b0: f32[8], w1: f32[8, 8, 3, 3], b1: f32[8], w2: f32[8, 8, 3, 3], b2: f32[8], wl: f32[10, 8], bl: f32[10]) -> (p: f32[1, 10]) {
  kernel k0 "conv+relu" (b0, image, w0) -> (h: f32[1, 8, 16, 16]) {
    h.y[0, o < 8, i0 < 16, i1 < 16]: f32 = b0[o] + sum(c < 3, k0 < 3, k1 < 3: (image[0, c, i0 + k0 - 1, i1 + k1 - 1] or 0) * w0[o, c, k0, k1]);
    h[0, o < 8, i0 < 16, i1 < 16]: f32 = max(h.y[0, o, i0, i1], 0);
  }
  kernel k1 "conv+relu" (b1, h, w1) -> (r: f32[1, 8, 16, 16]) {
    r.y[0, o < 8, i0 < 16, i1 < 16]: f32 = b1[o] + sum(c < 8, k0 < 3, k1 < 3: (h[0, c, i0 + k0 - 1, i1 + k1 - 1] or 0) * w1[o, c, k0, k1]);
    r[0, o < 8, i0 < 16, i1 < 16]: f32 = max(r.y[0, o, i0, i1], 0);
  }
  kernel k2 "conv+relu" (h, b2, r, w2) -> (s: f32[1, 8, 16, 16]) {
    s.y[0, o < 8, i0 < 16, i1 < 16]: f32 = h[0, o, i0, i1] + b2[o] + sum(c < 8, k0 < 3, k1 < 3: (r[0, c, i0 + k0 - 1, i1 + k1 - 1] or 0) * w2[o, c, k0, k1]);
    s[0, o < 8, i0 < 16, i1 < 16]: f32 = max(s.y[0, o, i0, i1], 0);
  }
  kernel k3 "reduce_mean" (s) -> (m.y: f32[1, 8, 1, 1]) {
    m.y_sum[i1 < 8]: f32 = sum(i2 < 16, i3 < 16: s[0, i1, i2, i3]);
    m.y[0, i1 < 8, 0, 0]: f32 = m.y_sum[i1] * f32(0.00390625);
  }
  kernel k4 "reshape+linear" (bl, m.y, wl) -> (p.y: f32[1, 10]) {
    p.y[0, j < 10]: f32 = bl[j] + sum(k < 8: m.y[0, k, 0, 0] * wl[j, k]);
  }
  kernel k5 "softmax" (p.y) -> (p: f32[1, 10]) {
    p.m[0]: f32 = max(i1 < 10: p.y[0, i1]);
    p.e[0, i1 < 10]: f32 = exp(p.y[0, i1] - p.m[0]);
    p_sum[]: f32 = sum(i1 < 10: p.e[0, i1]);
    p_part[]: f32 = f32(1.0) / p_sum[];
    p[0, i1 < 10]: f32 = p.e[0, i1] * p_part[];
  }
}
--- end
