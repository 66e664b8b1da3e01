# Conditions that are known go, and so does the side that is never taken.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=simplify
graph g(x: f32[4], p: bool[4]) -> (a: bool[4], b: bool[4], c: f32[4], d: f32[4], e: f32[4]) {
  a[i] = !(!p[i]) & true;
  b[i] = (p[i] | false) & (p[i] | p[i]);
  c[i] = p[i] ? x[i] : x[i];
  d[i] = !p[i] ? x[i] : 1;
  e[i] = i < 4 ? x[i] : 0;
}
--- out
stage simplify;
graph g(x: f32[4], p: bool[4]) -> (a: bool[4], b: bool[4], c: f32[4], d: f32[4], e: f32[4]) {
  a[i < 4]: bool = p[i];
  b[i < 4]: bool = p[i];
  c[i < 4]: f32 = x[i];
  d[i < 4]: f32 = p[i] ? 1 : x[i];
  e[i < 4]: f32 = x[i];
}
--- end
