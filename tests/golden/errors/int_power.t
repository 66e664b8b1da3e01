# A power beyond 64 bits.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  y[i < 10 ** 30] = x[0];
}
--- err
case.graph:3:12: error: the result of '**' does not fit into 64 bits
      y[i < 10 ** 30] = x[0];
               ^
--- end
