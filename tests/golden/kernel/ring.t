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
  %3 = param index 0
  %4 = add index %3, %2
  %5 = div index %4, %1
  loop %6 in %5 {
    %7 = const index -64
    %8 = mul index %6, %7
    %9 = add index %3, %8
    %10 = min index %9, %1
    %11 = const index 8
    %12 = div index %10, %11
    loop %13 in %12 {
      %14 = load f32x8 x[64 * %6 + 8 * %13]
      store f32x8 x_past[8 * %13 + 2] %14
    }
    %16 = const index -8
    %17 = mul index %12, %16
    %18 = add index %10, %17
    %19 = const index 7
    %20 = add index %18, %19
    %21 = div index %20, %11
    loop %22 in %21 {
      %23 = mul index %22, %16
      %24 = add index %18, %23
      %25 = prefix boolx8 %24
      %26 = load f32x8 x[64 * %6 + 8 * %12 + 8 * %22] mask %25
      store f32x8 x_past[8 * %12 + 8 * %22 + 2] %26
    }
    loop %28 in %12 {
      %29 = load f32x8 x[64 * %6 + 8 * %28]
      %30 = load f32x8 x_past[8 * %28]
      %31 = add f32x8 %29, %30
      store f32x8 y[64 * %6 + 8 * %28] %31
    }
    loop %33 in %21 {
      %34 = mul index %33, %16
      %35 = add index %18, %34
      %36 = prefix boolx8 %35
      %37 = load f32x8 x[64 * %6 + 8 * %12 + 8 * %33] mask %36
      %38 = load f32x8 x_past[8 * %12 + 8 * %33]
      %39 = add f32x8 %37, %38
      store f32x8 y[64 * %6 + 8 * %12 + 8 * %33] %39 mask %36
    }
    loop %41 in 1 {
      loop %42 in 1 {
        %43 = load f32x8 x_past[%10 + 72 * %41 + 8 * %42]
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
