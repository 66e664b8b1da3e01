# Two matrices that do not fit.
# $ frit compile case.graph --dump-ir=fuse
graph g(a: f32[4, 6], b: f32[5, 3]) -> (y: f32[4, 3]) {
  y = matmul(a, b);
}
--- err
case.graph:3:7: error: 'b': index 'k' is 5 here, but 6 elsewhere
      y = matmul(a, b);
          ^
  prelude.graph:107:26: note: in matmul
    op matmul(a[..~p, i, k], b[..~p, k, j]) { y[..p, i, j] = sum(k: a[..p, i, k] * b[..p, k, j]); }
                             ^
--- end
