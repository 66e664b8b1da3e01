# A parameter's shape is constant.
# $ frit compile case.graph --dump-ir=fuse
weights "w.safetensors";
graph g(x: f32[N, 4] where N in 1..16) -> (y: f32[N, 4]) {
  param w: f32[N];
  y[i, j] = x[i, j] * w[i];
}
--- err
--- end
