# Threads cannot share a sum.
# $ frit compile case.graph --target x86-64-v3 --threads=2 --dump-ir=kernel
stage schedule;
graph g(x: f32[20, 30]) -> (y: f32[20]) {
  kernel k0 "k" (x) -> (y: f32[20]) {
    h[i < 20, k < 30]: f32 = exp(x[i, k]);
    s[i < 20]: f32 = sum(k < 30: h[i, k]);
    y[i < 20]: f32 = s[i] + (s[i - 1] or 0);
    schedule {
      let h mem; let s mem;
      for k/10 parallel { h(i, k~); s(i, k~); }
      y(i~);
    }
  }
}
--- err
case.graph:10:11: error: schedule of kernel k0: s: for k parallel: threads cannot share a reduction, only what it keeps
          for k/10 parallel { h(i, k~); s(i, k~); }
              ^
--- end
