# A symbolic dimension is a number of the call; its tail is masked by it.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=kernel
graph g(x: f32[N] where N in 1..64) -> (y: f32[N]) {
  y[i] = x[i] + 1.0;
}
--- out
module g   # state 0, scratch 0, constants 0 bytes
in x: f32 argument 0
out y: f32 argument 1

kernel k0 "y" {   # 64 flops, 512 bytes
  %0 = const index 32
  %1 = param index 0
  %2 = div index %1, %0
  loop %3 in %2 {
    %4 = const f32x8 1.0
    %5 = load f32x8 x[32 * %3]
    %6 = add f32x8 %5, %4
    store f32x8 y[32 * %3] %6
    %8 = load f32x8 x[32 * %3 + 8]
    %9 = add f32x8 %8, %4
    store f32x8 y[32 * %3 + 8] %9
    %11 = load f32x8 x[32 * %3 + 16]
    %12 = add f32x8 %11, %4
    store f32x8 y[32 * %3 + 16] %12
    %14 = load f32x8 x[32 * %3 + 24]
    %15 = add f32x8 %14, %4
    store f32x8 y[32 * %3 + 24] %15
  }
  %17 = const index -32
  %18 = mul index %2, %17
  %19 = add index %1, %18
  %20 = const index 8
  %21 = const index 7
  %22 = add index %19, %21
  %23 = div index %22, %20
  %24 = const index -8
  loop %25 in %23 {
    %26 = mul index %25, %24
    %27 = add index %19, %26
    %28 = const f32x8 1.0
    %29 = prefix boolx8 %27
    %30 = load f32x8 x[32 * %2 + 8 * %25] mask %29
    %31 = add f32x8 %30, %28
    store f32x8 y[32 * %2 + 8 * %25] %31 mask %29
  }
}

kernel init "state" {
}
--- end
