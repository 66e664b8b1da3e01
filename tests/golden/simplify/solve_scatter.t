# A scatter becomes a store at a computed place: no loop over all places.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=simplify
graph g(x: f32[100], ids: i64[5], u: f32[5]) -> (y: f32[100]) {
  y = scatter_elements(x, ids, u, reduction = "add");
}
--- out
stage simplify;
graph g(x: f32[100], ids: i64[5], u: f32[5]) -> (y: f32[100]) {
  y.at[j0 < 5]: i64 = ids[j0] < 0 ? ids[j0] + 100 : ids[j0];
  y[i0 < 100]: f32 = x[i0] + sum(j0 < 5 if y.at[j0] == i0: u[j0]);
}
--- end
