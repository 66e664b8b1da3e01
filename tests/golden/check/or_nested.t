# What an or inside an or, and a choice inside an or, fall back to.
# $ frit check case.graph --target generic
graph g(x: f32[9], z: f32[9]) -> (a: f32[9], b: f32[9], c: f32[9], d: f32[9]) {
  a[i < 9] = ((x[i] > 0 ? x[i - 1] : x[i + 1]) or 7.0);
  b[i < 9] = (((x[i - 1] or z[i + 2]) * 2) or 7.0);
  c[i < 9] = ((z[i - 2] > 0 ? (x[i - 1] or z[i + 1]) : x[i + 1]) or 7.0);
  d[i < 9] = (((x[i - 1] or 0) * x[i + 1]) or 5);
}
--- out
a: 9 elements, max error 0.0e+00 absolute, 0.0e+00 relative, 0 ULP (limit 1.4e-04): ok
b: 9 elements, max error 0.0e+00 absolute, 0.0e+00 relative, 0 ULP (limit 3.8e-05): ok
c: 9 elements, max error 0.0e+00 absolute, 0.0e+00 relative, 0 ULP (limit 1.4e-04): ok
d: 9 elements, max error 0.0e+00 absolute, 0.0e+00 relative, 0 ULP (limit 1.0e-04): ok
--- end
