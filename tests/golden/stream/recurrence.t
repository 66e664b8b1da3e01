# A recurrence over time keeps the last two frames of its own result.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=stream
graph biquad(x: f32[stream t]) -> (y: f32[t]) {
  y[t] = 0.2 * x[t] + 0.4 * (x[t - 1] or 0) + 0.5 * (y[t - 1] or 0) - 0.1 * (y[t - 2] or 0);
}
--- out
stage stream;
graph biquad(x: f32[stream t]) -> (y: f32[t]) {
  state x_past: f32[t - 1] = 0;
  state y_now: f32[t - 2] = 0;
  x_past[t]: f32 = x[t];
  y_now[t]: f32 = 0.2 * x[t] + 0.4 * x_past[t - 1] + 0.5 * y_now[t - 1] - 0.1 * y_now[t - 2];
  y[t]: f32 = y_now[t];
}
--- end
