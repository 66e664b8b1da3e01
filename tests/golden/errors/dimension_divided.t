# A symbolic dimension cannot be divided in two parts.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[N] where N in 1..16) -> (y: f32[4]) {
  y[i < 4] = sum(k < N / 4: x[i * (N / 4) + k]);
}
--- err
case.graph:3:20: error: the extent of 'k' needs a constant extent: of a symbolic dimension only `dimension + number` is one, this is N / 4
      y[i < 4] = sum(k < N / 4: x[i * (N / 4) + k]);
                       ^
--- end
