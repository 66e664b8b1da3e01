# A stream with bounds, and a symbolic dimension.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=parse
graph g(x: f32[N, stream t] where N in 1..8, t in 1..512) -> (y: f32[N, t]) {
  y[n, t] = x[n, t] + (x[n, t - 3] or 0);
}
--- out
graph g(x: f32[N, stream t] where N in 1..8, t in 1..512) -> (y: f32[N, t]) {
  y[n, t] = x[n, t] + (x[n, t - 3] or 0);
}
--- end
