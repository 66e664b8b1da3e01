# Two matrices that do not fit.
# $ frit compile case.graph --dump-ir=fuse
graph g(a: f32[4, 6], b: f32[5, 3]) -> (y: f32[4, 3]) {
  y = matmul(a, b);
}
--- err
case.graph:3:7: error: index 'k' is 5 in 'b' [5, 3], but 6 in 'a' [4, 6]
      y = matmul(a, b);
          ^
  case.graph:2:23: note: 'b' is declared here
    graph g(a: f32[4, 6], b: f32[5, 3]) -> (y: f32[4, 3]) {
                          ^
  case.graph:2:9: note: 'a' is declared here
    graph g(a: f32[4, 6], b: f32[5, 3]) -> (y: f32[4, 3]) {
            ^
  prelude.graph:64:26: note: in matmul
    op matmul(a[..~p, i, k], b[..~p, k, j]) { y[..p, i, j] = sum(k: a[..p, i, k] * b[..p, k, j]); }
                             ^
--- end
