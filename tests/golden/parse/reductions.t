# Reductions with several indices, extents, a condition; beside functions of the same names.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=parse
graph g(x: f32[4, 5], b: bool[5]) -> (s: f32, m: f32[4], a: i64[4], h: bool) {
  s[] = sum(i, j if j <= i & b[j]: x[i, j]) / prod(k < 3: 2.0);
  m[i] = max(max(j: x[i, j]), min(j < 3: x[i, j])) + mean(j: x[i, j]);
  a[i] = argmax(j: x[i, j]) - argmin(j: x[i, j]);
  h[] = any(j: b[j]) | all(j if j > 0: b[j]);
}
--- out
graph g(x: f32[4, 5], b: bool[5]) -> (s: f32, m: f32[4], a: i64[4], h: bool) {
  s[] = sum(i, j if j <= i & b[j]: x[i, j]) / prod(k < 3: 2.0);
  m[i] = max(max(j: x[i, j]), min(j < 3: x[i, j])) + mean(j: x[i, j]);
  a[i] = argmax(j: x[i, j]) - argmin(j: x[i, j]);
  h[] = any(j: b[j]) | all(j if j > 0: b[j]);
}
--- end
