# Bounds the wrong way round.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[N, 4] where N in 256..1) -> (y: f32[N, 4]) {
  y = x * 2;
}
--- err
--- end
