# The same in a pattern with @.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[2, 3]) -> (y: f32[2, 6]) {
  y = concat(x, x, axis = 4);
}
--- err
case.graph:3:7: error: 'x' has 2 dimensions, axis 4 is outside
      y = concat(x, x, axis = 4);
          ^
  prelude.graph:232:11: note: in concat
    op concat(x[..a, i @ axis, ..b], y[..a, j @ axis, ..b]..., axis: int) { z[..a, i, ..b] = x[..a, i, ..b]; z[..a, i.size + j, ..b] = y[..a, j, ..b]; }
              ^
--- end
