# A next value for what is no state.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  y[i] = x[i];
  s <- y;
}
--- err
case.graph:4:3: error: 's' is no state: write `state s: f32[...] = 0;`
      s <- y;
      ^
--- end
