# A recurrence stays one: a running sum, and two equations that read one another.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=expand
graph g(x: f32[8]) -> (c: f32[8], a: f32[8]) {
  c = cumulate(x);
  b[t < 8] = (a[t - 1] or 1.0) * 0.5;
  a[t] = b[t] + x[t];
}
--- out
stage expand;
graph g(x: f32[8]) -> (c: f32[8], a: f32[8]) {
  c[k < 8]: f32 = x[k] + (c[k - 1] or 0);
  b[t < 8]: f32 = (a[t - 1] or 1.0) * 0.5;
  a[t < 8]: f32 = b[t] + x[t];
}
--- end
