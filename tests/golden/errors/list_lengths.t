# Arithmetic of two lists of different lengths.
# $ frit compile case.graph --dump-ir=fuse
op shift(x[..i], by: ints) { y[..i] = (x[..i + by] or 0); }
graph g(x: f32[2, 3]) -> (y: f32[2, 3]) { y = shift(x, by = [1, 1, 1]); }
--- err
case.graph:3:47: error: lists of lengths 2 and 3 in '+'
    graph g(x: f32[2, 3]) -> (y: f32[2, 3]) { y = shift(x, by = [1, 1, 1]); }
                                                  ^
  case.graph:2:46: note: in shift
    op shift(x[..i], by: ints) { y[..i] = (x[..i + by] or 0); }
                                                 ^
--- end
