# A reduction over wide integers hands its register to narrower floats.
# $ frit check case.graph --target generic
graph g(x: f32[1, 6, 2], u: f32[1, 2, 2]) -> (y) { y = tensor_scatter(x, u); }
--- out
y: 12 elements, max error 0.0e+00 absolute, 0.0e+00 relative, 0 ULP (limit 2.0e-05): ok
--- end
