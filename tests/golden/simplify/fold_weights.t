# A tensor that depends on constants only is made when the model is compiled.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=simplify
graph g(x: f32[2, 8]) -> (y: f32[2, 4]) {
  const w[i < 8, j < 4]: f32 = f32(i * j) / 16.0;
  v = transpose(w);
  y = linear(x, v * 2.0);
}
--- out
stage simplify;
graph g(x: f32[2, 8]) -> (y: f32[2, 4]) {
  const w[i < 8, j < 4]: f32 = f32(i * j) * f32(0.0625);
  const y.w1[i < 4, j < 8]: f32 = w[j, i] * 2.0;
  y[p0 < 2, j < 4]: f32 = sum(k < 8: x[p0, k] * y.w1[j, k]);
}
--- end
