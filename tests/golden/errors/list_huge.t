# A list that would fill the memory.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  n = len(range(1000000000000));
  y[i] = x[i] * n;
}
--- err
case.graph:3:11: error: a range beyond 10^9
      n = len(range(1000000000000));
              ^
--- end
