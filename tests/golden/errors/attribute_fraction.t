# A fraction where an integer is wanted.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[1, 2, 8], w: f32[3, 2, 3]) -> (y: f32[1, 3, 6]) {
  y = conv(x, w, group = 1.5);
}
--- err
case.graph:3:7: error: the extent of an index must be an integer; this is 1.5
      y = conv(x, w, group = 1.5);
          ^
  prelude.graph:87:17: note: in conv
    op conv(x[n, (g < group, c), ..h], f[(g, o), c, ..k], bias[(g, o)] = 0, strides = 1, pads = 0, dilations = 1, group = 1, auto_pad = "NOTSET") {
                    ^
--- end
