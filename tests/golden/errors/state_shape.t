# The next value of a state has the state's shape.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  state s: f32[3] = 0;
  y[i] = x[i] + s[0];
  s <- y;
}
--- err
case.graph:5:3: error: the state 's' is f32[3], its next value is f32[4]
      s <- y;
      ^
--- end
