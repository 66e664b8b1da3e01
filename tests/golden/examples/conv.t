# What is fused in examples/conv.
# $ frit compile $EXAMPLES/conv/conv.graph --target x86-64-v3 --dump-ir=fuse
--- out
stage fuse;
graph edge(image: f32[1, 3, 32, 32]) -> (y: f32[1, 8, 16, 16]) {
  const w[o < 8, c < 3, k < 3, l < 3]: f32 = f32(0.25) * (f32(o + 1) * f32(0.125) - f32(c * k) * f32(0.25) + f32(l) / 3.0 - 0.5);
  kernel k0 "b+conv+relu" (image, w) -> (y: f32[1, 8, 16, 16]) {
    y.y[0, o < 8, i0 < 16, i1 < 16]: f32 = f32(o) * f32(0.0625) + sum(c < 3, k0 < 3, k1 < 3: (image[0, c, 2 * i0 + k0 - 1, 2 * i1 + k1 - 1] or 0) * w[o, c, k0, k1]);
    y[0, o < 8, i0 < 16, i1 < 16]: f32 = max(y.y[0, o, i0, i1], 0);
  }
}
--- end
