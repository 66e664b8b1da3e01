# A bracket that is not closed before the statement ends: the note shows where it was opened.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  y[i] = (x[i] + 1;
}
--- err
case.graph:3:19: error: expected ')', ',' or an operator after '1', found ';'
      y[i] = (x[i] + 1;
                      ^
  case.graph:3:10: note: '(' was opened here
      y[i] = (x[i] + 1;
             ^
--- end
