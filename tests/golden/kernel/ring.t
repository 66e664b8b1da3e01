# A stream keeps two frames in its state: a block is written behind them, and its last frames go to the front.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=kernel
graph g(x: f32[stream t]) -> (y: f32[t]) {
  y[t] = x[t] + (x[t - 2] or 0);
}
--- out
module g   # state 384, scratch 0, constants 0 bytes
in x: f32 argument 0
out y: f32 argument 1
state x_past: f32 at 0, 320 bytes
state state: i32 at 0, 384 bytes

kernel k0 "y" {   # 1 flops, 8 bytes
  %0 = const index 1
  %1 = const index 64
  %2 = const index 63
  %3 = const index -64
  %4 = const index 8
  %5 = const index -8
  %6 = const index 7
  %7 = param index 0
  %8 = add index %7, %2
  %9 = div index %8, %1
  loop %10 in %9 {
    %11 = mul index %10, %3
    %12 = add index %7, %11
    %13 = min index %12, %1
    %14 = div index %13, %4
    loop %15 in %14 {
      %16 = load f32x8 x[64 * %10 + 8 * %15]
      store f32x8 x_past[8 * %15 + 8] %16
    }
    %18 = mul index %14, %5
    %19 = add index %13, %18
    %20 = add index %19, %6
    %21 = div index %20, %4
    loop %22 in %21 {
      %23 = mul index %22, %5
      %24 = add index %19, %23
      %25 = prefix boolx8 %24
      %26 = load f32x8 x[64 * %10 + 8 * %14 + 8 * %22] mask %25
      store f32x8 x_past[8 * %14 + 8 * %22 + 8] %26
    }
    loop %28 in %14 {
      %29 = load f32x8 x[64 * %10 + 8 * %28]
      %30 = load f32x8 x_past[8 * %28 + 6]
      %31 = add f32x8 %29, %30
      store f32x8 y[64 * %10 + 8 * %28] %31
    }
    loop %33 in %21 {
      %34 = mul index %33, %5
      %35 = add index %19, %34
      %36 = prefix boolx8 %35
      %37 = load f32x8 x[64 * %10 + 8 * %14 + 8 * %33] mask %36
      %38 = load f32x8 x_past[8 * %14 + 8 * %33 + 6]
      %39 = add f32x8 %37, %38
      store f32x8 y[64 * %10 + 8 * %14 + 8 * %33] %39 mask %36
    }
    loop %41 in 1 {
      loop %42 in 1 {
        %43 = load f32x8 x_past[%13 + 72 * %41 + 8 * %42]
        store f32x8 x_past[72 * %41 + 8 * %42] %43
      }
    }
  }
}

kernel init "state" {
  %0 = const index 12
  loop %1 in 12 {
    %2 = const i32x8 0
    store i32x8 state[8 * %1] %2
  }
}
--- end
