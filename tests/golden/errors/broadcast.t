# Whole tensors that do not broadcast.
# $ frit compile case.graph --dump-ir=fuse
graph g(a: f32[4, 5], b: f32[4, 6]) -> (y: f32[4, 5]) {
  y = a + b;
}
--- err
case.graph:3:9: error: shapes [4, 5] and [4, 6] do not broadcast
      y = a + b;
            ^
--- end
