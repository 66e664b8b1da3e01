# F(6,3) can be asked for: eight by eight products a tile.
# $ frit check case.graph --target x86-64-v3 -ffuse=winograd6 --json | sed 's/.*"ok": //'
graph g(x: f32[13, 8, 16]) -> (y: f32[13, 8, 24]) {
  const w[o < 24, c < 16, r < 3, s < 3]: f32 = ((o * 7 + c * 3 + r * 5 + s) % 11 - 5) / 20.0;
  y[i < 13, j < 8, o] = max(0, sum(c, r, s: (x[i + r - 1, j + s - 1, c] or 0) * w[o, c, r, s]));
}
--- out
true}
--- end
