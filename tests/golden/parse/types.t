# Every type, conversions between them, and functions of types.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=parse
op same(x) = is_float(x.type) ? lowest(x.type) : is_int(x.type) & is_signed(x.type) ? highest(x.type) : 0;
graph g(a: bool[2], b: i8[2], c: u16[2], d: i64[2], e: f16[2], f: bf16[2], h: f64[2]) -> (y: f64[2], z: i8[2], q: i32[2]) {
  y[i] = f64(a[i]) + b[i] + c[i] + d[i] + e[i] + f[i] + h[i];
  z[i] = sat(i8, e[i]);
  q[i] = bits(i32, f32(f[i]));
}
--- out
op same(x) = is_float(x.type) ? lowest(x.type) : is_int(x.type) & is_signed(x.type) ? highest(x.type) : 0;

graph g(a: bool[2], b: i8[2], c: u16[2], d: i64[2], e: f16[2], f: bf16[2], h: f64[2]) -> (y: f64[2], z: i8[2], q: i32[2]) {
  y[i] = f64(a[i]) + b[i] + c[i] + d[i] + e[i] + f[i] + h[i];
  z[i] = sat(i8, e[i]);
  q[i] = bits(i32, f32(f[i]));
}
--- end
