# A state with two next values.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  state s: f32[4] = 0;
  y[i] = x[i] + s[i];
  s <- y;
  s <- x;
}
--- err
case.graph:6:3: error: the state 's' has two next values
      s <- x;
      ^
--- end
