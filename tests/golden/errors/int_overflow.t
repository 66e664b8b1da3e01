# Index arithmetic beyond 64 bits.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  y[i] = x[(i + 9223372036854775807) % 4];
}
--- err
case.graph:3:3: error: the extent of index 'i' cannot be found: it stands bare in no read of a tensor of known shape; write i < extent
      y[i] = x[(i + 9223372036854775807) % 4];
      ^
--- end
