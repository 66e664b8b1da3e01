# A delay that is not enough.
# $ frit compile case.graph --dump-ir=fuse --delay=2
graph g(x: f32[stream t]) -> (y: f32[t]) {
  y[t] = x[t] + (x[t + 3] or 0);
}
--- err
case.graph:3:18: error: `x` is read 3 frames ahead of time
      y[t] = x[t] + (x[t + 3] or 0);
                     ^
  help: --delay=3 makes the graph causal: its outputs come 3 frames later
--- end
