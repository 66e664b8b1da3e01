# A pointwise kernel between two products works in place.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=plan -fno-fuse=vertical
graph g(x: f32[16, 64], w: f32[64, 64]) -> (y: f32[16, 64]) {
  a = tanh(matmul(x, w));
  y = matmul(a, w);
}
--- out
stage plan;
graph g(x: f32[16, 64], w: f32[64, 64]) -> (y: f32[16, 64]) {
  kernel k0 "matmul" (x, w) -> (a.y: f32[16, 64]) {
    a.y[i < 16, j < 64]: f32 = sum(k < 64: x[i, k] * w[k, j]);
    schedule {
      for i/6 even {
        for j/16 {
          a.y(k, i*, j~);
        }
      }
    }
  }
  kernel k1 "tanh" (a.y) -> (a: f32[16, 64]) {
    a[i < 16, j < 64]: f32 = tanh(a.y[i, j]);
    schedule {
      for i.j/32 {
        a(i.j~);
      }
    }
  }
  kernel k2 "matmul" (a, w) -> (y: f32[16, 64]) {
    y[i < 16, j < 64]: f32 = sum(k < 64: a[i, k] * w[k, j]);
    schedule {
      for i/6 even {
        for j/16 {
          y(k, i*, j~);
        }
      }
    }
  }
  a.y at scratch + 0;
  a at scratch + 0;
}
--- end
