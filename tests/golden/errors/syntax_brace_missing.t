# The graph's block has no end.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  y[i] = x[i];
--- err
case.graph:4:1: error: expected '}' or a statement after ';', found the end of the file
  case.graph:2:35: note: '{' was opened here
    graph g(x: f32[4]) -> (y: f32[4]) {
                                      ^
--- end
