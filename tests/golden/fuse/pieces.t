# What reads a concatenation element by element is computed piece by piece: each piece joins its producer.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[16, 8], r: f32[4, 5], v: f32[8, 12]) -> (y: f32[16, 17]) {
  a = matmul(x, v); y = relu(concat(a, concat(r, r, r, r, axis = 0), axis = 1)) * 2;
}
--- out
stage fuse;
graph g(x: f32[16, 8], r: f32[4, 5], v: f32[8, 12]) -> (y: f32[16, 17]) {
  kernel k0 "matmul+concat+relu" (x, v) -> (y: f32[16, 17]) {
    y.z31[a0 < 16, i < 12]: f32 = sum(k < 8: x[a0, k] * v[k, i]);
    y[a0 < 16, i < 12]: f32 = max(y.z31[a0, i], 0) * 2;
  }
  kernel k1 "concat+relu" (r) -> (y: f32[16, 17]) {
    y[12 + j < 16, 12 + b0 < 17]: f32 = max(r[j, b0], 0) * 2;
    y[8 + j < 12, 12 + b0 < 17]: f32 = max(r[j, b0], 0) * 2;
    y[j < 4, 12 + b0 < 17]: f32 = max(r[j, b0], 0) * 2;
    y[4 + j < 8, 12 + b0 < 17]: f32 = max(r[j, b0], 0) * 2;
  }
}
--- end
