# A sum over one admitted index is a read.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=simplify
graph g(x: f32[6], z: f32[3, 6]) -> (y: f32[5], d: f32[6]) {
  y[i < 5] = sum(j if j == i + 1: x[j]);
  d[i < 6] = sum(k, j if j == i & k == 2: z[k, j]);
}
--- out
stage simplify;
graph g(x: f32[6], z: f32[3, 6]) -> (y: f32[5], d: f32[6]) {
  y[i < 5]: f32 = x[i + 1];
  d[i < 6]: f32 = z[2, i];
}
--- end
