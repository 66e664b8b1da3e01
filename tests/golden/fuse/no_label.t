# -fno-fuse=vertical@relu refuses this edge; the one to tanh is taken.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=fuse -fno-fuse=vertical@relu
graph g(x: f32[64, 64], w: f32[64, 64], v: f32[64, 64]) -> (y: f32[64, 64], z: f32[64, 64]) {
  y = relu(linear(x, w));
  z = tanh(linear(x, v));
}
--- out
stage fuse;
graph g(x: f32[64, 64], w: f32[64, 64], v: f32[64, 64]) -> (y: f32[64, 64], z: f32[64, 64]) {
  kernel k0 "linear+tanh" (x, w, v) -> (y.y: f32[64, 64], z: f32[64, 64]) {
    y.y[p0 < 64, j < 64]: f32 = sum(k < 64: x[p0, k] * w[j, k]);
    z.y[p0 < 64, j < 64]: f32 = sum(k < 64: x[p0, k] * v[j, k]);
    z[p0 < 64, j < 64]: f32 = tanh(z.y[p0, j]);
  }
  kernel k1 "relu" (y.y) -> (y: f32[64, 64]) {
    y[i < 64, j < 64]: f32 = max(y.y[i, j], 0);
  }
}
--- end
