# A state is written by <-, not by an equation.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  state s: f32[4] = 0;
  y[i] = x[i] + s[i];
  s[i] = y[i];
}
--- err
case.graph:3:9: error: 's' has no stream dimension: only stream tensors have a past (a state's next value is written s <- value)
      state s: f32[4] = 0;
            ^
--- end
