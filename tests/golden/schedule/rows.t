# Rows: softmax over a row at a time.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=schedule
graph g(x: f32[32, 200]) -> (y: f32[32, 200]) {
  y = softmax(x);
}
--- out
stage schedule;
graph g(x: f32[32, 200]) -> (y: f32[32, 200]) {
  kernel k0 "softmax" (x) -> (y: f32[32, 200]) {
    y.m[i0 < 32]: f32 = max(i1 < 200: x[i0, i1]);
    y.e[i0 < 32, i1 < 200]: f32 = exp(x[i0, i1] - y.m[i0]);
    y_sum[i0 < 32]: f32 = sum(i1 < 200: y.e[i0, i1]);
    y_part[i0 < 32]: f32 = f32(1.0) / y_sum[i0];
    y[i0 < 32, i1 < 200]: f32 = y.e[i0, i1] * y_part[i0];
    schedule {
      for i0/4 {
        let y.e alias y;
        let y.m reg;
        let y_sum reg;
        let y_part reg;
        for i1/8 {
          y.m(i0*, i1~);
        }
        for i1/8 {
          y.e(i0*, i1~);
          y_sum(i0*, i1~);
        }
        y_part(i0*);
        for i1/8 {
          y(i0*, i1~);
        }
      }
    }
  }
}
--- end
