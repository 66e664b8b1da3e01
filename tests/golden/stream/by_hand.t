# State by hand goes through unchanged.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=stream
graph g(x: f32[4]) -> (y: f32[4]) {
  state s: f32[4] = 0;
  y[i] = 0.9 * s[i] + x[i];
  s <- y;
}
--- out
stage stream;
graph g(x: f32[4]) -> (y: f32[4]) {
  state s: f32[4] = 0;
  y[i < 4]: f32 = 0.9 * s[i] + x[i];
  s <- y;
}
--- end
