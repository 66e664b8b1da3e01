# Bounds of a dimension that no input has.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[N, 4] where M in 1..16) -> (y: f32[N, 4]) {
  y = x * 2;
}
--- err
case.graph:2:16: error: the dimension 'N' needs bounds: write `where N in 1..256` after the inputs
    graph g(x: f32[N, 4] where M in 1..16) -> (y: f32[N, 4]) {
                   ^
--- end
