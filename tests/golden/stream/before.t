# Before the beginning of time there is a constant of each channel; only the constant is stored.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=stream
graph g(x: f32[stream t]) -> (y: f32[t]) {
  const p[c < 3]: f32 = tanh(f32(c));
  h[c < 3, t] = tanh(x[t] + f32(c));
  y[t] = sum(c < 3: h[c, t] + (h[c, t - 100] or p[c]));
}
--- out
stage stream;
graph g(x: f32[stream t]) -> (y: f32[t]) {
  const p[c < 3]: f32 = tanh(f32(c));
  state h: f32[i0 < 3, t - 100] = p[i0];
  h[c < 3, t]: f32 = tanh(x[t] + f32(c));
  y[t]: f32 = sum(c < 3: h[c, t] + h[c, t - 100]);
}
--- end
