# An unknown operator gets the nearest known one.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  y = sofmax(x);
}
--- err
case.graph:3:7: error: there is no operator 'sofmax'
      y = sofmax(x);
          ^
  help: did you mean 'softmax'?
--- end
