# Pieces of different rank.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4, 2]) {
  y[i, 0] = x[i];
  y[i] = x[i];
}
--- err
case.graph:4:3: error: pieces of 'y' have 2 and 1 dimensions
      y[i] = x[i];
      ^
--- end
