# A group of one place is no group.
# $ frit compile case.graph --target x86-64-v4-vnni --dump-ir=kernel
graph g(a: f32[2, 8]) -> (z: f32[2, 16]) {
  const w[n < 16, k < 8, q < 1]: f32 = f32(k - n + q);
  kernel k0 (a, w) -> (z) {
    z[m, n] = sum(k < 8, q < 1: a[m, k + q] * w[n, k, q]);
    schedule { z(m, k, n~, q+); }
  }
}
--- err
case.graph:6:16: error: schedule of kernel k0: z: x86-64-v4-vnni has no instruction for groups of 1 such products: unroll their index (`*`)
        schedule { z(m, k, n~, q+); }
                   ^
--- end
