# A reduction's index without any extent.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  y[i] = sum(k: x[i] * k);
}
--- err
case.graph:3:14: error: the extent of index 'k' cannot be found: it stands bare in no read of a tensor of known shape; write k < extent
      y[i] = sum(k: x[i] * k);
                 ^
--- end
