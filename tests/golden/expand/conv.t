# A grouped convolution of rank 1: composite dimensions, extents, padding.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=expand
graph g(x: f32[1, 4, 9], w: f32[6, 2, 3], b: f32[6]) -> (y: f32[1, 6, 5]) {
  y = conv(x, w, b, strides = 2, pads = 1, group = 2);
}
--- out
stage expand;
graph g(x: f32[1, 4, 9], w: f32[6, 2, 3], b: f32[6]) -> (y: f32[1, 6, 5]) {
  y[n < 1, (g < 2, o < 3), i0 < 5]: f32 = b[g * 3 + o] + sum(c < 2, k0 < 3: (x[n, g * 2 + c, i0 * 2 + k0 - 1] or 0) * w[g * 3 + o, c, k0]);
}
--- end
