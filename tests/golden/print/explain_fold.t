# The ledger of rewrites of constants.
# $ frit explain case.graph --target x86-64-v3
graph g(x: f32[1, 2, 8]) -> (y: f32[1, 3, 6]) {
  const w[o < 3, c < 2, k < 3]: f32 = f32(o - c + k);
  const s[o < 3]: f32 = f32(o + 1);
  y[n, o, t] = conv(x, w)[n, o, t] * s[o];
}
--- out
simplify  y                           yes   its scale goes into the weights w (rounds differently)
inline    y.y                         yes   copied whole: computed as y (saves 144 bytes)
--- end
