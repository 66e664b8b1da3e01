# State by hand: its first value, what it holds next.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=parse
graph g(x: f32[4]) -> (y: f32[4]) {
  state s: f32[4] = 0.5;
  const k: f32 = 0.25;
  y[i] = s[i] + x[i] * k;
  s <- y;
}
--- out
graph g(x: f32[4]) -> (y: f32[4]) {
  state s: f32[4] = 0.5;
  const k: f32 = 0.25;
  y[i] = s[i] + x[i] * k;
  s <- y;
}
--- end
