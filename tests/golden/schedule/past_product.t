# A product that no cache holds: its tiles write whole lines, past the caches.
# $ frit compile case.graph --target x86-64-v4 --dump-ir=schedule | sed '/schedule {/,$!d'
graph g(a: f32[8192, 64], w: f32[64, 2048]) -> (c: f32[8192, 2048]) {
  c[i, j] = sum(k: a[i, k] * w[k, j]);
}
--- out
    schedule {
      let c past;
      for k/8 {
        for j/80 {
          w_pack(k*, j~);
        }
      }
      for i/1535 {
        for j/80 {
          for i/5 even {
            c(k, i*, j~);
          }
        }
      }
    }
  }
  w_pack: f32[d0 = 2048, d1 = 64] as [d0 / 80, d1, d0 % 80];
}
--- end
