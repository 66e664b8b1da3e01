# A .nam file becomes a graph; before the beginning of time stands what silence has settled to.
# $ grep -v '^#' case.graph >m.nam && frit compile m.nam -o m.graph && cat m.graph
{"version": "0.5.4", "architecture": "WaveNet", "config": {"head": null, "head_scale": 0.5, "layers": [{"input_size": 1, "condition_size": 1,
  "channels": 1, "head_size": 1, "head_bias": true, "kernel_size": 2, "dilations": [1, 2], "activation": "Tanh", "gated": false}]},
 "weights": [1.0, 0.5, -0.25, 0.125, 1.0, 0.5, 0.25, 0.5, 0.25, 0.0625, 1.0, -0.5, 0.125, 0.75, 0.25, 0.5]}
--- out
weights "m.safetensors";

## A WaveNet of 1 layer array.
graph m(x: f32[stream t]) -> (y: f32[t]) {
  param arrays.0.rechannel.w: f32[1];
  h0_0[c, t] = arrays.0.rechannel.w[c] * x[t];

  # array 0, layer 0: kernel 2, dilation 1
  param arrays.0.layers.0.conv.w: f32[1, 1, 2];
  param arrays.0.layers.0.conv.b: f32[1];
  param arrays.0.layers.0.mix.w: f32[1];
  z0_0[o, t] = arrays.0.layers.0.conv.b[o] + arrays.0.layers.0.mix.w[o] * x[t] + sum(c, k: (h0_0[c, t - (1 - k)] or 0) * arrays.0.layers.0.conv.w[o, c, k]);
  a0_0[o, t] = tanh(z0_0[o, t]);
  const q0_0[o] = arrays.0.layers.0.conv.b[o];
  const r0_0[o] = tanh(q0_0[o]);
  param arrays.0.layers.0.out.w: f32[1, 1];
  param arrays.0.layers.0.out.b: f32[1];
  h0_1[c, t] = h0_0[c, t] + arrays.0.layers.0.out.b[c] + sum(o: a0_0[o, t] * arrays.0.layers.0.out.w[c, o]);
  const p0_1[c] = arrays.0.layers.0.out.b[c] + sum(o: r0_0[o] * arrays.0.layers.0.out.w[c, o]);

  # array 0, layer 1: kernel 2, dilation 2
  param arrays.0.layers.1.conv.w: f32[1, 1, 2];
  param arrays.0.layers.1.conv.b: f32[1];
  param arrays.0.layers.1.mix.w: f32[1];
  z0_1[o, t] = arrays.0.layers.1.conv.b[o] + arrays.0.layers.1.mix.w[o] * x[t] + sum(c, k: (h0_1[c, t - (1 - k) * 2] or p0_1[c]) * arrays.0.layers.1.conv.w[o, c, k]);
  a0_1[o, t] = tanh(z0_1[o, t]);
  s0_1[o, t] = a0_0[o, t] + a0_1[o, t];

  param arrays.0.head.w: f32[1, 1, 1];
  param arrays.0.head.b: f32[1];
  v0[q, t] = arrays.0.head.b[q] + sum(o: s0_1[o, t] * arrays.0.head.w[q, o, 0]);
  param head_scale: f32[1];
  y[t] = head_scale[0] * v0[0, t];
}
--- end
