# A composite dimension on the left stays one: heads are split and merged.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=expand
graph g(x: f32[5, 6]) -> (h: f32[2, 5, 3], y: f32[5, 6]) {
  h[n < 2, t, d < 3] = x[t, (n, d)];
  y[t, (n, d)] = h[n, t, d];
}
--- out
stage expand;
graph g(x: f32[5, 6]) -> (h: f32[2, 5, 3], y: f32[5, 6]) {
  h[n < 2, t < 5, d < 3]: f32 = x[t, n * 3 + d];
  y[t < 5, (n < 2, d < 3)]: f32 = h[n, t, d];
}
--- end
