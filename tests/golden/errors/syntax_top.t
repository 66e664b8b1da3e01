# Outside a block stand operators and graphs.
# $ frit compile case.graph --dump-ir=fuse
grahp g(x: f32[4]) -> (y: f32[4]) { y[i] = x[i]; }
--- err
case.graph:2:1: error: there is no statement 'grahp'
    grahp g(x: f32[4]) -> (y: f32[4]) { y[i] = x[i]; }
    ^
  help: did you mean 'graph'?
--- end
