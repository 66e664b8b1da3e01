# concat costs nothing: its parts are written where they belong.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=simplify
graph g(x: f32[4, 3], z: f32[4, 2]) -> (y: f32[4, 5]) {
  y = concat(tanh(x), exp(z), axis = 1);
}
--- out
stage simplify;
graph g(x: f32[4, 3], z: f32[4, 2]) -> (y: f32[4, 5]) {
  y[a0 < 4, i < 3]: f32 = tanh(x[a0, i]);
  y[a0 < 4, 3 + j < 5]: f32 = exp(z[a0, j]);
}
--- end
