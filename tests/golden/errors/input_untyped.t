# An input of a graph has a type and a shape.
# $ frit compile case.graph --dump-ir=fuse
graph g(x) -> (y: f32[4]) {
  y = x * 2;
}
--- err
case.graph:2:9: error: an input of a graph is written name: type[shape]
    graph g(x) -> (y: f32[4]) {
            ^
--- end
