# Blocks are turned in registers: vectors along the contiguous index of what is read, woven by 4, by 2, by 1.
# $ frit compile case.graph --target=x86-64-v2 --dump-ir=kernel
graph turned(x: f32[4, 4]) -> (y) { y = transpose(x); }
--- out
module turned   # state 0, scratch 0, constants 0 bytes
in x: f32 argument 0
out y: f32 argument 1

kernel k0 "transpose" {
  %0 = load f32x4 x[0]
  %1 = load f32x4 x[4]
  %2 = load f32x4 x[8]
  %3 = load f32x4 x[12]
  %4 = weave f32x4 %0, %2, 2
  %5 = weave f32x4 %0, %2, -2
  %6 = weave f32x4 %1, %3, 2
  %7 = weave f32x4 %1, %3, -2
  %8 = weave f32x4 %4, %6, 1
  %9 = weave f32x4 %4, %6, -1
  %10 = weave f32x4 %5, %7, 1
  %11 = weave f32x4 %5, %7, -1
  store f32x4 y[0] %8
  store f32x4 y[4] %9
  store f32x4 y[8] %10
  store f32x4 y[12] %11
}

kernel init "state" {
}
--- end
