# An operand that is an argument stays as it is.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=layout
graph g(x: f32[32, 24], w: f32[24, 40]) -> (y: f32[32, 40]) {
  y = matmul(x, w);
}
--- out
stage layout;
graph g(x: f32[32, 24], w: f32[24, 40]) -> (y: f32[32, 40]) {
  kernel k0 "matmul" (x, w) -> (y: f32[32, 40]) {
    y[i < 32, j < 40]: f32 = sum(k < 24: x[i, k] * w[k, j]);
  }
}
--- end
