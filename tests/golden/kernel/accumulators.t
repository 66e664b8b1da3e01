# A dot product: one accumulator for each vector in flight, combined at the end.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=kernel
graph g(x: f32[70], z: f32[70]) -> (s: f32[]) {
  s[] = sum(i: x[i] * z[i]);
}
--- out
module g   # state 0, scratch 0, constants 0 bytes
in x: f32 argument 0
in z: f32 argument 1
out s: f32 argument 2

kernel k0 "s" {   # 140 flops, 564 bytes
  %0 = const f32x8 0.0
  %1 = var f32x8 %0
  %2 = var f32x8 %0
  %3 = var f32x8 %0
  %4 = var f32x8 %0
  %5 = const index 2
  loop %6 in 2 {
    %7 = load f32x8 x[32 * %6]
    %8 = load f32x8 z[32 * %6]
    %9 = fma f32x8 %7, %8, %1
    set %1 = %9
    %11 = load f32x8 x[32 * %6 + 8]
    %12 = load f32x8 z[32 * %6 + 8]
    %13 = fma f32x8 %11, %12, %2
    set %2 = %13
    %15 = load f32x8 x[32 * %6 + 16]
    %16 = load f32x8 z[32 * %6 + 16]
    %17 = fma f32x8 %15, %16, %3
    set %3 = %17
    %19 = load f32x8 x[32 * %6 + 24]
    %20 = load f32x8 z[32 * %6 + 24]
    %21 = fma f32x8 %19, %20, %4
    set %4 = %21
  }
  %23 = const index 6
  %24 = prefix boolx8 %23
  %25 = load f32x8 x[64] mask %24
  %26 = load f32x8 z[64] mask %24
  %27 = fma f32x8 %25, %26, %1
  %28 = select f32x8 %24, %27, %1
  set %1 = %28
  %30 = add f32x8 %1, %2
  %31 = add f32x8 %3, %4
  %32 = add f32x8 %30, %31
  %33 = hred.add f32 %32
  store f32 s[0] %33
}

kernel init "state" {
}
--- end
