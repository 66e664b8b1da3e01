# Groups that do not divide the channels.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[1, 6, 8], w: f32[8, 2, 3]) -> (y: f32[1, 8, 6]) {
  y = conv(x, w, group = 4);
}
--- err
case.graph:3:7: error: 'x': dimension 6 does not divide by 4
      y = conv(x, w, group = 4);
          ^
  prelude.graph:87:9: note: in conv
    op conv(x[n, (g < group, c), ..h], f[(g, o), c, ..k], bias[(g, o)] = 0, strides = 1, pads = 0, dilations = 1, group = 1, auto_pad = "NOTSET") {
            ^
--- end
