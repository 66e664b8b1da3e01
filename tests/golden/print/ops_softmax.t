# frit ops NAME with several statements.
# $ frit ops softmax
--- out
## exp(x) divided by its sum over axes, without overflow.
op softmax(x[..i], axes: ints = [-1]) {
  m[..drop(i, axes)] = max(..i[axes]: x[..i]);
  e[..i] = exp(x[..i] - m[..drop(i, axes)]);
  y[..i] = e[..i] / sum(..i[axes]: e[..i]);
}
--- end
