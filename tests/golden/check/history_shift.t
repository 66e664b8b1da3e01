# A history that is read outside in another dimension, too.
# $ frit check case.graph --target generic
graph g(x: f32[40, stream t]) -> (y: f32[40, t]) { h[c, t] = x[c, t] * 0.5; y[c, t] = (h[c - 1, t - 1] or 0.0) + h[c, t]; }
--- out
y: 40960 elements, max error 0.0e+00 absolute, 0.0e+00 relative, 0 ULP (limit 2.0e-05): ok
--- end
