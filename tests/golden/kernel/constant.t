# A constant in panels, and what a scalar machine makes of it.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=kernel
graph g(x: f32[1, 3]) -> (y: f32[1, 4]) {
  const w[k < 3, j < 4]: f32 = f32(k + j);
  y = matmul(x, w);
}
--- out
module g   # state 0, scratch 0, constants 48 bytes
in x: f32 argument 0
out y: f32 argument 1
const w: f32 at 0, 48 bytes

kernel k0 "matmul" {   # 24 flops, 76 bytes
  %0 = const f32x4 0.0
  %1 = var f32x4 %0
  %2 = load f32 x[0]
  %3 = load f32x4 w[0]
  %4 = bcast f32x4 %2
  %5 = fma f32x4 %4, %3, %1
  set %1 = %5
  %7 = load f32 x[1]
  %8 = load f32x4 w[4]
  %9 = bcast f32x4 %7
  %10 = fma f32x4 %9, %8, %1
  set %1 = %10
  %12 = load f32 x[2]
  %13 = load f32x4 w[8]
  %14 = bcast f32x4 %12
  %15 = fma f32x4 %14, %13, %1
  set %1 = %15
  store f32x4 y[0] %1
}

kernel init "state" {
}
--- end
