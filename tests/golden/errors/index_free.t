# An index that stands only on the right.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4, 5]) -> (y: f32[4]) {
  y[i] = x[i, k];
}
--- err
case.graph:3:15: error: 'k' is not known here (an index stands on the left or in a reduction)
      y[i] = x[i, k];
                  ^
--- end
