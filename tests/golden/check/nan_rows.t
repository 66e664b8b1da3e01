# Rows with a NaN first, a NaN last, nothing but -inf, nothing but NaN: as the interpreter has them.
# $ frit check case.graph --target generic; frit check case.graph --target x86-64-v2
graph g(x: f32[5, 21]) -> (a, b, c, d, e, f) {
  n[i < 5, k < 21] = i == 0 & k == 0 ? nan : i == 1 & k == 20 ? nan : i == 2 ? -inf : i == 3 ? nan : x[i, k];
  a = arg_max(n, axis = 1); b = arg_min(n, axis = 1); c = reduce_max(n, axes = [1]); d = arg_max(n, axis = 0);
  e = softmax(n); f = layer_norm(n);
}
--- out
a: 5 elements, max error 0.0e+00 absolute, 0.0e+00 relative, 0 ULP (limit 1.8e-04): ok
b: 5 elements, max error 0.0e+00 absolute, 0.0e+00 relative, 0 ULP (limit 4.0e-04): ok
c: 5 elements, max error 0.0e+00 absolute, 0.0e+00 relative, 0 ULP (limit 2.0e-05): ok
d: 21 elements, max error 0.0e+00 absolute, 0.0e+00 relative, 0 ULP (limit 8.0e-05): ok
e: 105 elements, max error 7.5e-09 absolute, 1.2e-07 relative, 2 ULP (limit 2.0e-05): ok
f: 105 elements, max error 2.4e-07 absolute, 3.5e-07 relative, 4 ULP (limit 3.6e-05): ok
a: 5 elements, max error 0.0e+00 absolute, 0.0e+00 relative, 0 ULP (limit 1.8e-04): ok
b: 5 elements, max error 0.0e+00 absolute, 0.0e+00 relative, 0 ULP (limit 4.0e-04): ok
c: 5 elements, max error 0.0e+00 absolute, 0.0e+00 relative, 0 ULP (limit 2.0e-05): ok
d: 21 elements, max error 0.0e+00 absolute, 0.0e+00 relative, 0 ULP (limit 8.0e-05): ok
e: 105 elements, max error 7.5e-09 absolute, 1.2e-07 relative, 2 ULP (limit 2.0e-05): ok
f: 105 elements, max error 1.2e-07 absolute, 9.8e-08 relative, 1 ULP (limit 3.6e-05): ok
--- end
