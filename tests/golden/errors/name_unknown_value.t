# Several unknown names are all reported.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  a[i] = x[i] * gain;
  b[i] = x[i] * offset;
  y[i] = a[i] + b[i];
}
--- err
case.graph:3:17: error: 'gain' is not known here (an index stands on the left or in a reduction)
      a[i] = x[i] * gain;
                    ^
case.graph:4:17: error: 'offset' is not known here (an index stands on the left or in a reduction)
      b[i] = x[i] * offset;
                    ^
--- end
