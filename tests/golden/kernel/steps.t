# Every second element: two loads, the second up to the last that counts, and a shuffle.
# $ frit compile case.graph --target x86-64-v2 --dump-ir=kernel
graph g(x: f32[39]) -> (y: f32[20], z: f32[20]) { y[i < 20] = x[2 * i]; z[i < 20] = x[19 - i]; }
--- out
module g   # state 0, scratch 0, constants 0 bytes
in x: f32 argument 0
out y: f32 argument 1
out z: f32 argument 2

kernel k0 "y+z" {
  %0 = load f32x4 x[0] reuse
  %1 = load f32x4 x[3]
  %2 = weave f32x4 %0, %1, 128
  store f32x4 y[0] %2
  %4 = load f32x4 x[8] reuse
  %5 = load f32x4 x[11]
  %6 = weave f32x4 %4, %5, 128
  store f32x4 y[4] %6
  %8 = load f32x4 x[16] reuse
  %9 = load f32x4 x[19]
  %10 = weave f32x4 %8, %9, 128
  store f32x4 y[8] %10
  %12 = load f32x4 x[24]
  %13 = load f32x4 x[27]
  %14 = weave f32x4 %12, %13, 128
  store f32x4 y[12] %14
  %16 = weave f32x4 %8, %8, 256
  store f32x4 z[0] %16
  %18 = load f32x4 x[12]
  %19 = weave f32x4 %18, %18, 256
  store f32x4 z[4] %19
  %21 = weave f32x4 %4, %4, 256
  store f32x4 z[8] %21
  %23 = load f32x4 x[4]
  %24 = weave f32x4 %23, %23, 256
  store f32x4 z[12] %24
  %26 = load f32x4 x[32]
  %27 = load f32x4 x[35]
  %28 = weave f32x4 %26, %27, 128
  store f32x4 y[16] %28
  %30 = weave f32x4 %0, %0, 256
  store f32x4 z[16] %30
}

kernel init "state" {
}
--- end
