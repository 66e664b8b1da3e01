# Two causal layers: each keeps its own past; what is before the beginning of time is 0.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=stream
graph g(x: f32[1, 1, stream t], v: f32[2, 1, 2], w: f32[1, 2, 3]) -> (y: f32[1, 1, t]) {
  h = tanh(conv_causal(x, v));
  y = conv_causal(h, w, dilation = 4);
}
--- out
stage stream;
graph g(x: f32[1, 1, stream t], v: f32[2, 1, 2], w: f32[1, 2, 3]) -> (y: f32[1, 1, t]) {
  state x_past: f32[1, 1, t - 1] = 0;
  state h: f32[1, 2, t - 8] = 0;
  x_past[i0 < 1, i1 < 1, t]: f32 = x[i0, i1, t];
  h.y[n < 1, o < 2, t]: f32 = sum(c < 1, k < 2: x_past[n, c, t - (1 - k)] * v[o, c, k]);
  h[i < 1, j < 2, k < t]: f32 = tanh(h.y[0, j, k]);
  y[n < 1, o < 1, t]: f32 = sum(c < 2, k < 3: h[n, c, t - (2 - k) * 4] * w[o, c, k]);
}
--- end
