# Rows between two products: only what other kernels read has a place in scratch.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=plan
graph g(x: f32[16, 64], w: f32[64, 64]) -> (y: f32[16, 64]) {
  a = softmax(matmul(x, w));
  y = matmul(layer_norm(a), w);
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
  kernel k1 "softmax+layer_norm" (a.y) -> (y.y: f32[16, 64]) {
    a.m[i0 < 16]: f32 = max(i1 < 64: a.y[i0, i1]);
    a.e[i0 < 16, i1 < 64]: f32 = exp(a.y[i0, i1] - a.m[i0]);
    a_sum[i0 < 16]: f32 = sum(i1 < 64: a.e[i0, i1]);
    a_part[i0 < 16]: f32 = f32(1.0) / a_sum[i0];
    a[i0 < 16, i1 < 64]: f32 = a.e[i0, i1] * a_part[i0];
    y.d_sum[i0 < 16]: f32 = sum(i1 < 64: a[i0, i1] - a[i0, 0]);
    y.d[i0 < 16]: f32 = y.d_sum[i0] * f32(0.015625);
    y.v_sum[i0 < 16]: f32 = sum(i1 < 64: (a[i0, i1] - a[i0, 0]) * (a[i0, i1] - a[i0, 0]));
    y.m[i0 < 16, 0]: f32 = y.d[i0] + a[i0, 0];
    y.s[i0 < 16, 0]: f32 = 1 / sqrt(max(y.v_sum[i0] * f32(0.015625) - y.d[i0] * y.d[i0], 0) + 1e-05);
    y.y[i0 < 16, i1 < 64]: f32 = (a[i0, i1] - y.m[i0, 0]) * y.s[i0, 0];
    schedule {
      for i0/8 {
        let a alias y.y;
        let a.m reg;
        let a_sum reg;
        let a_part reg;
        let y.d_sum reg;
        let y.v_sum reg;
        let y.d reg;
        let y.m reg;
        let y.s reg;
        for i1/8 {
          a.m(i0*, i1~);
        }
        for i1/8 {
          a.e(i0*, i1~);
          a_sum(i0*, i1~);
        }
        a_part(i0*);
        for i1/8 {
          a(i0*, i1~);
        }
        for i1/8 {
          y.d_sum(i0*, i1~);
          y.v_sum(i0*, i1~);
        }
        y.d(i0*);
        y.m(i0*);
        y.s(i0*);
        for i1/8 {
          y.y(i0*, i1~);
        }
      }
    }
  }
  kernel k2 "matmul" (y.y, w) -> (y: f32[16, 64]) {
    y[i < 16, j < 64]: f32 = sum(k < 64: y.y[i, k] * w[k, j]);
    schedule {
      for i/6 even {
        for j/16 {
          y(k, i*, j~);
        }
      }
    }
  }
  a.y at scratch + 0;
  y.y at scratch + 4288;
}
--- end
