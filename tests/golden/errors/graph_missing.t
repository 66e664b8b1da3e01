# Operators alone are no graph.
# $ frit compile case.graph --dump-ir=fuse
op twice(x) = x * 2;
--- err
case.graph:1:1: error: there is no graph in this file
    # Operators alone are no graph.
    ^
  help: it needs one: graph NAME(x: f32[4]) -> (y: f32[4]) { y[i] = x[i]; }
--- end
