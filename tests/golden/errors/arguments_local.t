# A local function with the wrong number of arguments.
# $ frit compile case.graph --dump-ir=fuse
op two(x[i]) {
  at(k) = x[k] or 0;
  y[i] = at(i, 1);
}
graph g(x: f32[4]) -> (y: f32[4]) { y = two(x); }
--- err
case.graph:6:41: error: 'at' takes 1 argument, 2 given
    graph g(x: f32[4]) -> (y: f32[4]) { y = two(x); }
                                            ^
  case.graph:4:10: note: in two
      y[i] = at(i, 1);
             ^
--- end
