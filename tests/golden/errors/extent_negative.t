# An extent that comes out negative.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  y[i < x.size - 6] = 1.0;
}
--- err
case.graph:2:24: error: the result 'y' has no elements: [0]
    graph g(x: f32[4]) -> (y: f32[4]) {
                           ^
--- end
