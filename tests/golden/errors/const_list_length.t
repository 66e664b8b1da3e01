# A list of constants of another length than its shape.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  const c: f32[4] = [1.0, 2.0, 3.0];
  y[i] = x[i] * c[i];
}
--- err
case.graph:3:9: error: 'c' has [4] in dimension 0, the list has 3
      const c: f32[4] = [1.0, 2.0, 3.0];
            ^
--- end
