# Two pieces write the same elements.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[6]) {
  y[i < 4] = x[i];
  y[3 + i < 6] = 0.0;
}
--- err
case.graph:4:3: error: two pieces of 'y' overlap: write them as boxes that do not meet
      y[3 + i < 6] = 0.0;
      ^
  case.graph:3:3: note: the other piece
      y[i < 4] = x[i];
      ^
--- end
