# The same contraction for AVX-512 has wider tiles.
# $ frit compile case.graph --target x86-64-v4 --dump-ir=schedule
graph g(x: f32[100, 128], w: f32[128, 96]) -> (y: f32[100, 96]) {
  y = relu(matmul(x, w));
}
--- out
stage schedule;
graph g(x: f32[100, 128], w: f32[128, 96]) -> (y: f32[100, 96]) {
  kernel k0 "matmul+relu" (x, w) -> (y: f32[100, 96]) {
    y.y[i < 100, j < 96]: f32 = sum(k < 128: x[i, k] * w[k, j]);
    y[i < 100, j < 96]: f32 = max(y.y[i, j], 0);
    schedule {
      for i/13 even {
        for j/32 {
          let y.y reg;
          y.y(k/4, i*, j~);
          y(i*, j~);
        }
      }
    }
  }
}
--- end
