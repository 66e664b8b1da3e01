# A dense contraction: tiles of rows and columns, the sum inside.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=schedule
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
      for i/6 even {
        for j/16 {
          let y.y reg;
          y.y(k, i*, j~);
          y(i*, j~);
        }
      }
    }
  }
}
--- end
