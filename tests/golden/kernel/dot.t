# bf16 in pairs: a word of two is read where one of f32 would be.
# $ frit compile case.graph --target x86-64-v4-bf16 --dump-ir=kernel
graph g(a: bf16[2, 4]) -> (z: f32[2, 16]) {
  const w[k < 4, n < 16]: bf16 = bf16(k - n);
  z[m, n] = sum(k: f32(a[m, k]) * f32(w[k, n]));
}
--- out
module g   # state 0, scratch 0, constants 128 bytes
in a: u16 argument 0
out z: f32 argument 1
const w_dot_pack: u16 at 0, 128 bytes

kernel k0 "z" {   # 256 flops, 272 bytes
  %0 = const f32x16 0.0
  %1 = var f32x16 %0
  %2 = var f32x16 %0
  %3 = load i32 a[0]
  %4 = load i32x16 w_dot_pack[0]
  %5 = bcast i32x16 %3
  %6 = dotb f32x16 %5, %4, %1
  set %1 = %6
  %8 = load i32 a[4]
  %9 = bcast i32x16 %8
  %10 = dotb f32x16 %9, %4, %2
  set %2 = %10
  %12 = load i32 a[2]
  %13 = load i32x16 w_dot_pack[32]
  %14 = bcast i32x16 %12
  %15 = dotb f32x16 %14, %13, %1
  set %1 = %15
  %17 = load i32 a[6]
  %18 = bcast i32x16 %17
  %19 = dotb f32x16 %18, %13, %2
  set %2 = %19
  store f32x16 z[0] %1
  store f32x16 z[16] %2
}

kernel init "state" {
}
--- end
