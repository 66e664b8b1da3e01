# Whole tensors broadcast as in NumPy.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=expand
graph g(a: f32[2, 3, 4], b: f32[3, 1], c: f32[4], s: f32[]) -> (y: f32[2, 3, 4]) {
  y = (a + b) * c - s;
}
--- out
stage expand;
graph g(a: f32[2, 3, 4], b: f32[3, 1], c: f32[4], s: f32[]) -> (y: f32[2, 3, 4]) {
  y[i < 2, j < 3, k < 4]: f32 = (a[i, j, k] + b[j, 0]) * c[k] - s[];
}
--- end
