# A symbolic dimension keeps its name and its bounds.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=expand
graph g(x: f32[N, 4] where N in 1..16, w: f32[3, 4]) -> (y: f32[N, 3]) {
  y = relu(linear(x, w));
}
--- out
stage expand;
graph g(x: f32[N, 4], w: f32[3, 4] where N in 1..16) -> (y: f32[N, 3]) {
  y.y[p0 < N, j < 3]: f32 = sum(k < 4: x[p0, k] * w[j, k]);
  y[i < N, j < 3]: f32 = max(y.y[i, j], 0);
}
--- end
