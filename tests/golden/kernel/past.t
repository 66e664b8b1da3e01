# `past`: whole aligned vectors of an argument are stored past the caches, tails and rows that are not aligned as ever.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=kernel
stage schedule;
graph g(x: f32[2, 20]) -> (y: f32[2, 20], z: f32[2, 18]) {
  kernel k0 "past" (x) -> (y: f32[2, 20], z: f32[2, 18]) {
    y[i < 2, j < 20]: f32 = max(x[i, j], 0);
    z[a < 2, k < 18]: f32 = x[a, k];
    schedule {
      let y past;
      let z past;
      for i/1 {
        y(j~);
      }
      for a/1 {
        z(k~);
      }
    }
  }
}
--- out
module g   # state 0, scratch 0, constants 0 bytes
in x: f32 argument 0
out y: f32 argument 1
out z: f32 argument 2

kernel k0 "past" {   # 40 flops, 464 bytes
  %0 = const index 2
  loop %1 in 2 {
    %2 = const f32x8 0.0
    %3 = const f32x4 0.0
    %4 = load f32x8 x[20 * %1]
    %5 = max f32x8 %4, %2
    store f32x8 y[20 * %1] %5 past
    %7 = load f32x8 x[20 * %1 + 8]
    %8 = max f32x8 %7, %2
    store f32x8 y[20 * %1 + 8] %8 past
    %10 = load f32x4 x[20 * %1 + 16]
    %11 = max f32x4 %10, %3
    store f32x4 y[20 * %1 + 16] %11 past
  }
  loop %13 in 2 {
    %14 = load f32x8 x[20 * %13]
    store f32x8 z[18 * %13] %14
    %16 = load f32x8 x[20 * %13 + 8]
    store f32x8 z[18 * %13 + 8] %16
    %18 = prefix boolx4 %0
    %19 = load f32x4 x[20 * %13 + 16] mask %18
    store f32x4 z[18 * %13 + 16] %19 mask %18
  }
}

kernel init "state" {
}
--- end
