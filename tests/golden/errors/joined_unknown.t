# Each part of a joined name is an index.
# $ frit compile case.graph --target generic --dump-ir=kernel
stage schedule;
graph g(x: f32[6, 5]) -> (y: f32[6, 5]) {
  kernel k0 "k" (x) -> (y: f32[6, 5]) {
    y[i < 6, j < 5]: f32 = x[i, j];
    schedule { for i.k/2 { y(i.j~); } }
  }
}
--- err
case.graph:6:20: error: 'for' runs an index of the kernel's equations; none is called 'k'
        schedule { for i.k/2 { y(i.j~); } }
                       ^
  case.graph:4:10: note: in kernel k0
      kernel k0 "k" (x) -> (y: f32[6, 5]) {
             ^
--- end
