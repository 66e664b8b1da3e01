# A constant that would take too long to compute.
# $ frit compile case.graph --target=generic --printer=c -o x.c
graph g(x: f32[2000, 2000]) -> (y: f32[2000, 2000]) {
  const c[i < 2000, j < 2000]: f32 = sum(k < 2000, l < 2000: f32(i * j + k * l));
  y[i, j] = x[i, j] * c[i, j];
}
--- err
case.graph:3:9: error: the constant 'c' takes 2e+13 steps to compute
      const c[i < 2000, j < 2000]: f32 = sum(k < 2000, l < 2000: f32(i * j + k * l));
            ^
--- end
