# A result that no statement defines.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (out: f32[4]) {
  ouf = x * 2;
}
--- err
--- end
