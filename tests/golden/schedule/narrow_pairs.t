# A target with pairs only.
# $ frit compile case.graph --target cortex-m7 --dump-ir=schedule
graph g(a: i8[9, 10]) -> (z: i32[9, 12]) {
  const w[k < 10, n < 12]: i8 = i8(k - n);
  z = matmul_integer(a, w);
}
--- out
stage schedule;
graph g(a: i8[9, 10]) -> (z: i32[9, 12]) {
  const w[k < 10, n < 12]: i8 = i8(k - n);
  const z.b1[i < 10, j < 12]: i32 = i32(w[i, j]);
  const z.b1_dot[j < 12, k < 5, k_q < 2]: i16 = i16(z.b1[2 * k + k_q, j]);
  const z.b1_dot_pack[j < 12, k < 5, k_q < 2]: i16 = z.b1_dot[j, k, k_q];
  kernel k0 "matmul_integer+matmul" (a) -> (z.a1_dot: i16[9, 10]) {
    z.a1_dot[i0 < 9, i1 < 10]: i16 = i16(a[i0, i1]);
    schedule {
      for i0.i1/4 {
        z.a1_dot(i0.i1*);
      }
    }
  }
  kernel k1 "matmul_integer+matmul" (z.a1_dot, z.b1_dot_pack) -> (z: i32[9, 12]) {
    z[i < 9, j < 12]: i32 = sum(k < 5, k_q < 2: i32(z.a1_dot[i, 2 * k + k_q]) * i32(z.b1_dot_pack[j, k, k_q]));
    schedule {
      for i/3 even {
        for j/4 {
          z(k*, i*, j*, k_q+);
        }
      }
    }
  }
  z.b1_dot_pack: i16[d0 = 12, d1 = 5, d2 = 2] as [d0 / 4, d1, d0 % 4, d2];
}
--- end
