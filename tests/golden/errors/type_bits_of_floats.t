# '&' of floats.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  y[i] = x[i] & 7;
}
--- err
case.graph:3:15: error: '&' of floats: bits(i32, x) gives the bits of an f32
      y[i] = x[i] & 7;
                  ^
--- end
