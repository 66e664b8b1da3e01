# A register tile: 2 rows by 2 vectors are 4 accumulators; fma is explicit.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=kernel
graph g(x: f32[2, 8], w: f32[8, 16], b: f32[16]) -> (y: f32[2, 16]) {
  kernel k0 "product" (x, w, b) -> (y: f32[2, 16]) {
    y[i < 2, j < 16]: f32 = b[j] + sum(k < 8: x[i, k] * w[k, j]);
    schedule { y(k, i*, j~); }
  }
}
--- out
module g   # state 0, scratch 0, constants 0 bytes
in x: f32 argument 0
in w: f32 argument 1
in b: f32 argument 2
out y: f32 argument 3

kernel k0 "product" {   # 512 flops, 768 bytes
  %0 = load f32x8 b[0]
  %1 = var f32x8 %0
  %2 = load f32x8 b[8]
  %3 = var f32x8 %2
  %4 = var f32x8 %0
  %5 = var f32x8 %2
  %6 = const index 8
  loop %7 in 8 {
    %8 = load f32 x[%7]
    %9 = load f32x8 w[16 * %7]
    %10 = bcast f32x8 %8
    %11 = fma f32x8 %10, %9, %1
    set %1 = %11
    %13 = load f32x8 w[16 * %7 + 8]
    %14 = fma f32x8 %10, %13, %3
    set %3 = %14
    %16 = load f32 x[%7 + 8]
    %17 = bcast f32x8 %16
    %18 = fma f32x8 %17, %9, %4
    set %4 = %18
    %20 = fma f32x8 %17, %13, %5
    set %5 = %20
  }
  store f32x8 y[0] %1
  store f32x8 y[8] %3
  store f32x8 y[16] %4
  store f32x8 y[24] %5
}

kernel init "state" {
}
--- end
