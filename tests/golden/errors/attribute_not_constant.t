# An attribute must be known when the graph is compiled.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[2, 3], s: i64[1]) -> (y: f32[6]) {
  y = reshape(x, shape = s);
}
--- err
case.graph:3:7: error: attribute 'shape' must be known when the graph is compiled; 's' is a tensor whose values are not
      y = reshape(x, shape = s);
          ^
--- end
