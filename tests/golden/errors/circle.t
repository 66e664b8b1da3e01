# Equations that read each other at the same place.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  a[i] = y[i] + x[i];
  y[i] = a[i] * 2.0;
}
--- err
case.graph:3:3: error: the equations of a, y depend on each other in a circle: no dimension steps through them in one direction
      a[i] = y[i] + x[i];
      ^
  help: in a recurrence every read of the circle's tensors is at an earlier place (or every one at a later) of one dimension
--- end
