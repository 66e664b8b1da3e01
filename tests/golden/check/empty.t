# A dimension of no elements: sums over it are zero, maxima -inf; what stands behind them is computed.
# $ frit check case.graph
graph g(a: f32[3, 0], b: f32[0, 5], x: f32[1, 0, 5, 5], w: f32[4, 0, 3, 3], v: f32[4]) -> (c: f32[3, 5], y: f32[1, 4, 5, 5], m: f32[3]) {
  c = relu(matmul(a, b) + 1.0);
  y = conv(x, w, v, pads = 1);
  m[i] = max(k: a[i, k]);
}
--- out
c: 15 elements, max error 0.0e+00 absolute, 0.0e+00 relative, 0 ULP (limit 2.0e-05): ok
y: 100 elements, max error 0.0e+00 absolute, 0.0e+00 relative, 0 ULP (limit 2.0e-05): ok
m: 3 elements, max error 0.0e+00 absolute, 0.0e+00 relative, 0 ULP (limit 2.0e-05): ok
--- end
