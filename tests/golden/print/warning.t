# An alternative that is a sum, without parentheses, gets a warning.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=expand 2>&1
graph g(x: f32[8], z: f32[8]) -> (y: f32[8]) {
  y[i] = x[i - 1] or 0 + z[i];
}
--- out
stage expand;
graph g(x: f32[8], z: f32[8]) -> (y: f32[8]) {
  y[i < 8]: f32 = (x[i - 1] or 0 + z[i]);
}
case.graph:3:24: warning: 'or' binds more loosely than '+': this is `x or (a + b)`
      y[i] = x[i - 1] or 0 + z[i];
                           ^
  help: write parentheses around what is meant
--- end
