# A prefetch for the next step of a loop stands inside of it, in another one.
# $ frit compile case.graph --target x86-64-v3 -o case.o
stage schedule;
graph g(a: f32[32, 64], b: f32[64, 48]) -> (c: f32[32, 48]) {
  kernel k0 "product" (a, b) -> (c: f32[32, 48]) {
    c[i < 32, j < 48]: f32 = sum(k < 64: a[i, k] * b[k, j]);
    schedule {
      for j/16 { for i/4 { prefetch b[k]; c(k, i*, j~); } }
    }
  }
}
--- err
case.graph:7:37: error: schedule of kernel k0: c: prefetch b[k] stands in no loop inside of one over it: put it there, or give a distance
          for j/16 { for i/4 { prefetch b[k]; c(k, i*, j~); } }
                                        ^
--- end
