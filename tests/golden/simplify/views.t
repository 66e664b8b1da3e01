# Reshapes, transposes, slices and copies are places of a read, not work.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=simplify
graph g(x: f32[4, 6]) -> (y: f32[6, 2]) {
  r = reshape(x, shape = [2, 2, 6]);
  t = transpose(r, perm = [2, 0, 1]);
  s = narrow(t, axis = 2, start = 1, size = 1);
  y = relu(squeeze(s, axes = [2]));
}
--- out
stage simplify;
graph g(x: f32[4, 6]) -> (y: f32[6, 2]) {
  y[i < 6, j < 2]: f32 = max(x[2 * j + 1, i], 0);
}
--- end
