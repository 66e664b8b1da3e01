# The outer dimensions of a product broadcast, because its pattern asks for it.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=expand
graph g(a: f32[2, 1, 3, 4], b: f32[5, 4, 6]) -> (y: f32[2, 5, 3, 6]) {
  y = matmul(a, b);
}
--- out
stage expand;
graph g(a: f32[2, 1, 3, 4], b: f32[5, 4, 6]) -> (y: f32[2, 5, 3, 6]) {
  y[p0 < 2, p1 < 5, i < 3, j < 6]: f32 = sum(k < 4: a[p0, 0, i, k] * b[p1, k, j]);
}
--- end
