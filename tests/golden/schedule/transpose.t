# A transpose.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=schedule
graph g(x: f32[48, 40]) -> (y: f32[40, 48]) {
  y = transpose(x);
}
--- out
stage schedule;
graph g(x: f32[48, 40]) -> (y: f32[40, 48]) {
  kernel k0 "transpose" (x) -> (y: f32[40, 48]) {
    y[i1 < 40, i0 < 48]: f32 = x[i0, i1];
    schedule {
      for i1/64 {
        for i0/8 {
          for i1/8 {
            y(i1*, i0~);
          }
        }
      }
    }
  }
}
--- end
