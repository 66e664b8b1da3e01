# Threads share the loop of a nest that divides best, if the kernel is worth it: k2 is too small.
# $ frit compile case.graph --target x86-64-v3 --threads=4 --dump-ir=schedule
graph g(x: f32[20, 400], v: f32[8]) -> (y: f32[20, 1000], s: f32[20, 1000], t: f32[8]) {
  const w[k < 400, n < 1000]: f32 = sin(f32(k + 3 * n));
  y = matmul(x, w);
  s = softmax(y);
  t = v * 2.0;
}
--- out
stage schedule;
graph g(x: f32[20, 400], v: f32[8]) -> (y: f32[20, 1000], s: f32[20, 1000], t: f32[8]) {
  const w[k < 400, n < 1000]: f32 = sin(f32(k + 3 * n));
  const w_pack[j < 1000, k < 400]: f32 = w[k, j];
  kernel k0 "matmul" (x, w_pack) -> (y: f32[20, 1000]) {
    y[i < 20, j < 1000]: f32 = sum(k < 400: x[i, k] * w_pack[j, k]);
    schedule {
      for j/8 parallel {
        for i/10 even {
          for k/4 {
            prefetch w_pack[64];
            y(k*, i*, j~);
          }
        }
      }
    }
  }
  kernel k1 "softmax" (y) -> (s: f32[20, 1000]) {
    s.m[i0 < 20]: f32 = max(i1 < 1000: y[i0, i1]);
    s.e[i0 < 20, i1 < 1000]: f32 = exp(y[i0, i1] - s.m[i0]);
    s_sum[i0 < 20]: f32 = sum(i1 < 1000: s.e[i0, i1]);
    s_part[i0 < 20]: f32 = f32(1.0) / s_sum[i0];
    s[i0 < 20, i1 < 1000]: f32 = s.e[i0, i1] * s_part[i0];
    schedule {
      for i0/4 parallel {
        let s.e alias s;
        let s.m reg;
        let s_sum reg;
        let s_part reg;
        for i1/8 {
          s.m(i0*, i1~);
        }
        for i1/8 {
          s.e(i0*, i1~);
          s_sum(i0*, i1~);
        }
        s_part(i0*);
        for i1/8 {
          s(i0*, i1~);
        }
      }
    }
  }
  kernel k2 "t" (v) -> (t: f32[8]) {
    t[i < 8]: f32 = v[i] * 2.0;
    schedule {
      for i/32 {
        t(i~);
      }
    }
  }
  w_pack: f32[d0 = 1000, d1 = 400] as [d0 / 8, d1, d0 % 8];
}
--- end
