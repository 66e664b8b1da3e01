# A mistake inside an operator shows the call first, then the place in the operator.
# $ frit compile case.graph --dump-ir=fuse
op diff(x[i]) { y[i] = x[i + 1] - x[i]; }
graph g(x: f32[5]) -> (y: f32[5]) {
  y = diff(x);
}
--- err
case.graph:4:7: error: the read x[i + 1] can fall outside: index 0 takes 1..5, the dimension has 5; say what it gives there with `or`, or clamp the index
      y = diff(x);
          ^
  case.graph:2:24: note: in diff
    op diff(x[i]) { y[i] = x[i + 1] - x[i]; }
                           ^
--- end
