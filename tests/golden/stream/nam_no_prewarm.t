# --no-prewarm: before the beginning of time is 0.
# $ grep -v '^#' case.graph >m.nam && frit compile m.nam --no-prewarm -o m.graph && grep or m.graph
{"version": "0.5.4", "architecture": "WaveNet", "config": {"head": null, "head_scale": 0.5, "layers": [{"input_size": 1, "condition_size": 1,
  "channels": 1, "head_size": 1, "head_bias": true, "kernel_size": 2, "dilations": [1, 2], "activation": "Tanh", "gated": false}]},
 "weights": [1.0, 0.5, -0.25, 0.125, 1.0, 0.5, 0.25, 0.5, 0.25, 0.0625, 1.0, -0.5, 0.125, 0.75, 0.25, 0.5]}
--- out
weights "m.safetensors";
  z0_0[o, t] = arrays.0.layers.0.conv.b[o] + arrays.0.layers.0.mix.w[o] * x[t] + sum(c, k: (h0_0[c, t - (1 - k)] or 0) * arrays.0.layers.0.conv.w[o, c, k]);
  z0_1[o, t] = arrays.0.layers.1.conv.b[o] + arrays.0.layers.1.mix.w[o] * x[t] + sum(c, k: (h0_1[c, t - (1 - k) * 2] or 0) * arrays.0.layers.1.conv.w[o, c, k]);
--- end
