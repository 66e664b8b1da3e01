# Two symbolic dimensions are different, even of equal bounds.
# $ frit compile case.graph --dump-ir=fuse
graph g(a: f32[N], b: f32[M] where N in 1..16, M in 1..16) -> (y: f32[N]) {
  y[i] = a[i] + b[i];
}
--- err
case.graph:3:17: error: index 'i' runs over N, but dimension 0 of 'b' [M] has M
      y[i] = a[i] + b[i];
                    ^
  case.graph:2:9: note: 'a' [N] gives 'i' its extent
    graph g(a: f32[N], b: f32[M] where N in 1..16, M in 1..16) -> (y: f32[N]) {
            ^
  case.graph:2:20: note: 'b' is declared here
    graph g(a: f32[N], b: f32[M] where N in 1..16, M in 1..16) -> (y: f32[N]) {
                       ^
--- end
