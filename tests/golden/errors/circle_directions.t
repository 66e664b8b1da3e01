# A recurrence that looks both ways.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  y[i] = x[i] + (y[i - 1] or 0) + (y[i + 1] or 0);
}
--- err
case.graph:3:3: error: the equations of y depend on each other in a circle: no dimension steps through them in one direction
      y[i] = x[i] + (y[i - 1] or 0) + (y[i + 1] or 0);
      ^
  help: in a recurrence every read of the circle's tensors is at an earlier place (or every one at a later) of one dimension
--- end
