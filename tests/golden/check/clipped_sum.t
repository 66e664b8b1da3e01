# A sum that is clipped everywhere is still zero.
# $ frit check case.graph --target generic
graph g(x0: f32[1, 32, 2]) -> (v2: f32[2, 36, 3], v3: f32[2, 36, 3]) {
  v1 = pad(x0, pads = [1, 2, 1, 0, 2, 0]);
  v2 = (v1 + v1);
  v3 = layer_norm(v1);
}
--- out
v2: 216 elements, max error 0.0e+00 absolute, 0.0e+00 relative, 0 ULP (limit 4.0e-05): ok
v3: 216 elements, max error 3.6e-07 absolute, 4.1e-06 relative, 55 ULP (limit 2.8e-05): ok
--- end
