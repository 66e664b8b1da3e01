# An operator that looks at all of a stream.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4, stream t]) -> (y: f32[4, t]) {
  y = softmax(x);
}
--- err
case.graph:3:7: error: `y.m` needs all frames of a stream at once
      y = softmax(x);
          ^
prelude.graph:175:36: error: `y.e` is read at a frame that is not the present one plus a bounded offset
      y[..i] = e[..i] / sum(..i[axes]: e[..i]); }
                                       ^
--- end
