# Weights, parameters with dots in their names, constants that are numbers or equations.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=parse
weights "model.safetensors";
graph g(x: f32[4]) -> (y: f32[4]) {
  param fc.0.w: f32[4, 4];
  const half: f32 = 0.5;
  const ramp[i < 4]: f32 = f32(i) * half;
  y[i] = sum(k: fc.0.w[i, k] * x[k]) + ramp[i];
}
--- out
weights "model.safetensors";

graph g(x: f32[4]) -> (y: f32[4]) {
  param fc.0.w: f32[4, 4];
  const half: f32 = 0.5;
  const ramp[i < 4]: f32 = f32(i) * half;
  y[i] = sum(k: fc.0.w[i, k] * x[k]) + ramp[i];
}
--- end
