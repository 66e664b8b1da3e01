# Reads into the past become a history as long as the furthest of them.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=stream
graph g(x: f32[2, stream t]) -> (y: f32[2, t]) {
  y[c, t] = x[c, t] + 0.5 * (x[c, t - 1] or 0) + 0.25 * (x[c, t - 6] or 0);
}
--- out
stage stream;
graph g(x: f32[2, stream t]) -> (y: f32[2, t]) {
  state x_past: f32[2, t - 6] = 0;
  x_past[i0 < 2, t]: f32 = x[i0, t];
  y[c < 2, t]: f32 = x[c, t] + 0.5 * x_past[c, t - 1] + 0.25 * x_past[c, t - 6];
}
--- end
