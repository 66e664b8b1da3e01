# Constants that go by rows have the same bits as those that go element by element.
# $ head -c 4 /dev/zero >x.f32; frit run case.graph --input x=x.f32
graph g(x: f32[1]) -> (y: f32[6, 5]) {
  const one[k < 7]: f32 = 1 + 0 * k;
  const a[i < 6, k < 8]: f32 = k == 7 ? -0.0 : (i * 5 + k * 3) % 13 / 7.0 - 1;
  const b[k < 9, j < 10]: f64 = f64((k * 11 + j * 7) % 17) / 3.0;
  const fast[i, j < 5]: f32 = f32(sum(k < 7: f64(a[i, 6 - k]) * b[k + 1, 9 - 2 * j]));
  const slow[i, j < 5]: f32 = f32(sum(k < 7 if one[k] > 0: f64(a[i, 6 - k]) * b[k + 1, 9 - 2 * j]));
  const copy[i, j < 5]: f32 = a[i, j + 3];
  y[i, j] = x[0] * 0 + (fast[i, j] == slow[i, j] & 1 / copy[i, j] == 1 / a[i, j + 3] ? 1.0 : 2.0);
}
--- out
y: 30 elements in 0..1
--- end
