# A name is defined once.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  a = x * 2;
  a = x * 3;
  y = a;
}
--- err
case.graph:4:3: error: 'a' is already defined
      a = x * 3;
      ^
--- end
