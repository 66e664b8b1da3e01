# Two operators of one name in one file.
# $ frit compile case.graph --dump-ir=fuse
op twice(x) = x * 2;
op twice(x) = x + x;
graph g(x: f32[4]) -> (y: f32[4]) { y = twice(x); }
--- err
case.graph:3:4: error: the operator 'twice' is defined twice
    op twice(x) = x + x;
       ^
  case.graph:2:4: note: first here
    op twice(x) = x * 2;
       ^
--- end
