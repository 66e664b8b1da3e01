# A recurrence that runs backwards in time.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[stream t]) -> (y: f32[t]) {
  y[t] = x[t] + (y[t + 1] or 0) * 0.5;
}
--- err
case.graph:3:18: error: a recurrence reads its own future: `y`
      y[t] = x[t] + (y[t + 1] or 0) * 0.5;
                     ^
--- end
