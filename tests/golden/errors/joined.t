# Only what lies side by side in memory runs as one index.
# $ frit compile case.graph --target generic --dump-ir=kernel
stage schedule;
graph g(x: f32[6, 5]) -> (y: f32[5, 6]) {
  kernel k0 "k" (x) -> (y: f32[5, 6]) {
    y[i < 5, j < 6]: f32 = x[j, i];
    schedule { y(i.j~); }
  }
}
--- err
case.graph:6:16: error: schedule of kernel k0: i.j: not all places have these indices side by side in memory: give each a loop of its own
        schedule { y(i.j~); }
                   ^
--- end
