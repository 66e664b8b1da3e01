# What is fused in examples/qkv.
# $ frit compile $EXAMPLES/qkv/qkv.graph --target x86-64-v3 --dump-ir=fuse
--- out
stage fuse;
graph qkv(x: f32[16, 64], wq: f32[64, 64], wk: f32[64, 64], wv: f32[64, 64]) -> (q: f32[16, 64], k: f32[16, 64], v: f32[16, 64]) {
  kernel k0 "matmul" (x, wq, wk, wv) -> (q: f32[16, 64], k: f32[16, 64], v: f32[16, 64]) {
    q[i < 16, j < 64]: f32 = sum(k1 < 64: x[i, k1] * wq[k1, j]);
    k[i < 16, j < 64]: f32 = sum(k1 < 64: x[i, k1] * wk[k1, j]);
    v[i < 16, j < 64]: f32 = sum(k1 < 64: x[i, k1] * wv[k1, j]);
  }
}
--- end
