# A sliding window that the border cuts.
# $ frit check case.graph --target generic
stage schedule;
graph g(x: f32[9, 2]) -> (y: f32[9, 2]) {
  kernel k0 "window" (x) -> (y: f32[9, 2]) {
    e[i < 9, q < 2]: f32 = x[i, q] * x[i, q];
    y[i < 9, q < 2]: f32 = sum(k < 3: (e[i + k - 1, q] or 0));
    schedule { let e mem fold i 16; for i/8 { e(i, q); y(k, q*, i*); } }
  }
}
--- out
y: 18 elements, max error 1.2e-07 absolute, 1.1e-07 relative, 1 ULP (limit 2.9e-05): ok
--- end
