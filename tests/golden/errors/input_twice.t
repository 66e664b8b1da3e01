# Two inputs of one name.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4], x: f32[4]) -> (y: f32[4]) {
  y = x * 2;
}
--- err
case.graph:2:20: error: 'x' is already defined
    graph g(x: f32[4], x: f32[4]) -> (y: f32[4]) {
                       ^
--- end
