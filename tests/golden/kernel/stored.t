# Lanes that lie apart in what is stored, copies that are neighbours there: turned in registers, half vectors are rows.
# $ frit compile case.graph --target=x86-64-v3 --dump-ir=kernel
graph g(x: f32[4, 8]) -> (y: f32[8, 4]) {
  kernel k0 "stored" (x) -> (y: f32[8, 4]) {
    y[i < 8, j < 4]: f32 = x[j, i] + 1;
    schedule { y(j*, i~); }
  }
}
--- out
module g   # state 0, scratch 0, constants 0 bytes
in x: f32 argument 0
out y: f32 argument 1

kernel k0 "stored" {   # 32 flops, 256 bytes
  %0 = const f32x8 1.0
  %1 = load f32x8 x[0]
  %2 = add f32x8 %1, %0
  %3 = load f32x8 x[8]
  %4 = add f32x8 %3, %0
  %5 = load f32x8 x[16]
  %6 = add f32x8 %5, %0
  %7 = load f32x8 x[24]
  %8 = add f32x8 %7, %0
  %9 = weave f32x8 %2, %6, 2
  %10 = weave f32x8 %2, %6, -2
  %11 = weave f32x8 %4, %8, 2
  %12 = weave f32x8 %4, %8, -2
  %13 = weave f32x8 %9, %11, 1
  %14 = weave f32x8 %9, %11, -1
  %15 = weave f32x8 %10, %12, 1
  %16 = weave f32x8 %10, %12, -1
  %17 = lane f32x4 %13, 0
  store f32x4 y[0] %17
  %19 = lane f32x4 %14, 0
  store f32x4 y[4] %19
  %21 = lane f32x4 %15, 0
  store f32x4 y[8] %21
  %23 = lane f32x4 %16, 0
  store f32x4 y[12] %23
  %25 = lane f32x4 %13, 4
  store f32x4 y[16] %25
  %27 = lane f32x4 %14, 4
  store f32x4 y[20] %27
  %29 = lane f32x4 %15, 4
  store f32x4 y[24] %29
  %31 = lane f32x4 %16, 4
  store f32x4 y[28] %31
}

kernel init "state" {
}
--- end
