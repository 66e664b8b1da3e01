# Index arithmetic beyond 64 bits.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  y[i] = x[(i + 9223372036854775807) % 4];
}
--- err
--- end
