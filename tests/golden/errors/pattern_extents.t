# Channels that disagree: both tensors are named.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[1, 3, 8], w: f32[5, 4, 3]) -> (y: f32[1, 5, 6]) {
  y = conv(x, w);
}
--- err
case.graph:3:7: error: index 'c' is 4 in 'w' [5, 4, 3], but 3 in 'x' [1, 3, 8]
      y = conv(x, w);
          ^
  case.graph:2:26: note: 'w' is declared here
    graph g(x: f32[1, 3, 8], w: f32[5, 4, 3]) -> (y: f32[1, 5, 6]) {
                             ^
  case.graph:2:9: note: 'x' is declared here
    graph g(x: f32[1, 3, 8], w: f32[5, 4, 3]) -> (y: f32[1, 5, 6]) {
            ^
  prelude.graph:87:36: note: in conv
    op conv(x[n, (g < group, c), ..h], f[(g, o), c, ..k], bias[(g, o)] = 0, strides = 1, pads = 0, dilations = 1, group = 1, auto_pad = "NOTSET") {
                                       ^
--- end
