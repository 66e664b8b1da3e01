# A character that is no sign of the language.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  y[i] = x[i] $ 2;
}
--- err
case.graph:3:15: error: '$' is no sign of this language
      y[i] = x[i] $ 2;
                  ^
--- end
