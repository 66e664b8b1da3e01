# Softmax: all that happens to a row is one kernel.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=fuse
graph g(x: f32[64, 100], b: f32[100]) -> (y: f32[64, 100]) {
  y = softmax(x + b);
}
--- out
stage fuse;
graph g(x: f32[64, 100], b: f32[100]) -> (y: f32[64, 100]) {
  kernel k0 "softmax" (x, b) -> (y: f32[64, 100]) {
    y.x1[i < 64, j < 100]: f32 = x[i, j] + b[j];
    y.m[i < 64]: f32 = max(j < 100: y.x1[i, j]);
    y.e[i < 64, j < 100]: f32 = exp(y.x1[i, j] - y.m[i]);
    y_sum[i < 64]: f32 = sum(j < 100: y.e[i, j]);
    y_part[i < 64]: f32 = f32(1.0) / y_sum[i];
    y[i < 64, j < 100]: f32 = y.e[i, j] * y_part[i];
  }
}
--- end
