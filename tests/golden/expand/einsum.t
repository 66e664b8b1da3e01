# einsum: its letters become indices.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=expand
graph g(a: f32[2, 3, 4], b: f32[2, 4, 5]) -> (y: f32[2, 5, 3]) {
  y = einsum("bij,bjk->bki", a, b);
}
--- out
stage expand;
graph g(a: f32[2, 3, 4], b: f32[2, 4, 5]) -> (y: f32[2, 5, 3]) {
  y[e0 < 2, e3 < 5, e1 < 3]: f32 = sum(e2 < 4: a[e0, e1, e2] * b[e0, e2, e3] * 1);
}
--- end
