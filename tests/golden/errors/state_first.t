# The first value of a state is known when the graph is compiled.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  state s: f32[4] = x;
  y[i] = x[i] + s[i];
  s <- y;
}
--- err
case.graph:3:21: error: tensor 'x' has 1 dimension and needs indices here
      state s: f32[4] = x;
                        ^
--- end
