# Kernels that are equal but for their places are one: what differs comes from a table.
# $ frit compile case.graph --target=x86-64-v3 --dump-ir=kernel --verify | grep -E "^(const|scratch|kernel)|copies"

graph g(x: f32[4]) -> (y: f32[4]) {
  const u[i < 4, j < 4] = 0.25 * i - j;
  const v[i < 4, j < 4] = 0.5 * i + j;
  const w[i < 4, j < 4] = 0.75 * i - j * j;
  a[i] = sum(j: x[j] * u[i, j]);
  b[i] = sum(j: a[j] * v[i, j]);
  c[i] = sum(j: b[j] * w[i, j]);
  y[i] = sum(j: c[j] * c[i] * a[j]);
}
--- out
scratch a: f32 at 0, 16 bytes
const u: f32 at 0, 64 bytes
scratch b: f32 at 64, 16 bytes
const v: f32 at 64, 64 bytes
scratch c: f32 at 128, 16 bytes
const w: f32 at 128, 64 bytes
scratch scratch: f32 at 0, 192 bytes
const constants: f32 at 0, 192 bytes
const copies: i32 at 192, 8 bytes
kernel k0 "a" {   # 32 flops, 96 bytes
kernel k1 "b" {   # 32 flops, 96 bytes
  %1 = load i32 copies[%0]
kernel k2 "c" = copy 1 of k1
kernel k3 "y" {   # 48 flops, 48 bytes
kernel init "state" {
--- end
