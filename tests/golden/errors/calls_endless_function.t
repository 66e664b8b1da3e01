# The same for functions of numbers.
# $ frit compile case.graph --dump-ir=fuse
op ping(x) = pong(x) + 1;
op pong(x) = ping(x) + 1;
graph g(x: f32[4]) -> (y: f32[4]) { y = ping(x); }
--- err
case.graph:4:41: error: operators call each other without end
    graph g(x: f32[4]) -> (y: f32[4]) { y = ping(x); }
                                            ^
  case.graph:2:14: note: in ping
    op ping(x) = pong(x) + 1;
                 ^
  case.graph:3:14: note: in pong
    op pong(x) = ping(x) + 1;
                 ^
  case.graph:2:14: note: in ping
    op ping(x) = pong(x) + 1;
                 ^
  case.graph:3:14: note: in pong
    op pong(x) = ping(x) + 1;
                 ^
  case.graph:2:14: note: in ping
    op ping(x) = pong(x) + 1;
                 ^
  case.graph:3:14: note: in pong
    op pong(x) = ping(x) + 1;
                 ^
--- end
