# Channels that disagree: both tensors are named.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[1, 3, 8], w: f32[5, 4, 3]) -> (y: f32[1, 5, 6]) {
  y = conv(x, w);
}
--- err
case.graph:3:7: error: 'f': index 'c' is 4 here, but 3 elsewhere
      y = conv(x, w);
          ^
  prelude.graph:143:36: note: in conv
    op conv(x[n, (g < group, c), ..h], f[(g, o), c, ..k], bias[(g, o)] = 0, strides = 1, pads = 0, dilations = 1, group = 1, auto_pad = "NOTSET") {
                                       ^
--- end
