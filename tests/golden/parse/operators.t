# Every operator, from loose to tight; only the parentheses that are needed are printed.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=parse
graph g(a: i32[4], b: i32[4], c: bool[4], x: f32[4]) -> (y: i32[4], z: f32[4], q: bool[4]) {
  y[i] = (((a[i] + (b[i] * 2)) << 1) & 7) ^ (a[i] | b[i]) >> (1 + 1);
  z[i] = c[i] ? -x[i] ** 2 : x[i] > 0 ? (x[i] - 1.0) - (x[i] - 2.0) : (-x[i]) ** 2 / (x[i] * x[i]) / 2;
  q[i] = !c[i] & a[i] == b[i] | a[i] % 3 != 1 ^ (a[i] <= b[i]) & !(a[i] >= b[i]);
}
--- out
graph g(a: i32[4], b: i32[4], c: bool[4], x: f32[4]) -> (y: i32[4], z: f32[4], q: bool[4]) {
  y[i] = a[i] + b[i] * 2 << 1 & 7 ^ (a[i] | b[i]) >> 1 + 1;
  z[i] = c[i] ? -x[i] ** 2 : x[i] > 0 ? x[i] - 1.0 - (x[i] - 2.0) : (-x[i]) ** 2 / (x[i] * x[i]) / 2;
  q[i] = !c[i] & a[i] == b[i] | a[i] % 3 != 1 ^ a[i] <= b[i] & !(a[i] >= b[i]);
}
--- end
