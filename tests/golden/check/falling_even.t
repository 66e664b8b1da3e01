# A recurrence that falls runs its even steps from the end.
# $ frit check case.graph --target generic
stage schedule;
graph g(x: f32[17]) -> (y: f32[17]) {
  kernel k0 "y" (x) -> (y: f32[17]) {
    y[i < 17]: f32 = x[i] + (y[i + 1] or 0.0);
    schedule { for i/3 even { y(i); } }
  }
}
--- out
y: 17 elements, max error 0.0e+00 absolute, 0.0e+00 relative, 0 ULP (limit 4.6e-05): ok
--- end
