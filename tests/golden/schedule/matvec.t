# A matrix times a vector: vectors along what is contiguous.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=schedule
graph g(x: f32[1, 256]) -> (y: f32[1, 200]) {
  const w[j < 200, k < 256]: f32 = sin(f32(j * k));
  y = linear(x, w);
}
--- out
stage schedule;
graph g(x: f32[1, 256]) -> (y: f32[1, 200]) {
  const w[j < 200, k < 256]: f32 = sin(f32(j * k));
  const w_pack[j < 200, k < 256]: f32 = w[j, k];
  kernel k0 "linear" (x, w_pack) -> (y: f32[1, 200]) {
    y[0, j < 200]: f32 = sum(k < 256: x[0, k] * w_pack[j, k]);
    schedule {
      for j/56 {
        y(k, j~);
      }
    }
  }
  w_pack: f32[d0 = 200, d1 = 256] as [d0 / 56, d1, d0 % 56];
}
--- end
