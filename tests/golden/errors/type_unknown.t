# A type that does not exist gets the near one.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f23[4]) -> (y: f32[4]) {
  y[i] = x[i];
}
--- err
case.graph:2:9: error: 'f23' is no type
    graph g(x: f23[4]) -> (y: f32[4]) {
            ^
  help: did you mean 'f32'?
--- end
