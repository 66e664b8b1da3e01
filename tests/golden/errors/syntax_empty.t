# An empty file holds no graph.
# $ : >b.graph; frit compile b.graph --dump-ir=fuse
--- err
b.graph:1:1: error: there is no graph in this file
  help: it needs one: graph NAME(x: f32[4]) -> (y: f32[4]) { y[i] = x[i]; }
--- end
