# Small integers with a zero point: groups of four, what lies outside is the zero point; k is no multiple of four, so x is copied with zeros behind it.
# $ frit compile case.graph --target x86-64-v4-vnni --dump-ir=schedule
graph g(x: u8[1, 6, 6, 8], a: i8[9, 10]) -> (y: i32[1, 6, 6, 16], z: i32[9, 40]) {
  const f[o < 16, c < 8, r < 3, s < 3]: i8 = i8(o - c + r * s);
  const w[i < 10, n < 40]: i8 = i8(i - n);
  y = transpose(conv_integer(transpose(x, perm = [0, 3, 1, 2]), f, u8(3), pads = 1), perm = [0, 2, 3, 1]);
  z = matmul_integer(a, w);
}
--- out
stage schedule;
graph g(x: u8[1, 6, 6, 8], a: i8[9, 10]) -> (y: i32[1, 6, 6, 16], z: i32[9, 40]) {
  const f[o < 16, c < 8, r < 3, s < 3]: i8 = i8(o - c + r * s);
  const w[i < 10, n < 40]: i8 = i8(i - n);
  const y_off[i1 < 16]: i32 = sum(c < 8, k0 < 3, k1 < 3: i32(f[i1, c, k0, k1]));
  const f_dot[i1 < 16, k0 < 3, k1 < 3, c < 2, c_q < 4]: i8 = f[i1, 4 * c + c_q, k0, k1];
  const z_off[j < 40]: i32 = sum(k < 10: i32(w[k, j]));
  const w_dot[j < 40, k < 3, k_q < 4]: i8 = (w[4 * k + k_q, j] or i8(0));
  const f_dot_pack[i1 < 16, k0 < 3, k1 < 3, c < 2, c_q < 4]: i8 = f_dot[i1, k0, k1, c, c_q];
  const w_dot_pack[j < 40, k < 3, k_q < 4]: i8 = w_dot[j, k, k_q];
  kernel k0 "conv_integer+conv+transpose" (y_off, x, f_dot_pack) -> (y: i32[1, 6, 6, 16]) {
    y[0, i2 < 6, i3 < 6, i1 < 16]: i32 = i32(-3) * y_off[i1] + sum(k0 < 3, k1 < 3, c < 2, c_q < 4: (i32(x[0, k0 + i2 - 1, k1 + i3 - 1, 4 * c + c_q]) or i32(3)) * i32(f_dot_pack[i1, k0, k1, c, c_q]));
    schedule {
      for i2/3 edge {
        for i3/6 edge {
          for i1/16 {
            y(c, k0*, k1*, i2*, i3*, i1~, c_q+);
          }
        }
      }
    }
  }
  kernel k1 "matmul_integer+matmul" (a) -> (z.a1_dot: u8[9, 12]) {
    z.a1_dot[i0 < 9, i1 < 12]: u8 = (u8(a[i0, i1]) + u8(128) or u8(0));
    schedule {
      for i0/1 {
        for i1/64 edge {
          z.a1_dot(i1~);
        }
      }
    }
  }
  kernel k2 "matmul_integer+matmul" (z_off, z.a1_dot, w_dot_pack) -> (z: i32[9, 40]) {
    z[i < 9, j < 40]: i32 = i32(-128) * z_off[j] + sum(k < 3, k_q < 4: i32(z.a1_dot[i, 4 * k + k_q]) * i32(w_dot_pack[j, k, k_q]));
    schedule {
      for i/9 even {
        for j/48 {
          z(k, i*, j~, k_q+);
        }
      }
    }
  }
  f_dot_pack: i8[d0 = 16, d1 = 3, d2 = 3, d3 = 2, d4 = 4] as [d3, d1, d2, d0, d4];
  w_dot_pack: i8[d0 = 40, d1 = 3, d2 = 4] as [d1, d0, d2];
}
--- end
