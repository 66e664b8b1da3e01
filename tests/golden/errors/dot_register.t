# Groups are read from memory.
# $ frit compile case.graph --target x86-64-v4-vnni --dump-ir=kernel
graph g(a: u8[2, 8]) -> (z: i32[2, 16]) {
  const w[n < 16, k < 2, q < 4]: i8 = i8(k - n + q);
  kernel k0 (a, w) -> (z) {
    b[m, k] = a[m, k] + 1;
    z[m, n] = sum(k < 2, q < 4: i32(b[m, 4 * k + q]) * i32(w[n, k, q]));
    schedule { let b reg; b(m*, k*); z(m*, k*, n~, q+); }
  }
}
--- err
case.graph:7:38: error: schedule of kernel k0: z: b is in registers: groups are read from memory (`let ... mem`)
        schedule { let b reg; b(m*, k*); z(m*, k*, n~, q+); }
                                         ^
--- end
