# An axis that the tensor does not have.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[2, 3]) -> (y: f32[2, 3]) {
  y = softmax(x, axes = [2]);
}
--- err
case.graph:3:7: error: axis 2 is outside the 2 dimensions
      y = softmax(x, axes = [2]);
          ^
  prelude.graph:173:7: note: in softmax
      m[..drop(i, axes)] = max(..i[axes]: x[..i]);
          ^
--- end
