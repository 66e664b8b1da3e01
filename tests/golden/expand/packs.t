# Packs become indices: a transpose, a reduction over chosen axes, gather along an axis.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=expand
graph g(x: f32[2, 3, 4], ids: i64[5]) -> (y: f32[4, 2, 3], m: f32[2, 1, 4], z: f32[2, 5, 4]) {
  y = transpose(x, perm = [2, 0, 1]);
  m = reduce_max(x, axes = [-2]);
  z = gather(x, ids, axis = 1);
}
--- out
stage expand;
graph g(x: f32[2, 3, 4], ids: i64[5]) -> (y: f32[4, 2, 3], m: f32[2, 1, 4], z: f32[2, 5, 4]) {
  y[i2 < 4, i0 < 2, i1 < 3]: f32 = x[i0, i1, i2];
  m[i0 < 2, 0, i2 < 4]: f32 = max(i1 < 3: x[i0, i1, i2]);
  z[a0 < 2, j0 < 5, b0 < 4]: f32 = x[a0, (ids[j0] < 0 ? ids[j0] + 3 : ids[j0]), b0];
}
--- end
