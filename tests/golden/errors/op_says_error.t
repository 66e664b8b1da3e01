# An operator's own check, error("..."), is shown at the call.
# $ frit compile case.graph --dump-ir=fuse
op need_even(x[i]) { n = i.size % 2 == 0 ? i.size : error("the length must be even"); y[j < n / 2] = x[2 * j]; }
graph g(x: f32[5]) -> (y: f32[2]) {
  y = need_even(x);
}
--- err
case.graph:4:7: error: the length must be even
      y = need_even(x);
          ^
  case.graph:2:53: note: in need_even
    op need_even(x[i]) { n = i.size % 2 == 0 ? i.size : error("the length must be even"); y[j < n / 2] = x[2 * j]; }
                                                        ^
--- end
