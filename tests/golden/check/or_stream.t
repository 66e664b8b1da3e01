# A chain of or over time.
# $ frit check case.graph --target generic
graph g(x: f32[stream t]) -> (y: f32[t]) { y[t] = x[t - 3] or x[t - 1] or x[t]; }
--- out
y: 1024 elements, max error 0.0e+00 absolute, 0.0e+00 relative, 0 ULP (limit 2.0e-05): ok
--- end
