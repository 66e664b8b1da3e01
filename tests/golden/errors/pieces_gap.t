# Pieces that leave a hole.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[6]) {
  y[i < 3] = x[i];
  y[4 + i < 6] = 0.0;
}
--- err
case.graph:3:3: error: the pieces of 'y' [6] do not cover it
      y[i < 3] = x[i];
      ^
--- end
