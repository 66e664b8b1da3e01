# Outside below, in the second dimension.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[3, 4]) -> (y: f32[3, 4]) {
  y[i, j < 4] = x[i, j - 2];
}
--- err
case.graph:3:17: error: the read x[i, j - 2] can fall outside: index 1 takes -2..1, the dimension has 4; say what it gives there with `or`, or clamp the index
      y[i, j < 4] = x[i, j - 2];
                    ^
--- end
