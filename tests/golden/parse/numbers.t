# Numbers, text and comments: comments go, documentation of operators stays.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=parse
## Documented.
op half(x) = x / 2;   # a comment
# another one
graph g(x: f32[4]) -> (y: f32[4]) {
  y[i] = half(x[i]) + 1e-5 + 0.5 + 3 + 1000000.0 + 1.5e10 + 16777217 + 0.1 + (i == 0 ? inf : pi);
}
--- out
## Documented.
op half(x) = x / 2;

graph g(x: f32[4]) -> (y: f32[4]) {
  y[i] = half(x[i]) + 1e-05 + 0.5 + 3 + 1000000.0 + 1.5e+10 + 16777217 + 0.1 + (i == 0 ? inf : pi);
}
--- end
