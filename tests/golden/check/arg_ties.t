# The first of equal values, over any lanes, tails and conditions; a NaN counts as the lowest value (of argmin: the highest).
# $ for o in x86-64-v2 x86-64-v3 x86-64-v3\ --printer=c generic; do frit check case.graph --target $o | cut -d, -f1-2; done
graph g(x: f32[3, 203]) -> (a: i64[3], b: i64[3], c: i64[203], d: i64[3], e: i64[3], f: i64[3], h: i64[3], l: i64[3], u: i64[3]) {
  y[i, j] = round(x[i, j] * 2);
  n[i < 3, j < 203] = j < 90 ? nan : -inf;
  w[i, j] = u8(y[i, j] * 0);
  a[i] = argmax(k: y[i, k]); b[i] = argmin(k: y[i, k]); c[j] = argmax(k: y[k, j]); d[i] = argmax(k, q: y[i, k] * y[q, 2]);
  e[i] = argmax(k if k > 100: y[i, k]); f[i] = argmax(k if k > 30: n[i, k]); h[i] = argmax(k: n[i, k]); l[i] = argmin(k: n[i, k]);
  u[i] = argmax(k if k > 9: w[i, k]);
}
--- out
a: 3 elements, max error 0.0e+00 absolute
b: 3 elements, max error 0.0e+00 absolute
c: 203 elements, max error 0.0e+00 absolute
d: 3 elements, max error 0.0e+00 absolute
e: 3 elements, max error 0.0e+00 absolute
f: 3 elements, max error 0.0e+00 absolute
h: 3 elements, max error 0.0e+00 absolute
l: 3 elements, max error 0.0e+00 absolute
u: 3 elements, max error 0.0e+00 absolute
a: 3 elements, max error 0.0e+00 absolute
b: 3 elements, max error 0.0e+00 absolute
c: 203 elements, max error 0.0e+00 absolute
d: 3 elements, max error 0.0e+00 absolute
e: 3 elements, max error 0.0e+00 absolute
f: 3 elements, max error 0.0e+00 absolute
h: 3 elements, max error 0.0e+00 absolute
l: 3 elements, max error 0.0e+00 absolute
u: 3 elements, max error 0.0e+00 absolute
a: 3 elements, max error 0.0e+00 absolute
b: 3 elements, max error 0.0e+00 absolute
c: 203 elements, max error 0.0e+00 absolute
d: 3 elements, max error 0.0e+00 absolute
e: 3 elements, max error 0.0e+00 absolute
f: 3 elements, max error 0.0e+00 absolute
h: 3 elements, max error 0.0e+00 absolute
l: 3 elements, max error 0.0e+00 absolute
u: 3 elements, max error 0.0e+00 absolute
a: 3 elements, max error 0.0e+00 absolute
b: 3 elements, max error 0.0e+00 absolute
c: 203 elements, max error 0.0e+00 absolute
d: 3 elements, max error 0.0e+00 absolute
e: 3 elements, max error 0.0e+00 absolute
f: 3 elements, max error 0.0e+00 absolute
h: 3 elements, max error 0.0e+00 absolute
l: 3 elements, max error 0.0e+00 absolute
u: 3 elements, max error 0.0e+00 absolute
--- end
