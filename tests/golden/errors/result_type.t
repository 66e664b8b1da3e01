# A result of another type.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  y = x > 0;
}
--- err
case.graph:2:24: error: the result 'y' is declared f32[4], but it is bool[4]
    graph g(x: f32[4]) -> (y: f32[4]) {
                           ^
  case.graph:3:3: note: computed here
      y = x > 0;
      ^
--- end
