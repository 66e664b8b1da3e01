# A pack of two and of one dimension.
# $ frit compile case.graph --dump-ir=fuse
op add_rows(a[..p, k], b[..p, k]) { y[..p, k] = a[..p, k] + b[..p, k]; }
graph g(a: f32[2, 3, 4], b: f32[3, 4]) -> (y: f32[2, 3, 4]) { y = add_rows(a, b); }
--- err
case.graph:3:67: error: 'b': pack 'p' is [3] here, but [2, 3] elsewhere (write ..~p where it may broadcast)
    graph g(a: f32[2, 3, 4], b: f32[3, 4]) -> (y: f32[2, 3, 4]) { y = add_rows(a, b); }
                                                                      ^
  case.graph:2:24: note: in add_rows
    op add_rows(a[..p, k], b[..p, k]) { y[..p, k] = a[..p, k] + b[..p, k]; }
                           ^
--- end
