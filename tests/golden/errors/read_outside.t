# A read that can fall outside shows its range.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  y[i] = x[i] + x[i + 1];
}
--- err
case.graph:3:17: error: the read x[i + 1] can fall outside: index 0 takes 1..4, the dimension has 4; say what it gives there with `or`, or clamp the index
      y[i] = x[i] + x[i + 1];
                    ^
--- end
