# One result named twice.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4], y: f32[4]) {
  y = x * 2;
}
--- err
(no error)
--- end
