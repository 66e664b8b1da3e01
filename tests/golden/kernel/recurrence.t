# A recurrence: the step before is read back, under a mask that is empty at the first step.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=kernel
graph g(x: f32[6, 8]) -> (h: f32[6, 8]) {
  h[t, i] = (h[t - 1, i] or 0) * 0.5 + x[t, i];
}
--- out
module g   # state 0, scratch 0, constants 0 bytes
in x: f32 argument 0
out h: f32 argument 1

kernel k0 "h" {   # 96 flops, 384 bytes
  %0 = const index 6
  %1 = const index 0
  %2 = const index -1
  %3 = const index 8
  loop %4 in 6 {
    %5 = add index %4, %2
    %6 = max index %5, %1
    %7 = const f32x8 0.5
    %8 = ge bool %5, %1
    %9 = select index %8, %3, %1
    %10 = prefix boolx8 %9
    %11 = load f32x8 h[8 * %6] mask %10
    %12 = load f32x8 x[8 * %4]
    %13 = fma f32x8 %11, %7, %12
    store f32x8 h[8 * %4] %13
  }
}

kernel init "state" {
}
--- end
