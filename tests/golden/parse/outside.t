# `or` is printed in parentheses; it binds looser than every operator but the choice.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=parse
graph g(x: f32[8]) -> (y: f32[8]) {
  y[i] = (x[i - 1] or x[i + 1] or 0) + (x[i - 2] * 2 or (x[i] + 1)) + (x[i] > 0 ? x[i - 3] or 1 : 2);
}
--- out
graph g(x: f32[8]) -> (y: f32[8]) {
  y[i] = ((x[i - 1] or x[i + 1]) or 0) + (x[i - 2] * 2 or (x[i] + 1)) + (x[i] > 0 ? (x[i - 3] or 1) : 2);
}
--- end
