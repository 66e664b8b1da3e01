# -fno-fuse=tile cannot be followed where history goes block by block: the ledger says so.
# $ frit explain case.graph --target x86-64-v3 -fno-fuse=tile
graph g(x: f32[2, stream t], w: f32[4, 2, 3], v: f32[2, 4, 3]) -> (y: f32[2, t]) {
  h[o, t] = tanh(sum(c, k: (x[c, t + k - 2] or 0) * w[o, c, k]));
  y[o, t] = tanh(sum(c, k: (h[c, t + k - 2] or 0) * v[o, c, k]));
}
--- out
stream    x_past                      yes   2 frames of history
stream    h                           yes   2 frames of history
fuse      g                           no    tile refused, but history goes block by block: taken all the same
fuse      g                           yes   tile: 5 equations go block by block through one kernel
--- end
