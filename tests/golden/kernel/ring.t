# A stream keeps two frames in its state: a block is written behind them, and its last frames go to the front.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=kernel
graph g(x: f32[stream t]) -> (y: f32[t]) {
  y[t] = x[t] + (x[t - 2] or 0);
}
--- out
module g   # state 1216, scratch 0, constants 0 bytes
in x: f32 argument 0
out y: f32 argument 1
state x_past: f32 at 0, 1088 bytes
state positions: i32 at 1152, 4 bytes
state state: i32 at 0, 1216 bytes

kernel k0 "y" {   # 1 flops, 8 bytes
  %0 = const index 1
  %1 = const index 0
  %2 = const index 64
  %3 = const index 63
  %4 = const index -64
  %5 = const index 8
  %6 = const index -8
  %7 = const index 7
  %8 = const index 8
  %9 = const index -8
  %10 = const index 7
  %11 = const index 192
  %12 = param index 0
  %13 = add index %12, %3
  %14 = div index %13, %2
  loop %15 in %14 {
    %16 = mul index %15, %4
    %17 = add index %12, %16
    %18 = min index %17, %2
    %19 = div index %18, %5
    %20 = load i32 positions[0]
    %21 = cast index %20
    loop %22 in %19 {
      %23 = load f32x8 x[64 * %15 + 8 * %22]
      store f32x8 x_past[%21 + 8 * %22 + 8] %23
    }
    %25 = mul index %19, %6
    %26 = add index %18, %25
    %27 = add index %26, %7
    %28 = div index %27, %5
    loop %29 in %28 {
      %30 = mul index %29, %6
      %31 = add index %26, %30
      %32 = prefix boolx8 %31
      %33 = load f32x8 x[64 * %15 + 8 * %19 + 8 * %29] mask %32
      store f32x8 x_past[%21 + 8 * %19 + 8 * %29 + 8] %33
    }
    %35 = div index %18, %8
    %36 = load i32 positions[0]
    %37 = cast index %36
    loop %38 in %35 {
      %39 = load f32x8 x[64 * %15 + 8 * %38]
      %40 = load f32x8 x_past[%37 + 8 * %38 + 6]
      %41 = add f32x8 %39, %40
      store f32x8 y[64 * %15 + 8 * %38] %41
    }
    %43 = mul index %35, %9
    %44 = add index %18, %43
    %45 = add index %44, %10
    %46 = div index %45, %8
    loop %47 in %46 {
      %48 = mul index %47, %9
      %49 = add index %44, %48
      %50 = prefix boolx8 %49
      %51 = load f32x8 x[64 * %15 + 8 * %35 + 8 * %47] mask %50
      %52 = load f32x8 x_past[%37 + 8 * %35 + 8 * %47 + 6]
      %53 = add f32x8 %51, %52
      store f32x8 y[64 * %15 + 8 * %35 + 8 * %47] %53 mask %50
    }
    %55 = load i32 positions[0]
    %56 = cast index %55
    %57 = add index %56, %18
    %58 = gt bool %57, %11
    if %58 {
      loop %60 in 1 {
        loop %61 in 1 {
          %62 = load f32x8 x_past[%57 + 264 * %60 + 8 * %61]
          store f32x8 x_past[264 * %60 + 8 * %61] %62
        }
      }
    }
    %64 = select index %58, %1, %57
    %65 = cast i32 %64
    store i32 positions[0] %65
  }
}

kernel init "state" {
  %0 = const index 38
  loop %1 in 38 {
    %2 = const i32x8 0
    store i32x8 state[8 * %1] %2
  }
}
--- end
