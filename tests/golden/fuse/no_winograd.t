# -fno-fuse=winograd keeps the direct form, and the ledger says so.
# $ frit explain case.graph --target x86-64-v4 -fno-fuse=winograd
graph g(x: f32[28, 28, 64]) -> (y: f32[28, 28, 64]) {
  const w[o < 64, c < 64, r < 3, s < 3]: f32 = sin(f32(o + 2 * c + 3 * r + s));
  z[i < 28, j < 28, o] = sum(c, r, s: (x[i + r - 1, j + s - 1, c] or 0) * w[o, c, r, s]);
  y = max(z, 0);
}
--- out
fuse      z > y                       yes   vertical: one kernel (saves 401408 bytes)
winograd  z                           no    refused by option (estimated gain 3.26)
--- end
