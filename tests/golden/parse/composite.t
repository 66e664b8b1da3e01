# Composite dimensions: in patterns, on the left, in reads, and as numbers.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=parse
op shuffle(x[n, (c, u < b, v < b), h, w], b: int) {
  y[n, c, (h, u), (w, v)] = x[n, (c, u, v), h, w];
}
graph g(x: f32[1, 8, 2, 3]) -> (z: f32[1, 2, 4, 6], at: i64[2, 3]) {
  z = shuffle(x, b = 2);
  at[i < 2, j < 3] = (i, j) + (1 < 4, i < 2);
}
--- out
op shuffle(x[n, (c, u < b, v < b), h, w], b: int) {
  y[n, c, (h, u), (w, v)] = x[n, (c, u, v), h, w];
}

graph g(x: f32[1, 8, 2, 3]) -> (z: f32[1, 2, 4, 6], at: i64[2, 3]) {
  z = shuffle(x, b = 2);
  at[i < 2, j < 3] = (i, j) + (1 < 4, i < 2);
}
--- end
