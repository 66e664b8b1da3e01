# An attribute without a default.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[2, 3]) -> (y: f32[6]) {
  y = reshape(x);
}
--- err
case.graph:3:7: error: 'reshape' needs its attribute 'shape'
      y = reshape(x);
          ^
--- end
