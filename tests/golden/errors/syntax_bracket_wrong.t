# A bracket closed by one of another kind.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  y[i] = x[i) + 1;
}
--- err
case.graph:3:13: error: expected ',', ':', ']' or an operator after 'i', found ')'
      y[i] = x[i) + 1;
                ^
  case.graph:3:11: note: '[' was opened here
      y[i] = x[i) + 1;
              ^
--- end
