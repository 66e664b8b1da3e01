# A graph without results.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) {
  y = x * 2;
}
--- err
case.graph:2:7: error: the graph 'g' has no results: write `graph g(...) -> (y) { ... }`
    graph g(x: f32[4]) {
          ^
--- end
