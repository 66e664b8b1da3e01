# Temporaries of which only two live at a time share two places.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=plan
graph g(x: f32[16, 64], w: f32[64, 64]) -> (y: f32[16, 64]) {
  a = matmul(x, w);
  b = matmul(a, w);
  c = matmul(b, w);
  y = matmul(c, w);
}
--- out
stage plan;
graph g(x: f32[16, 64], w: f32[64, 64]) -> (y: f32[16, 64]) {
  kernel k0 "matmul" (x, w) -> (a: f32[16, 64]) {
    a[i < 16, j < 64]: f32 = sum(k < 64: x[i, k] * w[k, j]);
    schedule {
      for i/6 even {
        for j/16 {
          a(k, i*, j~);
        }
      }
    }
  }
  kernel k1 "matmul" (a, w) -> (b: f32[16, 64]) {
    b[i < 16, j < 64]: f32 = sum(k < 64: a[i, k] * w[k, j]);
    schedule {
      for i/6 even {
        for j/16 {
          b(k, i*, j~);
        }
      }
    }
  }
  kernel k2 "matmul" (b, w) -> (c: f32[16, 64]) {
    c[i < 16, j < 64]: f32 = sum(k < 64: b[i, k] * w[k, j]);
    schedule {
      for i/6 even {
        for j/16 {
          c(k, i*, j~);
        }
      }
    }
  }
  kernel k3 "matmul" (c, w) -> (y: f32[16, 64]) {
    y[i < 16, j < 64]: f32 = sum(k < 64: c[i, k] * w[k, j]);
    schedule {
      for i/6 even {
        for j/16 {
          y(k, i*, j~);
        }
      }
    }
  }
  a at scratch + 0;
  b at scratch + 4288;
  c at scratch + 0;
}
--- end
