# What is fused in examples/branches.
# $ frit compile $EXAMPLES/branches/branches.graph --target x86-64-v3 --dump-ir=fuse
--- out
stage fuse;
graph branches(x: f32[128, 96]) -> (low: f32[128, 96], high: f32[128, 96], soft: f32[128, 96]) {
  kernel k0 "min+max+tanh" (x) -> (low: f32[128, 96], high: f32[128, 96], soft: f32[128, 96]) {
    low[i < 128, j < 96]: f32 = min(x[i, j], 0) * 0.5;
    high[i < 128, j < 96]: f32 = max(x[i, j], 0) + 1.0;
    soft[i < 128, j < 96]: f32 = tanh(x[i, j] * 0.7);
  }
}
--- end
