# More names than the call has results.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  (y, z) = softmax(x);
}
--- err
case.graph:3:3: error: 1 result for 2 names
      (y, z) = softmax(x);
      ^
--- end
