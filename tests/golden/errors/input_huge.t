# More elements than any machine holds.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[1099511627776, 1024]) -> (y: f32[4]) {
  y[i < 4] = x[i, 0];
}
--- err
case.graph:2:9: error: 'x' has more than 2^40 elements
    graph g(x: f32[1099511627776, 1024]) -> (y: f32[4]) {
            ^
--- end
