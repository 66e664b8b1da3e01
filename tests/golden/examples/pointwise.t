# What is fused in examples/pointwise.
# $ frit compile $EXAMPLES/pointwise/pointwise.graph --target x86-64-v3 --dump-ir=fuse
--- out
stage fuse;
graph pointwise(a: f32[64, 100], b: f32[64, 100], e: f32[100]) -> (d: f32[64, 100]) {
  kernel k0 "d" (a, b, e) -> (d: f32[64, 100]) {
    d[i < 64, j < 100]: f32 = (a[i, j] + b[i, j]) * e[j];
  }
}
--- end
