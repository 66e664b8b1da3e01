# An unknown attribute gets the nearest known one.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[1, 2, 8], w: f32[3, 2, 3]) -> (y: f32[1, 3, 6]) {
  y = conv(x, w, stride = 2);
}
--- err
case.graph:3:18: error: 'conv' has no parameter 'stride'
      y = conv(x, w, stride = 2);
                     ^
  help: did you mean 'strides'?
--- end
