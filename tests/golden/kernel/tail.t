# A tail that is no whole vector is the narrowest vector that holds it, masked.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=kernel
graph g(x: f32[21]) -> (y: f32[21]) {
  y[i] = x[i] * 2.0 + 1.0;
}
--- out
module g   # state 0, scratch 0, constants 0 bytes
in x: f32 argument 0
out y: f32 argument 1

kernel k0 "y" {   # 42 flops, 168 bytes
  %0 = const f32x8 2.0
  %1 = const f32x8 1.0
  %2 = const index 5
  %3 = load f32x8 x[0]
  %4 = fma f32x8 %3, %0, %1
  store f32x8 y[0] %4
  %6 = load f32x8 x[8]
  %7 = fma f32x8 %6, %0, %1
  store f32x8 y[8] %7
  %9 = prefix boolx8 %2
  %10 = load f32x8 x[16] mask %9
  %11 = fma f32x8 %10, %0, %1
  store f32x8 y[16] %11 mask %9
}

kernel init "state" {
}
--- end
