# A sliding window goes from step to step: threads cannot share the steps.
# $ frit compile case.graph --target x86-64-v3 --threads=2 --dump-ir=kernel
stage schedule;
graph g(x: f32[20, 30]) -> (y: f32[20]) {
  kernel k0 "k" (x) -> (y: f32[20]) {
    h[i < 20, k < 30]: f32 = exp(x[i, k]);
    s[i < 20]: f32 = sum(k < 30: h[i, k]);
    y[i < 20]: f32 = s[i] + (s[i - 1] or 0);
    schedule {
      let s mem;
      for i/5 parallel {
        h(i, k~); s(k, i); y(i);
      }
    }
  }
}
--- err
case.graph:10:11: error: schedule of kernel k0: s: for i parallel: its steps share what they compute of it: keep it inside the loop
          for i/5 parallel {
              ^
--- end
