# A maximum over a row: identity under the mask of the tail.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=kernel
graph g(x: f32[2, 11]) -> (m: f32[2]) {
  m[i] = max(j: x[i, j]);
}
--- out
module g   # state 0, scratch 0, constants 0 bytes
in x: f32 argument 0
out m: f32 argument 1

kernel k0 "m" {   # 22 flops, 96 bytes
  %0 = const f32x8 -inf
  %1 = var f32x8 %0
  %2 = const f32x4 -inf
  %3 = var f32x4 %2
  %4 = var f32x8 %0
  %5 = var f32x4 %2
  %6 = load f32x8 x[0]
  %7 = max f32x8 %1, %6
  set %1 = %7
  %9 = const index 3
  %10 = prefix boolx4 %9
  %11 = load f32x4 x[8] mask %10
  %12 = max f32x4 %3, %11
  %13 = select f32x4 %10, %12, %3
  set %3 = %13
  %15 = load f32x8 x[11]
  %16 = max f32x8 %4, %15
  set %4 = %16
  %18 = load f32x4 x[19] mask %10
  %19 = max f32x4 %5, %18
  %20 = select f32x4 %10, %19, %5
  set %5 = %20
  %22 = hred.max f32 %1
  %23 = hred.max f32 %3
  %24 = max f32 %22, %23
  store f32 m[0] %24
  %26 = hred.max f32 %4
  %27 = hred.max f32 %5
  %28 = max f32 %26, %27
  store f32 m[1] %28
}

kernel init "state" {
}
--- end
