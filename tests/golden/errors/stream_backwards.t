# Time read backwards.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[stream t]) -> (y: f32[t]) {
  y[t] = (x[100 - t] or 0);
}
--- err
case.graph:3:11: error: `x` is read at a frame that is not the present one plus a bounded offset
      y[t] = (x[100 - t] or 0);
              ^
--- end
