# A constant operand beyond the cache is fetched ahead of its products; rows that do not stay in the cache come in blocks.
# $ frit compile case.graph --target x86-64-v4 --dump-ir=schedule
graph g(x: f32[1024, 1024]) -> (y: f32[1024, 1024]) {
  const w[k < 1024, j < 1024]: f32 = k * 0.5 - j;
  y = matmul(x, w);
}
--- out
stage schedule;
graph g(x: f32[1024, 1024]) -> (y: f32[1024, 1024]) {
  const w[k < 1024, j < 1024]: f32 = k * 0.5 - j;
  const w_pack[j < 1024, k < 1024]: f32 = w[k, j];
  kernel k0 "matmul" (x, w_pack) -> (y: f32[1024, 1024]) {
    y[i < 1024, j < 1024]: f32 = sum(k < 1024: x[i, k] * w_pack[j, k]);
    schedule {
      for i/91 {
        for j/32 {
          for i/13 even {
            for k/4 {
              prefetch w_pack[j];
              y(k*, i*, j~);
            }
          }
        }
      }
    }
  }
  w_pack: f32[d0 = 1024, d1 = 1024] as [d0 / 32, d1, d0 % 32];
}
--- end
