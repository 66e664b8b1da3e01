# A prefetch for the next step of a loop names an index of the kernel.
# $ frit compile case.graph --target x86-64-v3 -o case.o
stage schedule;
graph g(a: f32[32, 64], b: f32[64, 48]) -> (c: f32[32, 48]) {
  kernel k0 "product" (a, b) -> (c: f32[32, 48]) {
    c[i < 32, j < 48]: f32 = sum(k < 64: a[i, k] * b[k, j]);
    schedule {
      for j/16 { for i/4 { prefetch b[q]; c(k, i*, j~); } }
    }
  }
}
--- err
case.graph:7:37: error: 'prefetch' is for a loop's next step; no index is called 'q'
          for j/16 { for i/4 { prefetch b[q]; c(k, i*, j~); } }
                                        ^
  case.graph:4:10: note: in kernel k0
      kernel k0 "product" (a, b) -> (c: f32[32, 48]) {
             ^
--- end
