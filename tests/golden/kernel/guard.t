# A padded read: a mask where it may fall outside.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=kernel
graph g(x: f32[16]) -> (y: f32[16]) {
  y[i] = (x[i - 1] or 0) + x[i];
}
--- out
module g   # state 0, scratch 0, constants 0 bytes
in x: f32 argument 0
out y: f32 argument 1

kernel k0 "y" {   # 16 flops, 128 bytes
  %0 = const index 1
  %1 = prefix boolx8 %0
  %2 = not boolx8 %1
  %3 = load f32x8 x[-1] mask %2
  %4 = load f32x8 x[0]
  %5 = add f32x8 %3, %4
  store f32x8 y[0] %5
  %7 = load f32x8 x[7]
  %8 = load f32x8 x[8]
  %9 = add f32x8 %7, %8
  store f32x8 y[8] %9
}

kernel init "state" {
}
--- end
