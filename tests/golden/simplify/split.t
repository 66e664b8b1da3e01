# One reduction an equation: softmax and a mean.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=simplify
graph g(x: f32[3, 8]) -> (y: f32[3, 8], m: f32[3]) {
  y = softmax(x);
  m[i] = mean(j: x[i, j]) * max(j: x[i, j]);
}
--- out
stage simplify;
graph g(x: f32[3, 8]) -> (y: f32[3, 8], m: f32[3]) {
  y.m[i0 < 3]: f32 = max(i1 < 8: x[i0, i1]);
  y.e[i0 < 3, i1 < 8]: f32 = exp(x[i0, i1] - y.m[i0]);
  y_sum[i0 < 3]: f32 = sum(i1 < 8: y.e[i0, i1]);
  y_part[i0 < 3]: f32 = f32(1.0) / y_sum[i0];
  y[i0 < 3, i1 < 8]: f32 = y.e[i0, i1] * y_part[i0];
  m_sum[i < 3]: f32 = sum(j < 8: x[i, j]);
  m[i < 3]: f32 = m_sum[i] * f32(0.125) * y.m[i];
}
--- end
