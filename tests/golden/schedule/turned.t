# Both operands contiguous along the sum: the right one comes in panels that are turned in registers.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=schedule | sed '/schedule {/,$!d'
graph g(q: f32[64, 32], k: f32[48, 32]) -> (s: f32[64, 48]) {
  s[i, j] = sum(c: q[i, c] * k[j, c]);
}
--- out
    schedule {
      for c/8 {
        for j/8 {
          k_pack(c*, j~);
        }
      }
      for i/6 even {
        for j/16 {
          s(c, i*, j~);
        }
      }
    }
  }
  k_pack: f32[d0 = 48, d1 = 32] as [d0 / 16, d1, d0 % 16];
}
--- end
