# The constants of a prewarmed .nam file are computed when the model is compiled.
# $ grep -v '^#' case.graph >m.nam && frit compile m.nam --target x86-64-v3 --dump-ir=stream
{"version": "0.5.4", "architecture": "WaveNet", "config": {"head": null, "head_scale": 0.5, "layers": [{"input_size": 1, "condition_size": 1,
  "channels": 1, "head_size": 1, "head_bias": true, "kernel_size": 2, "dilations": [1, 2], "activation": "Tanh", "gated": false}]},
 "weights": [1.0, 0.5, -0.25, 0.125, 1.0, 0.5, 0.25, 0.5, 0.25, 0.0625, 1.0, -0.5, 0.125, 0.75, 0.25, 0.5]}
--- out
stage stream;
weights "m.nam";
graph m(x: f32[stream t]) -> (y: f32[t]) {
  param arrays.0.rechannel.w: f32[1];
  param arrays.0.layers.0.conv.w: f32[1, 1, 2];
  param arrays.0.layers.0.conv.b: f32[1];
  param arrays.0.layers.0.mix.w: f32[1];
  param arrays.0.layers.0.out.w: f32[1, 1];
  param arrays.0.layers.0.out.b: f32[1];
  param arrays.0.layers.1.conv.w: f32[1, 1, 2];
  param arrays.0.layers.1.conv.b: f32[1];
  param arrays.0.layers.1.mix.w: f32[1];
  param arrays.0.head.w: f32[1, 1, 1];
  param arrays.0.head.b: f32[1];
  param head_scale: f32[1];
  const q0_0[o < 1]: f32 = arrays.0.layers.0.conv.b[o];
  const r0_0[o < 1]: f32 = tanh(q0_0[o]);
  const p0_1[c < 1]: f32 = arrays.0.layers.0.out.b[c] + sum(o < 1: r0_0[o] * arrays.0.layers.0.out.w[c, o]);
  state h0_0: f32[1, t - 1] = 0;
  state h0_1: f32[i0 < 1, t - 2] = p0_1[i0];
  h0_0[c < 1, t]: f32 = arrays.0.rechannel.w[c] * x[t];
  z0_0[o < 1, t]: f32 = arrays.0.layers.0.conv.b[o] + arrays.0.layers.0.mix.w[o] * x[t] + sum(c < 1, k < 2: h0_0[c, t - (1 - k)] * arrays.0.layers.0.conv.w[o, c, k]);
  a0_0[o < 1, t]: f32 = tanh(z0_0[o, t]);
  h0_1[c < 1, t]: f32 = h0_0[c, t] + arrays.0.layers.0.out.b[c] + sum(o < 1: a0_0[o, t] * arrays.0.layers.0.out.w[c, o]);
  z0_1[o < 1, t]: f32 = arrays.0.layers.1.conv.b[o] + arrays.0.layers.1.mix.w[o] * x[t] + sum(c < 1, k < 2: h0_1[c, t - (1 - k) * 2] * arrays.0.layers.1.conv.w[o, c, k]);
  a0_1[o < 1, t]: f32 = tanh(z0_1[o, t]);
  s0_1[o < 1, t]: f32 = a0_0[o, t] + a0_1[o, t];
  v0[q < 1, t]: f32 = arrays.0.head.b[q] + sum(o < 1: s0_1[o, t] * arrays.0.head.w[q, o, 0]);
  y[t]: f32 = head_scale[0] * v0[0, t];
}
--- end
