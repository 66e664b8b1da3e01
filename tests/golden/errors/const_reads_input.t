# A constant cannot read an input.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  const c[i] = x[i] * 2;
  y[i] = c[i];
}
--- err
case.graph:3:9: error: a constant reads 'x', which is not known when the graph is compiled
      const c[i] = x[i] * 2;
            ^
--- end
