# A constant right operand is packed in panels as wide as a tile.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=layout
graph g(x: f32[32, 24]) -> (y: f32[32, 40]) {
  const w[k < 24, j < 40]: f32 = f32(k - j);
  y = matmul(x, w);
}
--- out
stage layout;
graph g(x: f32[32, 24]) -> (y: f32[32, 40]) {
  const w[k < 24, j < 40]: f32 = f32(k - j);
  const w_pack[j < 40, k < 24]: f32 = w[k, j];
  kernel k0 "matmul" (x, w_pack) -> (y: f32[32, 40]) {
    y[i < 32, j < 40]: f32 = sum(k < 24: x[i, k] * w_pack[j, k]);
  }
  w_pack: f32[d0 = 40, d1 = 24] as [d0 / 8, d1, d0 % 8];
}
--- end
