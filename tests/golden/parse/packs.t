# Packs and lists: places made of packs, list literals, slices, functions of lists.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=parse
op f(x[..a, k @ axis, ..b], ids[..j], axis: int, perm: ints = [0, 1], sizes: ints = [2, ..[3, 4]]) {
  r = len(perm);
  z[..a, ..j, ..b] = x[..a, ids[..j], ..b];
  w[..drop(j, perm[:1]), ..0 * perm[1:], ..j[-1:]] = ids[..put(j, 0, 0)] + sum(range(0, r, 2)) + (..j);
  v[..i < [..sizes, r]] = i[0] * 2 + prod(i.size) + [1, 2][0];
}
graph g(x: f32[2, 3, 4], ids: i64[2, 2]) -> (y: f32[2, 2, 2, 4]) {
  y = gather(x, ids, axis = 1);
}
--- out
op f(x[..a, k @ axis, ..b], ids[..j], axis: int, perm: ints = [0, 1], sizes: ints = [2, ..[3, 4]]) {
  r = len(perm);
  z[..a, ..j, ..b] = x[..a, ids[..j], ..b];
  w[..drop(j, perm[:1]), ..0 * perm[1:], ..j[-1:]] = ids[..put(j, 0, 0)] + sum(range(0, r, 2)) + (..j);
  v[..i < [..sizes, r]] = i[0] * 2 + prod(i.size) + [1, 2][0];
}

graph g(x: f32[2, 3, 4], ids: i64[2, 2]) -> (y: f32[2, 2, 2, 4]) {
  y = gather(x, ids, axis = 1);
}
--- end
