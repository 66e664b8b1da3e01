# A call without a tensor that the operator needs.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4, 4]) -> (y: f32[4, 4]) {
  y = matmul(x);
}
--- err
case.graph:3:7: error: 'matmul' needs its tensor 'b'
      y = matmul(x);
          ^
--- end
