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
  loop %1 in 2 {
    %2 = const f32x8 -inf
    %3 = var f32x8 %2
    %4 = const f32x4 -inf
    %5 = var f32x4 %4
    %6 = load f32x8 x[11 * %1]
    %7 = max f32x8 %3, %6
    set %3 = %7
    %9 = const index 3
    %10 = prefix boolx4 %9
    %11 = load f32x4 x[11 * %1 + 8] mask %10
    %12 = max f32x4 %5, %11
    %13 = select f32x4 %10, %12, %5
    set %5 = %13
    %15 = hred.max f32 %3
    %16 = hred.max f32 %5
    %17 = max f32 %15, %16
    store f32 m[%1] %17
  }
}

kernel init "state" {
}
--- end
