# A constant index outside.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[1]) {
  y[i < 1] = x[7];
}
--- err
case.graph:3:14: error: the read x[7] can fall outside: index 0 takes 7..7, the dimension has 4; say what it gives there with `or`, or clamp the index
      y[i < 1] = x[7];
                 ^
--- end
