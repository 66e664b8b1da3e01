# Indices that lie side by side as one: two or three, free or summed, in a composite, from a scalar on.
# $ frit check case.graph --target generic
stage schedule;
graph g(x: f32[5, 6, 4, 7], w: f32[7, 9], v: f32[24, 9]) -> (y: f32[5, 6, 4, 9], z: f32[9], u: f32[5, 6, 4, 9]) {
  kernel k0 "k" (x, w) -> (y: f32[5, 6, 4, 9]) {
    t[i < 5, j < 6, k < 4, o < 9]: f32 = sum(c < 7: x[i, j, k, c] * w[c, o]);
    y[i < 5, j < 6, k < 4, o < 9]: f32 = max(t[i, j, k, o], 0);
    schedule { for i.j.k/14 even { for o/4 { let t reg; t(c, i.j.k*, o~); y(i.j.k*, o~); } } }
  }
  kernel k1 "k" (y) -> (z: f32[9]) {
    z[o < 9]: f32 = sum(i < 5, j < 6, k < 4: y[i, j, k, o]);
    schedule { for i.j.k/1 { for o/4 { z(o~); } } }
  }
  kernel k2 "k" (y, v) -> (u: f32[5, 6, 4, 9]) {
    u[i < 5, j < 6, k < 4, o < 9]: f32 = y[i, j, k, o] + v[4 * j + k, o];
    schedule { for i/1 { u(j.k.o/2~); } }
  }
}
--- out
y: 1080 elements, max error 2.4e-07 absolute, 1.9e-05 relative, 225 ULP (limit 5.8e-05): ok
z: 9 elements, max error 1.1e-05 absolute, 2.0e-07 relative, 3 ULP (limit 1.3e-03): ok
u: 1080 elements, max error 2.4e-07 absolute, 6.9e-06 relative, 64 ULP (limit 5.9e-05): ok
--- end
