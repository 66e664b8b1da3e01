# A reduction over all time never ends.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[stream t]) -> (y: f32[4]) {
  y[i < 4] = sum(t: x[t]);
}
--- err
case.graph:3:3: error: `y` needs all frames of a stream at once
      y[i < 4] = sum(t: x[t]);
      ^
--- end
