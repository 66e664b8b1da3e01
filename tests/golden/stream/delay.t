# A read of the frame after this one is causal with a delay of one frame.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=stream --delay=1
graph g(x: f32[stream t]) -> (y: f32[t]) {
  y[t] = 0.25 * (x[t - 1] or 0) + 0.5 * x[t] + 0.25 * (x[t + 1] or 0);
}
--- out
stage stream;
graph g(x: f32[stream t]) -> (y: f32[t]) {
  state x_past: f32[t - 2] = 0;
  x_past[t]: f32 = x[t];
  y[t]: f32 = 0.25 * x_past[t - 1 - 1] + 0.5 * x_past[t - 1] + 0.25 * x[t - 1 + 1];
}
--- end
