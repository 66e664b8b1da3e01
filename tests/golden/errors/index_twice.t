# An index stands once on the left.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4, 4]) -> (y: f32[4, 4]) {
  y[i, i] = x[i, i];
}
--- err
case.graph:3:3: error: index 'i' stands twice on the left
      y[i, i] = x[i, i];
      ^
--- end
