# A gather: places are numbers that another tensor holds.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=kernel
graph g(e: f32[10, 8], ids: i32[4]) -> (y: f32[4, 8]) {
  y[i, j] = e[ids[i], j];
}
--- out
module g   # state 0, scratch 0, constants 0 bytes
in e: f32 argument 0
in ids: i32 argument 1
out y: f32 argument 2

kernel k0 "y" {
  %0 = const index 4
  loop %1 in 4 {
    %2 = load i32 ids[%1]
    %3 = cast index %2
    %4 = load f32x8 e[8 * %3]
    store f32x8 y[8 * %1] %4
  }
}

kernel init "state" {
}
--- end
