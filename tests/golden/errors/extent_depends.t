# An extent that depends on an index.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  y[i < 4] = sum(k < i + 1: x[k]);
}
--- err
--- end
