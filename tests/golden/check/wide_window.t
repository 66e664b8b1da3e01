# Sums whose lanes are more than one step wide: the loop over the lanes stands around the sum.
# $ frit check case.graph --target x86-64-v2
graph g(x: f32[1, 1, 6, 45]) -> (y, at) { (y, at) = max_pool(x, kernel_shape = [3, 1], strides = [2, 1], pads = [1, 0, 1, 0]); }
--- out
y: 135 elements, max error 0.0e+00 absolute, 0.0e+00 relative, 0 ULP (limit 2.0e-05): ok
at: 135 elements, max error 0.0e+00 absolute, 0.0e+00 relative, 0 ULP (limit 5.2e-03): ok
--- end
