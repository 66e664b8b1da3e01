# Indexing a number.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  n = 4;
  y[i < n] = n[i];
}
--- err
case.graph:2:24: error: the result 'y' is declared f32[4], but it is i64[4]
    graph g(x: f32[4]) -> (y: f32[4]) {
                           ^
  case.graph:4:3: note: computed here
      y[i < n] = n[i];
      ^
--- end
