# An operand that is no constant, with rows far apart: copied into a panel before its rows; where a few rows read it once, by blocks of k instead.
# $ frit compile case.graph --target x86-64-v4 --dump-ir=schedule
graph g(x: f32[256, 256], w: f32[256, 1024], a: f32[16, 768], b: f32[768, 3072]) -> (y: f32[256, 1024], c: f32[16, 3072]) {
  y = matmul(x, w);
  c = matmul(a, b);
}
--- out
stage schedule;
graph g(x: f32[256, 256], w: f32[256, 1024], a: f32[16, 768], b: f32[768, 3072]) -> (y: f32[256, 1024], c: f32[16, 3072]) {
  kernel k0 "matmul" (w, x) -> (y: f32[256, 1024]) {
    w_pack[j < 1024, k < 256]: f32 = w[k, j];
    y[i < 256, j < 1024]: f32 = sum(k < 256: x[i, k] * w_pack[j, k]);
    schedule {
      for j/32 {
        let w_pack mem as [d1, d0];
        w_pack(k, j~);
        for i/13 even {
          y(k/4, i*, j~);
        }
      }
    }
  }
  kernel k1 "matmul" (a, b) -> (c: f32[16, 3072]) {
    c[i < 16, j < 3072]: f32 = sum(k < 768: a[i, k] * b[k, j]);
    schedule {
      for k/128 {
        for j/48 {
          for i/8 even {
            for k/4 {
              prefetch b[j];
              c(k*, i*, j~);
            }
          }
        }
      }
    }
  }
  w_pack: f32[d0 = 1024, d1 = 256] as [d0 / 32, d1, d0 % 32];
}
--- end
