# An alternative that is a sum is understood in a way that few mean: a warning, not an error.
# $ frit compile case.graph --dump-ir=expand 2>&1
graph g(x: f32[4]) -> (y: f32[4]) {
  y[i] = x[i - 1] or 0 + x[i];
}
--- out
stage expand;
graph g(x: f32[4]) -> (y: f32[4]) {
  y[i < 4]: f32 = (x[i - 1] or 0 + x[i]);
}
case.graph:3:24: warning: 'or' binds more loosely than '+': this is `x or (a + b)`
      y[i] = x[i - 1] or 0 + x[i];
                           ^
  help: write parentheses around what is meant
--- end
