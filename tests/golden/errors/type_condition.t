# A condition is a truth value.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  y[i] = x[i] ? 1.0 : 2.0;
}
--- err
case.graph:3:15: error: the condition is f32: it must be a truth value
      y[i] = x[i] ? 1.0 : 2.0;
                  ^
--- end
