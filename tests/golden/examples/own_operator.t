# What is fused in examples/own_operator.
# $ frit compile $EXAMPLES/own_operator/own_operator.graph --target x86-64-v3 --dump-ir=fuse
--- out
stage fuse;
graph gate(x: f32[4, 200]) -> (y: f32[4, 200], rough: f32[4]) {
  kernel k0 "soft_gate" (x) -> (y: f32[4, 200]) {
    y[i0 < 4, i1 < 200]: f32 = x[i0, i1] * (1 / (1 + exp(-((max(x[i0, i1], -x[i0, i1]) - 0.2) * 20.0))));
  }
  kernel k1 "roughness" (y) -> (rough: f32[4]) {
    rough[a0 < 4]: f32 = max(k < 200: max(y[a0, k] - (y[a0, k - 1] or y[a0, 0]), -(y[a0, k] - (y[a0, k - 1] or y[a0, 0]))));
  }
}
--- end
