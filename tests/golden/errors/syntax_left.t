# The left side is a name, an element, a tuple of names or a local function.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  x[0] + 1 = 2;
  y[i] = x[i];
}
--- err
case.graph:3:3: error: a statement defines a name or a tensor's elements
      x[0] + 1 = 2;
      ^
--- end
