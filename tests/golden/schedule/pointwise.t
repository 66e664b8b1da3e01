# Pointwise: one fused index, four vectors at a time.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=schedule
graph g(a: f32[10, 100], b: f32[10, 100]) -> (y: f32[10, 100]) {
  y = relu(a + b);
}
--- out
stage schedule;
graph g(a: f32[10, 100], b: f32[10, 100]) -> (y: f32[10, 100]) {
  kernel k0 "relu" (a, b) -> (y: f32[10, 100]) {
    y[i < 10, j < 100]: f32 = max(a[i, j] + b[i, j], 0);
    schedule {
      for i.j/32 {
        y(i.j~);
      }
    }
  }
}
--- end
