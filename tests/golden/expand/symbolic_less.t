# An extent that is a symbolic dimension less a number.
# $ frit compile case.graph --dump-ir=expand
graph g(x: f32[N] where N in 4..9) -> (y: f32[N - 2]) {
  y[i < N - 2] = x[i] + x[i + 2];
}
--- out
stage expand;
graph g(x: f32[N] where N in 4..9) -> (y: f32[N - 2]) {
  y[i < N - 2]: f32 = x[i] + x[i + 2];
}
--- end
