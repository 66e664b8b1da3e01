# A condition "place == index" is solved for an index: a transposed convolution is one sum for each residue of its stride.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=simplify
graph g(x: f32[1, 2, 5], w: f32[2, 3, 4]) -> (y: f32[1, 3, 12]) {
  y = conv_transpose(x, w, strides = 2);
}
--- out
stage simplify;
graph g(x: f32[1, 2, 5], w: f32[2, 3, 4]) -> (y: f32[1, 3, 12]) {
  y[0, o < 3, 2 * (i0 < 6)]: f32 = sum(c < 2, k0 < 2: (x[0, c, i0 - k0] or f32(0.0)) * w[c, o, 2 * k0]);
  y[0, o < 3, 1 + 2 * (i0 < 6)]: f32 = sum(c < 2, k0 < 2: (x[0, c, i0 - k0] or f32(0.0)) * w[c, o, 2 * k0 + 1]);
}
--- end
