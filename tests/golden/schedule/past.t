# A result that no cache holds is written past them; what is kept for it does not lie in its place.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=schedule
graph g(x: f32[1024, 16384]) -> (y: f32[1024, 16384]) {
  y = softmax(x);
}
--- out
stage schedule;
graph g(x: f32[1024, 16384]) -> (y: f32[1024, 16384]) {
  kernel k0 "softmax" (x) -> (y: f32[1024, 16384]) {
    y.m[i0 < 1024]: f32 = max(i1 < 16384: x[i0, i1]);
    y.e[i0 < 1024, i1 < 16384]: f32 = exp(x[i0, i1] - y.m[i0]);
    y_sum[i0 < 1024]: f32 = sum(i1 < 16384: y.e[i0, i1]);
    y_part[i0 < 1024]: f32 = f32(1.0) / y_sum[i0];
    y[i0 < 1024, i1 < 16384]: f32 = y.e[i0, i1] * y_part[i0];
    schedule {
      for i0/1 {
        let y past;
        let y.m reg;
        let y_sum reg;
        let y_part reg;
        for i1/32 {
          y.m(i1~);
        }
        for i1/32 {
          y.e(i1~);
          y_sum(i1~);
        }
        y_part();
        for i1/32 {
          y(i1~);
        }
      }
    }
  }
}
--- end
