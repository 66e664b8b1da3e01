# A kernel with its schedule: loops, storage, prefetching, the leaf orders.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=parse
graph g(a: f32[32, 64], b: f32[64, 48]) -> (c: f32[32, 48]) {
  kernel k0 "product+relu" (a, b) -> (c: f32[32, 48]) {
    s[i < 32, j < 48]: f32 = sum(k < 64: a[i, k] * b[k, j]);
    c[i < 32, j < 48]: f32 = max(s[i, j], 0);
    schedule {
      for j/16 parallel { for i/4 even { let s reg; prefetch b[16]; prefetch b[j]; s(k/8, i*, j~); c(i*, j/2~); } }
    }
  }
}
--- out
graph g(a: f32[32, 64], b: f32[64, 48]) -> (c: f32[32, 48]) {
  kernel k0 "product+relu" (a, b) -> (c: f32[32, 48]) {
    s[i < 32, j < 48]: f32 = sum(k < 64: a[i, k] * b[k, j]);
    c[i < 32, j < 48]: f32 = max(s[i, j], 0);
    schedule {
      for j/16 parallel {
        for i/4 even {
          let s reg;
          prefetch b[16];
          prefetch b[j];
          s(k/8, i*, j~);
          c(i*, j/2~);
        }
      }
    }
  }
}
--- end
