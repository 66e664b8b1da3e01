# A symbolic dimension needs bounds.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[N, 4]) -> (y: f32[N, 4]) {
  y = x * 2;
}
--- err
--- end
