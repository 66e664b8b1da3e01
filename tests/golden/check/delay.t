# A read of the future by a delay: outputs are those of one frame before.
# $ frit check case.graph --target generic --delay 1
graph g(x: f32[stream t]) -> (y: f32[t]) { y[t] = x[t] + 0.5 * (x[t - 1] or 0) + x[t + 1] * 0.25; }
--- out
y: 1024 elements, max error 1.2e-07 absolute, 1.5e-07 relative, 2 ULP (limit 3.4e-05): ok
--- end
