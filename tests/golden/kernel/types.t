# Integers, conversions and comparisons have vectors of their own widths.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=kernel
graph g(x: i8[8], z: f32[8]) -> (y: f32[8], p: bool[8]) {
  y[i] = f32(x[i]) * z[i];
  p[i] = z[i] > 0.5;
}
--- out
module g   # state 0, scratch 0, constants 0 bytes
in x: i8 argument 0
in z: f32 argument 1
out y: f32 argument 2
out p: u8 argument 3

kernel k0 "y+p" {   # 16 flops, 80 bytes
  %0 = const f32x8 0.5
  %1 = const u8x8 1
  %2 = const u8x8 0
  %3 = load i8x8 x[0]
  %4 = cast f32x8 %3
  %5 = load f32x8 z[0]
  %6 = mul f32x8 %4, %5
  store f32x8 y[0] %6
  %8 = gt boolx8 %5, %0
  %9 = select u8x8 %8, %1, %2
  store u8x8 p[0] %9
}

kernel init "state" {
}
--- end
