# A result of another shape than the graph says: both places.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4, 5]) -> (y: f32[5, 4]) {
  y = x * 2;
}
--- err
case.graph:2:27: error: the result 'y' is declared f32[5, 4], but it is f32[4, 5]
    graph g(x: f32[4, 5]) -> (y: f32[5, 4]) {
                              ^
  case.graph:3:3: note: computed here
      y = x * 2;
      ^
--- end
