# The same in a reduction: both tensors and both extents are named.
# $ frit compile case.graph --dump-ir=fuse
graph g(a: f32[4, 6], b: f32[5, 3]) -> (y: f32[4, 3]) {
  y[i, j] = sum(k: a[i, k] * b[k, j]);
}
--- err
case.graph:3:30: error: index 'k' runs over 6, but dimension 0 of 'b' [5, 3] has 5
      y[i, j] = sum(k: a[i, k] * b[k, j]);
                                 ^
  case.graph:2:9: note: 'a' [4, 6] gives 'k' its extent
    graph g(a: f32[4, 6], b: f32[5, 3]) -> (y: f32[4, 3]) {
            ^
  case.graph:2:23: note: 'b' is declared here
    graph g(a: f32[4, 6], b: f32[5, 3]) -> (y: f32[4, 3]) {
                          ^
--- end
