# A symbolic dimension cannot be divided in two parts.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[N] where N in 1..16) -> (y: f32[4]) {
  y[i < 4] = sum(k < N / 4: x[i * (N / 4) + k]);
}
--- err
--- end
