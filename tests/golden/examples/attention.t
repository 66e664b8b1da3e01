# What is fused in examples/attention.
# $ frit compile $EXAMPLES/attention/attention.graph --target x86-64-v3 --dump-ir=fuse
--- out
stage fuse;
graph head(q: f32[32, 16], k: f32[48, 16], v: f32[48, 16]) -> (y: f32[32, 16]) {
  kernel k0 "s" (q, k) -> (s: f32[32, 48]) {
    s_sum[i < 32, j < 48]: f32 = sum(d < 16: q[i, d] * k[j, d]);
    s[i < 32, j < 48]: f32 = s_sum[i, j] * 0.25;
  }
  kernel k1 "softmax" (s) -> (p: f32[32, 48]) {
    p.m[i0 < 32]: f32 = max(i1 < 48: s[i0, i1]);
    p.e[i0 < 32, i1 < 48]: f32 = exp(s[i0, i1] - p.m[i0]);
    p_sum[i0 < 32]: f32 = sum(i1 < 48: p.e[i0, i1]);
    p_part[i0 < 32]: f32 = f32(1.0) / p_sum[i0];
    p[i0 < 32, i1 < 48]: f32 = p.e[i0, i1] * p_part[i0];
  }
  kernel k2 "y" (p, v) -> (y: f32[32, 16]) {
    y[i < 32, e < 16]: f32 = sum(j < 48: p[i, j] * v[j, e]);
  }
}
--- end
