# One file, one graph.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) { y[i] = x[i]; }
graph h(x: f32[4]) -> (y: f32[4]) { y[i] = x[i]; }
--- err
case.graph:3:7: error: 'h' is a second graph: a file holds one
    graph h(x: f32[4]) -> (y: f32[4]) { y[i] = x[i]; }
          ^
  case.graph:2:7: note: the first is here
    graph g(x: f32[4]) -> (y: f32[4]) { y[i] = x[i]; }
          ^
--- end
