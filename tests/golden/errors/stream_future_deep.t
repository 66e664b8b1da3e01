# The future adds up over equations: 2 + 1 frames.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[stream t]) -> (y: f32[t]) {
  a[t] = (x[t - 1] or 0) + (x[t + 2] or 0);
  y[t] = (a[t - 1] or 0) + (a[t + 1] or 0);
}
--- err
case.graph:3:29: error: `x` is read 2 frames ahead of time
      a[t] = (x[t - 1] or 0) + (x[t + 2] or 0);
                                ^
  help: --delay=3 makes the graph causal: its outputs come 3 frames later
--- end
