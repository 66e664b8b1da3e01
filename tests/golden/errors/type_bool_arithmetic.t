# Arithmetic of truth values.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: bool[4]) {
  y[i] = (x[i] > 0) * (x[i] < 1);
}
--- err
case.graph:2:24: error: the result 'y' is declared bool[4], but it is i32[4]
    graph g(x: f32[4]) -> (y: bool[4]) {
                           ^
  case.graph:3:3: note: computed here
      y[i] = (x[i] > 0) * (x[i] < 1);
      ^
--- end
