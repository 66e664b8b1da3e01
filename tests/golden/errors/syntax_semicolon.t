# A missing semicolon is reported behind the statement that lacks it.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  a[i] = x[i] * 2
  y[i] = a[i];
}
--- err
case.graph:3:18: error: expected ';' or an operator after '2', found 'y'
      a[i] = x[i] * 2
                     ^
--- end
