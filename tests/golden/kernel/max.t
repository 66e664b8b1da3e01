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
  %0 = const index 2
  %1 = const index 3
  loop %2 in 2 {
    %3 = const f32x8 -inf
    %4 = var f32x8 %3
    %5 = const f32x4 -inf
    %6 = var f32x4 %5
    %7 = load f32x8 x[11 * %2]
    %8 = max f32x8 %4, %7
    set %4 = %8
    %10 = prefix boolx4 %1
    %11 = load f32x4 x[11 * %2 + 8] mask %10
    %12 = max f32x4 %6, %11
    %13 = select f32x4 %10, %12, %6
    set %6 = %13
    %15 = hred.max f32 %4
    %16 = hred.max f32 %6
    %17 = max f32 %15, %16
    store f32 m[%2] %17
  }
}

kernel init "state" {
}
--- end
