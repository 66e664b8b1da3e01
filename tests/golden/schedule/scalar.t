# The same contraction for a machine without vectors: a register tile of numbers.
# $ frit compile case.graph --target cortex-m7 --dump-ir=schedule
graph g(x: f32[16, 32], w: f32[32, 24]) -> (y: f32[16, 24]) {
  y = matmul(x, w);
}
--- out
stage schedule;
graph g(x: f32[16, 32], w: f32[32, 24]) -> (y: f32[16, 24]) {
  kernel k0 "matmul" (x, w) -> (y: f32[16, 24]) {
    y[i < 16, j < 24]: f32 = sum(k < 32: x[i, k] * w[k, j]);
    schedule {
      for i/4 even {
        for j/4 {
          y(k/2, i*, j*);
        }
      }
    }
  }
}
--- end
