# More tensors than the operator has: it folds from the left.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=expand
graph g(a: f32[2], b: f32[3], c: f32[4]) -> (y: f32[9]) {
  y = concat(a, b, c, axis = 0);
}
--- out
stage expand;
graph g(a: f32[2], b: f32[3], c: f32[4]) -> (y: f32[9]) {
  y.z[i < 2]: f32 = a[i];
  y.z[2 + j < 5]: f32 = b[j];
  y[i < 5]: f32 = y.z[i];
  y[5 + j < 9]: f32 = c[j];
}
--- end
