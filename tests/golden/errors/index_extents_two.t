# One index reads dimensions of two extents.
# $ frit compile case.graph --dump-ir=fuse
graph g(a: f32[4], b: f32[5]) -> (y: f32[4]) {
  y[i] = a[i] + b[i];
}
--- err
case.graph:3:17: error: index 'i' runs over 4, but dimension 0 of 'b' [5] has 5
      y[i] = a[i] + b[i];
                    ^
--- end
