# Two symbolic dimensions are different, even of equal bounds.
# $ frit compile case.graph --dump-ir=fuse
graph g(a: f32[N], b: f32[M] where N in 1..16, M in 1..16) -> (y: f32[N]) {
  y[i] = a[i] + b[i];
}
--- err
--- end
