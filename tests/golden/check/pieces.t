# A concatenation of arguments, sums and a constant before functions of it, read twice, with numbers of its own; two at once; a part of one.
# $ frit check case.graph --target generic
graph g(a: f32[2, 7, 5], b: f32[2, 3, 5], m: f32[11], x: f32[5, 5]) -> (y: f32[2, 11, 5], z: f32[10, 2], s: f32[8]) {
  one[n < 2, k < 1, j < 5]: f32 = n + j;
  t[n < 2, k < 3, j < 5]: f32 = sum(i: b[n, k, i] * x[i, j]);
  c = concat(a, t, one, axis = 1); y[n, k, j] = max(c[n, k, j] * m[k] + k, c[n, k, j]);
  p = concat(a, b, axis = 1); q = concat(b, a, axis = 1); z[k, n] = exp(p[n, k, 1] - q[n, k, 2]);
  e = concat(m, m, axis = 0); s[k < 8] = max(e[k], 0);
}
--- out
y: 110 elements, max error 1.2e-07 absolute, 6.1e-08 relative, 1 ULP (limit 2.2e-04): ok
z: 20 elements, max error 2.4e-07 absolute, 1.0e-07 relative, 1 ULP (limit 1.1e-04): ok
s: 8 elements, max error 0.0e+00 absolute, 0.0e+00 relative, 0 ULP (limit 2.0e-05): ok
--- end
