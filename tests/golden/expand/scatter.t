# A scatter: the condition compares a computed place with the place in the flattened tensor.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=expand
graph g(x: f32[4, 3], ids: i64[2, 3], u: f32[2, 3]) -> (y: f32[4, 3]) {
  y = scatter_elements(x, ids, u, reduction = "add");
}
--- out
stage expand;
graph g(x: f32[4, 3], ids: i64[2, 3], u: f32[2, 3]) -> (y: f32[4, 3]) {
  y.at[j0 < 2, j1 < 3]: i64 = (ids[j0, j1] < 0 ? ids[j0, j1] + 4 : ids[j0, j1]) * 3 + j1;
  y[i0 < 4, i1 < 3]: f32 = x[i0, i1] + sum(j0 < 2, j1 < 3 if y.at[j0, j1] == i0 * 3 + i1: u[j0, j1]);
}
--- end
