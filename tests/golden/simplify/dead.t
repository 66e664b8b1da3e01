# What no result needs goes, with the constants that only it read.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=simplify
graph g(x: f32[4]) -> (y: f32[4]) {
  const w[i < 4]: f32 = f32(i);
  unused[i] = exp(x[i]) * w[i];
  twice = unused + unused;
  y = relu(x);
}
--- out
stage simplify;
graph g(x: f32[4]) -> (y: f32[4]) {
  y[i < 4]: f32 = max(x[i], 0);
}
--- end
