# What is fused in examples/own_schedule.
# $ frit compile $EXAMPLES/own_schedule/own_schedule.graph --target x86-64-v3 --dump-ir=fuse
--- out
stage fuse;
graph tiled(a: f32[30, 40], b: f32[40, 48]) -> (c: f32[30, 48]) {
  kernel k0 "product+relu" (a, b) -> (c: f32[30, 48]) {
    s[i < 30, j < 48]: f32 = sum(k < 40: a[i, k] * b[k, j]);
    c[i < 30, j < 48]: f32 = max(s[i, j], 0);
    schedule {
      for j/16 {
        for i/4 even {
          let s reg;
          s(k, i*, j~);
          c(i*, j~);
        }
      }
    }
  }
}
--- end
