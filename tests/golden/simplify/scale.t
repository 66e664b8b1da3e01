# A factor after a product with constant weights goes into the weights.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=simplify
graph g(x: f32[2, 4]) -> (y: f32[2, 3]) {
  const w[j < 3, k < 4]: f32 = f32(j + k);
  y = linear(x, w) * 0.125;
}
--- out
stage simplify;
graph g(x: f32[2, 4]) -> (y: f32[2, 3]) {
  const w[j < 3, k < 4]: f32 = f32(j + k);
  const w_scaled[i0 < 3, i1 < 4]: f32 = w[i0, i1] * f32(0.125);
  y[i < 2, j < 3]: f32 = sum(k < 4: x[i, k] * w_scaled[j, k]);
}
--- end
