# The last statement of a block lacks its semicolon.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  y[i] = x[i] * 2
}
--- err
case.graph:3:18: error: expected ';' or an operator after '2', found '}'
      y[i] = x[i] * 2
                     ^
--- end
