# Bounds the wrong way round.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[N, 4] where N in 256..1) -> (y: f32[N, 4]) {
  y = x * 2;
}
--- err
case.graph:2:28: error: the bounds 256..1 of 'N': the least is at least 1, the largest not below it
    graph g(x: f32[N, 4] where N in 256..1) -> (y: f32[N, 4]) {
                               ^
--- end
