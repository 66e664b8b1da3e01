# Packs agree exactly, unless ~ asks for broadcasting.
# $ frit compile case.graph --dump-ir=fuse
op add_rows(a[..p, k], b[..p, k]) { y[..p, k] = a[..p, k] + b[..p, k]; }
graph g(a: f32[2, 4], b: f32[3, 4]) -> (y: f32[2, 4]) { y = add_rows(a, b); }
--- err
case.graph:3:61: error: pack 'p' is [3] in 'b' [3, 4], but [2] in 'a' [2, 4]
    graph g(a: f32[2, 4], b: f32[3, 4]) -> (y: f32[2, 4]) { y = add_rows(a, b); }
                                                                ^
  case.graph:3:23: note: 'b' is declared here
    graph g(a: f32[2, 4], b: f32[3, 4]) -> (y: f32[2, 4]) { y = add_rows(a, b); }
                          ^
  case.graph:3:9: note: 'a' is declared here
    graph g(a: f32[2, 4], b: f32[3, 4]) -> (y: f32[2, 4]) { y = add_rows(a, b); }
            ^
  case.graph:2:24: note: in add_rows
    op add_rows(a[..p, k], b[..p, k]) { y[..p, k] = a[..p, k] + b[..p, k]; }
                           ^
--- end
