# Behind a kind of loop stands only 'parallel'.
# $ frit compile case.graph --target x86-64-v3 --threads=2 --dump-ir=kernel
stage schedule;
graph g(x: f32[20, 30]) -> (y: f32[20]) {
  kernel k0 "k" (x) -> (y: f32[20]) {
    h[i < 20, k < 30]: f32 = exp(x[i, k]);
    s[i < 20]: f32 = sum(k < 30: h[i, k]);
    y[i < 20]: f32 = s[i] + (s[i - 1] or 0);
    schedule {
      for i/5 even peel { h(i, k~); s(k, i); y(i); }
    }
  }
}
--- err
case.graph:9:20: error: there is no loop kind 'peel'
          for i/5 even peel { h(i, k~); s(k, i); y(i); }
                       ^
  help: behind another kind stands parallel
--- end
