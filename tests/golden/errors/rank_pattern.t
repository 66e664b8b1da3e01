# A tensor of the wrong rank for an operator's pattern.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[8], w: f32[3, 2, 3]) -> (y: f32[1, 3, 6]) {
  y = conv(x, w);
}
--- err
case.graph:3:7: error: 'x' has 1 dimension [8], its pattern wants at least 2
      y = conv(x, w);
          ^
  prelude.graph:87:9: note: in conv
    op conv(x[n, (g < group, c), ..h], f[(g, o), c, ..k], bias[(g, o)] = 0, strides = 1, pads = 0, dilations = 1, group = 1, auto_pad = "NOTSET") {
            ^
--- end
