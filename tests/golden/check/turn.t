# The same numbers through copies: a shared input, a residual, a result that another kernel reads, pieces of a result.
# $ frit check case.graph --target x86-64-v3
graph g(x: f32[24, 12, 12], r: f32[16, 12, 12]) -> (y: f32[16, 12, 12], z: f32[16, 12, 12], q: f32[32, 12, 12]) {
  const w[o < 16, c < 24, u < 3, v < 3]: f32 = (o + c + u * v) % 17 / 16.0;
  y[o, i < 12, j < 12] = max(r[o, i, j] + sum(c, u, v: (x[c, i + u - 1, j + v - 1] or 0) * w[o, c, u, v]), 0);
  z[o, i < 12, j < 12] = sum(c, u, v: (x[c, i + u - 1, j + v - 1] or 0) * w[15 - o, c, u, v]) + y[o, i, j];
  q[o < 16, i < 12, j < 12] = sum(c, u, v: (x[c, i + u - 1, j + v - 1] or 0) * w[o, c, v, u]);
  q[16 + (o < 16), i < 12, j < 12] = y[o, i, j] * 2;
}
--- out
y: 2304 elements, max error 5.7e-06 absolute, 1.0e-03 relative, 9088 ULP (limit 2.7e-04): ok
z: 2304 elements, max error 1.1e-05 absolute, 1.7e-03 relative, 15744 ULP (limit 4.4e-04): ok
q: 4608 elements, max error 1.1e-05 absolute, 1.0e-03 relative, 9088 ULP (limit 5.3e-04): ok
--- end
