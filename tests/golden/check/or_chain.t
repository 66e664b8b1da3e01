# A chain of or takes the first that falls inside.
# $ frit check case.graph --target generic
graph g(x: f32[8]) -> (y: f32[8]) { y[i < 8] = (x[i - 1] or x[i + 1] or 0); }
--- out
y: 8 elements, max error 0.0e+00 absolute, 0.0e+00 relative, 0 ULP (limit 2.0e-05): ok
--- end
