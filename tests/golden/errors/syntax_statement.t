# A misspelt statement gets the near one.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  parm w: f32[4];
  y[i] = x[i];
}
--- err
case.graph:3:3: error: there is no statement 'parm'
      parm w: f32[4];
      ^
  help: did you mean 'param'?
--- end
