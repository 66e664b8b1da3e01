# An input of a graph has a type and a shape.
# $ frit compile case.graph --dump-ir=fuse
graph g(x) -> (y: f32[4]) {
  y = x * 2;
}
--- err
--- end
