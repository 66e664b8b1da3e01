# A result of another shape than the graph says: both places.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4, 5]) -> (y: f32[5, 4]) {
  y = x * 2;
}
--- err
--- end
