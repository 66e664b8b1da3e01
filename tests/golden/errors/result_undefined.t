# A result that no statement defines.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (out: f32[4]) {
  ouf = x * 2;
}
--- err
case.graph:2:24: error: the result 'out' is not defined
    graph g(x: f32[4]) -> (out: f32[4]) {
                           ^
  help: did you mean 'ouf'?
--- end
