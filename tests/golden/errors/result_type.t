# A result of another type.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  y = x > 0;
}
--- err
--- end
