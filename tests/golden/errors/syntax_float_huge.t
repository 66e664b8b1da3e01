# A number beyond the largest double.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  y[i] = x[i] * 1.0e999;
}
--- err
case.graph:3:17: error: 1.0e999 is too large for a floating-point number
      y[i] = x[i] * 1.0e999;
                    ^
--- end
