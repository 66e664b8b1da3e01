# The past of the first frames must be said.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[stream t]) -> (y: f32[t]) {
  y[t] = x[t] + x[t - 1];
}
--- err
case.graph:3:17: error: the read x[t - 1] can fall outside: index 0 takes -1..4094, the dimension has t; say what it gives there with `or`, or clamp the index
      y[t] = x[t] + x[t - 1];
                    ^
--- end
