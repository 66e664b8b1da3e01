# A group lies inside or outside as a whole.
# $ frit compile case.graph --target x86-64-v4-vnni --dump-ir=kernel
graph g(a: u8[2, 8]) -> (z: i32[2, 16]) {
  const w[n < 16, k < 2, q < 4]: i8 = i8(k - n + q);
  kernel k0 (a, w) -> (z) {
    z[m, n] = sum(k < 2, q < 4: (i32(a[m, 4 * k + q + 1]) or 0) * i32(w[n, k, q]));
    schedule { z(m, k, n~, q+); }
  }
}
--- err
case.graph:6:16: error: schedule of kernel k0: z: q+: a group may lie partly outside: pad the operand with zeros
        schedule { z(m, k, n~, q+); }
                   ^
--- end
