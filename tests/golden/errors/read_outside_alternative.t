# The alternative of `or` must be inside itself.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  y[i < 4] = (x[i - 1] or x[i - 2]);
}
--- err
case.graph:3:27: error: the read x[i - 2] can fall outside: index 0 takes -2..1, the dimension has 4; say what it gives there with `or`, or clamp the index
      y[i < 4] = (x[i - 1] or x[i - 2]);
                              ^
--- end
