# The type behind the colon is asserted.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: i32[4]) {
  y[i]: i32 = x[i];
}
--- err
case.graph:3:3: error: 'y' is f32 here, but said to be i32: convert it, i32(...)
      y[i]: i32 = x[i];
      ^
--- end
