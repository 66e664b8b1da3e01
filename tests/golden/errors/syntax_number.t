# A number with letters at its end.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  y[i] = x[i] * 12abc;
}
--- err
case.graph:3:17: error: '12abc' is not a number
      y[i] = x[i] * 12abc;
                    ^
--- end
