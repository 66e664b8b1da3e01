# An unknown name gets the nearest known one.
# $ frit compile case.graph --dump-ir=fuse
graph g(signal: f32[4]) -> (y: f32[4]) {
  y[i] = singal[i];
}
--- err
case.graph:3:10: error: 'singal' is not known here
      y[i] = singal[i];
             ^
  help: did you mean 'signal'?
--- end
