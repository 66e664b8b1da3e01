# A target without the instruction.
# $ frit compile case.graph --target x86-64-v4 --dump-ir=kernel
graph g(a: u8[2, 8]) -> (z: i32[2, 16]) {
  const w[n < 16, k < 2, q < 4]: i8 = i8(k - n + q);
  kernel k0 (a, w) -> (z) {
    z[m, n] = sum(k < 2, q < 4: i32(a[m, 4 * k + q]) * i32(w[n, k, q]));
    schedule { z(m, k, n~, q+); }
  }
}
--- err
case.graph:6:16: error: schedule of kernel k0: z: x86-64-v4 has no instruction for groups of 4 such products: unroll their index (`*`)
        schedule { z(m, k, n~, q+); }
                   ^
--- end
