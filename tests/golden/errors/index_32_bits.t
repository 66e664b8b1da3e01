# More bytes than a 32-bit target reaches.
# $ frit compile case.graph --target=cortex-m7 -o case.c
graph g(x: f32[40000, 40000]) -> (y: f32[40000]) {
  y[i] = sum(k: x[i, k]);
}
--- err
case.graph:2:9: error: 'x' has 6400000192 bytes, more than the 2^31 - 1 that the 32-bit target cortex-m7 reaches
    graph g(x: f32[40000, 40000]) -> (y: f32[40000]) {
            ^
--- end
