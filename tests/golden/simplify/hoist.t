# What a recurrence does not need of its own past is computed before it.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=simplify
graph g(x: f32[6, 3], w: f32[3, 3], u: f32[3, 3]) -> (y: f32[6, 3]) {
  y[t, i] = tanh(sum(j: x[t, j] * w[j, i]) + sum(j < 3: (y[t - 1, j] or 0) * u[j, i]));
}
--- out
stage simplify;
graph g(x: f32[6, 3], w: f32[3, 3], u: f32[3, 3]) -> (y: f32[6, 3]) {
  y_sum[t < 6, i < 3]: f32 = sum(j < 3: x[t, j] * w[j, i]);
  y_sum1[t < 6, i < 3]: f32 = y_sum[t, i] + sum(j < 3: (y[t - 1, j] or 0) * u[j, i]);
  y[t < 6, i < 3]: f32 = tanh(y_sum1[t, i]);
}
--- end
