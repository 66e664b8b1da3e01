# An extent that depends on an index.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  y[i < 4] = sum(k < i + 1: x[k]);
}
--- err
case.graph:3:20: error: the extent of 'k' depends on an index or tensor; give a constant extent and a condition (if)
      y[i < 4] = sum(k < i + 1: x[k]);
                       ^
--- end
