# One index reads dimensions of two extents.
# $ frit compile case.graph --dump-ir=fuse
graph g(a: f32[4], b: f32[5]) -> (y: f32[4]) {
  y[i] = a[i] + b[i];
}
--- err
case.graph:3:17: error: index 'i' runs over 4, but dimension 0 of 'b' [5] has 5
      y[i] = a[i] + b[i];
                    ^
  case.graph:2:9: note: 'a' [4] gives 'i' its extent
    graph g(a: f32[4], b: f32[5]) -> (y: f32[4]) {
            ^
  case.graph:2:20: note: 'b' is declared here
    graph g(a: f32[4], b: f32[5]) -> (y: f32[4]) {
                       ^
--- end
