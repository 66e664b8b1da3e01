# A whole tensor where an element is needed.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4], b: f32[4]) -> (y: f32[4]) {
  y[i] = x[i] + b;
}
--- err
case.graph:3:17: error: tensor 'b' has 1 dimension and needs indices here
      y[i] = x[i] + b;
                    ^
--- end
