# One result named twice.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4], y: f32[4]) {
  y = x * 2;
}
--- err
case.graph:2:35: error: the result 'y' is named twice
    graph g(x: f32[4]) -> (y: f32[4], y: f32[4]) {
                                      ^
--- end
