# The lanes of w are not neighbours of its groups.
# $ frit compile case.graph --target x86-64-v4-vnni --dump-ir=kernel
graph g(a: u8[2, 8]) -> (z: i32[2, 16]) {
  const w[n < 16, q < 4, k < 2]: i8 = i8(k - n + q);
  kernel k0 (a, w) -> (z) {
    z[m, n] = sum(k < 2, q < 4: i32(a[m, 4 * k + q]) * i32(w[n, q, k]));
    schedule { z(m, k, n~, q+); }
  }
}
--- err
case.graph:6:16: error: schedule of kernel k0: z: groups of w do not lie together in memory: their index must be its last dimension
        schedule { z(m, k, n~, q+); }
                   ^
--- end
