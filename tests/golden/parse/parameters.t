# Every kind of parameter: tensors with patterns, bare names, defaults, kinds, optional and folded tensors, further attributes.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=parse
op f(x[n, (g < groups, c), ..h], w[3, k], bias[c] = 0, mask[..~h] = none, t, groups: int, pads: ints = [0, 0], mode = "same", up: bool = false, to: type = f32, ...) -> (y, z) {
  y[n, c] = x[n, (0, c), ..0 * h] * w[0, 0] + bias[c];
  z = other(y, w, groups = 2, ...);
}
op all(x[..i], y[..i]...) = max(x, y);
graph g(x: f32[4], y: f32[4], z: f32[4]) -> (m: f32[4]) {
  m = all(x, y, z);
}
--- out
op f(x[n, (g < groups, c), ..h], w[3, k], bias[c] = 0, mask[..~h] = none, t, groups: int, pads: ints = [0, 0], mode = "same", up: bool = false, to: type = f32, ...) -> (y, z) {
  y[n, c] = x[n, (0, c), ..0 * h] * w[0, 0] + bias[c];
  z = other(y, w, groups = 2, ...);
}

op all(x[..i], y[..i]...) = max(x, y);

graph g(x: f32[4], y: f32[4], z: f32[4]) -> (m: f32[4]) {
  m = all(x, y, z);
}
--- end
