# A running maximum over all time, and the recurrence of two tensors over one another.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=stream
graph g(x: f32[stream t]) -> (m: f32[t], y: f32[t]) {
  m[t] = max(x[t], (m[t - 1] or -inf));
  a[t] = x[t] - (y[t - 1] or 0.0);
  y[t] = 0.5 * a[t] + 0.5 * (a[t - 1] or 0.0);
}
--- out
stage stream;
graph g(x: f32[stream t]) -> (m: f32[t], y: f32[t]) {
  state m_now: f32[t - 1] = f32(-inf);
  state a: f32[t - 1] = 0;
  state y_now: f32[t - 1] = 0;
  m_now[t]: f32 = max(x[t], m_now[t - 1]);
  a[t]: f32 = x[t] - y_now[t - 1];
  y_now[t]: f32 = 0.5 * a[t] + 0.5 * a[t - 1];
  m[t]: f32 = m_now[t];
  y[t]: f32 = y_now[t];
}
--- end
