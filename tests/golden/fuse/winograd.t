# A 3 by 3 window, dense, of constant weights as products of tiles: the equations of F(2,3).
# $ frit compile case.graph --target x86-64-v3 --dump-ir=fuse -ffuse=winograd2
graph g(x: f32[7, 6, 4]) -> (y: f32[7, 6, 5]) {
  const w[o < 5, c < 4, r < 3, s < 3]: f32 = sin(f32(o + 2 * c + 3 * r + s));
  z[i < 7, j < 6, o] = sum(c, r, s: (x[i + r - 1, j + s - 1, c] or 0) * w[o, c, r, s]);
  y = max(z, 0);
}
--- out
stage fuse;
graph g(x: f32[7, 6, 4]) -> (y: f32[7, 6, 5]) {
  const w[o < 5, c < 4, r < 3, s < 3]: f32 = sin(f32(o + 2 * c + 3 * r + s));
  const z.A[s < 2, a < 4]: f32 = s == 0 & a == 0 ? f32(1.0) : s == 0 & a == 1 ? f32(1.0) : s == 0 & a == 2 ? f32(1.0) : s == 1 & a == 1 ? f32(1.0) : s == 1 & a == 2 ? f32(-1.0) : s == 1 & a == 3 ? f32(1.0) : f32(0.0);
  const z.B[a < 4, i < 4]: f32 = a == 0 & i == 0 ? f32(-1.0) : a == 0 & i == 2 ? f32(1.0) : a == 1 & i == 1 ? f32(1.0) : a == 1 & i == 2 ? f32(1.0) : a == 2 & i == 1 ? f32(-1.0) : a == 2 & i == 2 ? f32(1.0) : a == 3 & i == 1 ? f32(-1.0) : a == 3 & i == 3 ? f32(1.0) : f32(0.0);
  const z.G[a < 4, u < 3]: f64 = a == 0 & u == 0 ? f64(-1.0) : a == 1 & u == 0 ? f64(0.5) : a == 1 & u == 1 ? f64(0.5) : a == 1 & u == 2 ? f64(0.5) : a == 2 & u == 0 ? f64(0.5) : a == 2 & u == 1 ? f64(-0.5) : a == 2 & u == 2 ? f64(0.5) : a == 3 & u == 2 ? f64(1.0) : f64(0.0);
  const z.H[a < 4, v < 3, c < 4, o < 5]: f64 = sum(u < 3: z.G[a, u] * f64(w[o, c, u, v]));
  const z.U[a < 4, e < 4, c < 4, o < 5]: f32 = f32(sum(v < 3: z.G[e, v] * z.H[a, v, c, o]));
  kernel k0 "z+max" (z.B, x, z.U, z.A) -> (y: f32[7, 6, 5]) {
    z.D[a < 4, j < 4, p < 4, q < 3, c < 4]: f32 = sum(i < 4: z.B[a, i] * (x[p * 2 + i - 1, q * 2 + j - 1, c] or f32(0.0)));
    z.V[a < 4, e < 4, (p < 4, q < 3), c < 4]: f32 = sum(j < 4: z.B[e, j] * z.D[a, j, p, q, c]);
    z.M[a < 4, e < 4, t < 12, o < 5]: f32 = sum(c < 4: z.V[a, e, t, c] * z.U[a, e, c, o]);
    z.E[s < 2, e < 4, p < 4, q < 3, o < 5]: f32 = sum(a < 4: z.A[s, a] * z.M[a, e, p * 3 + q, o]);
    z.Z[(p < 4, s < 2), (q < 3, r < 2), o < 5]: f32 = sum(e < 4: z.A[r, e] * z.E[s, e, p, q, o]);
    z[i < 7, j < 6, o < 5]: f32 = z.Z[i, j, o];
    y[i < 7, j < 6, o < 5]: f32 = max(z[i, j, o], 0);
  }
  z.D: f32[d0 = 4, d1 = 4, d2 = 4, d3 = 3, d4 = 4] as [d0, d1, d2, d3, d4];
  z.V: f32[d0 = 4, d1 = 4, d2 = 12, d3 = 4] as [d0, d1, d2, d3];
  z.M: f32[d0 = 4, d1 = 4, d2 = 12, d3 = 5] as [d0, d1, d2, d3];
  z.E: f32[d0 = 2, d1 = 4, d2 = 4, d3 = 3, d4 = 5] as [d0, d1, d2, d3, d4];
  z.Z: f32[d0 = 8, d1 = 6, d2 = 5] as [d0, d1, d2];
}
--- end
