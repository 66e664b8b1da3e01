# Names for values and tensors, tuples, local functions, calls with places and names, an indexed call.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=parse
op f(x[i, j], n = 2) -> (y, s) {
  r = n * x.rank;
  at(p) = x[p, 0] or 0;
  (m, mean, dev) = layer_norm(x);
  z = relu(m + 1.0) * r;
  y[i, j]: f32 = z[i, j] + at(i - 1) + softmax(x)[i, j];
  s = x.given ? x.shape[0] : error("no x");
}
graph g(x: f32[2, 3]) -> (y: f32[2, 3]) {
  (y, s) = f(x, n = 3);
}
--- out
op f(x[i, j], n = 2) -> (y, s) {
  r = n * x.rank;
  at(p) = (x[p, 0] or 0);
  (m, mean, dev) = layer_norm(x);
  z = relu(m + 1.0) * r;
  y[i, j]: f32 = z[i, j] + at(i - 1) + softmax(x)[i, j];
  s = x.given ? x.shape[0] : error("no x");
}

graph g(x: f32[2, 3]) -> (y: f32[2, 3]) {
  (y, s) = f(x, n = 3);
}
--- end
