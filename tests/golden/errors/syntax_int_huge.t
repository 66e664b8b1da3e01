# A whole number beyond 64 bits.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  y[i] = x[i] + 99999999999999999999;
}
--- err
case.graph:3:17: error: 99999999999999999999 is too large: integers have 64 bits
      y[i] = x[i] + 99999999999999999999;
                    ^
--- end
