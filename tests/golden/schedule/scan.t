# A recurrence steps through time, channels in the lanes.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=schedule
graph g(x: f32[50, 32], a: f32[32]) -> (h: f32[50, 32]) {
  h[t, i] = (h[t - 1, i] or 0) * a[i] + x[t, i];
}
--- out
stage schedule;
graph g(x: f32[50, 32], a: f32[32]) -> (h: f32[50, 32]) {
  kernel k0 "h" (a, x) -> (h: f32[50, 32]) {
    h[t < 50, i < 32]: f32 = (h[t - 1, i] or 0) * a[i] + x[t, i];
    schedule {
      for t/1 {
        h(i~);
      }
    }
  }
}
--- end
