# Every second element, and backwards: shuffles of whole vectors that end where the tensor does; wide and narrow types.
# $ frit check case.graph --target x86-64-v3
graph g(x: f32[64, 511], z: u8[64, 300], v: f64[40, 33]) -> (y: f32[64, 256], u: u8[64, 150], w: u8[64, 300], q: f64[40, 17], r: f64[40, 33]) {
  y[i, j < 256] = max(x[i, 2 * j], 0); u[i, j < 150] = z[i, 2 * j + 1]; w[i, j < 300] = z[i, 299 - j]; q[i, j < 17] = v[i, 2 * j]; r[i, j < 33] = v[i, 32 - j];
}
--- out
y: 16384 elements, max error 0.0e+00 absolute, 0.0e+00 relative, 0 ULP (limit 2.0e-05): ok
u: 9600 elements, max error 0.0e+00 absolute, 0.0e+00 relative, 0 ULP (limit 6.0e-05): ok
w: 19200 elements, max error 0.0e+00 absolute, 0.0e+00 relative, 0 ULP (limit 6.0e-05): ok
q: 680 elements, max error 0.0e+00 absolute, 0.0e+00 relative, 0 ULP (limit 2.0e-05): ok
r: 1320 elements, max error 0.0e+00 absolute, 0.0e+00 relative, 0 ULP (limit 2.0e-05): ok
--- end
