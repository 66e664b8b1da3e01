# Operators that call each other without end.
# $ frit compile case.graph --dump-ir=fuse
op ping(x[..i]) { y = pong(x); }
op pong(x[..i]) { y = ping(x); }
graph g(x: f32[4]) -> (y: f32[4]) { y = ping(x); }
--- err
case.graph:4:41: error: operators call each other without end
    graph g(x: f32[4]) -> (y: f32[4]) { y = ping(x); }
                                            ^
  case.graph:2:23: note: in ping
    op ping(x[..i]) { y = pong(x); }
                          ^
  case.graph:3:23: note: in pong
    op pong(x[..i]) { y = ping(x); }
                          ^
  case.graph:2:23: note: in ping
    op ping(x[..i]) { y = pong(x); }
                          ^
  case.graph:3:23: note: in pong
    op pong(x[..i]) { y = ping(x); }
                          ^
  case.graph:2:23: note: in ping
    op ping(x[..i]) { y = pong(x); }
                          ^
  case.graph:3:23: note: in pong
    op pong(x[..i]) { y = ping(x); }
                          ^
--- end
