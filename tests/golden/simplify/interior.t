# A guard stays only where a read may fall outside; a read that always does is its alternative.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=simplify
graph g(x: f32[8]) -> (y: f32[8], z: f32[4]) {
  y[i] = (x[i - 1] or 0) + x[i];
  z[i < 4] = (x[i + 2] or 0) + (x[i + 9] or 5);
}
--- out
stage simplify;
graph g(x: f32[8]) -> (y: f32[8], z: f32[4]) {
  y[i < 8]: f32 = (x[i - 1] or 0) + x[i];
  z[i < 4]: f32 = x[i + 2] + f32(5.0);
}
--- end
