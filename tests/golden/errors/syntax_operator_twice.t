# Comparisons do not associate.
# $ frit compile case.graph --dump-ir=fuse
graph g(x: f32[4]) -> (y: f32[4]) {
  y[i] = 0 < x[i] < 1 ? x[i] : 0;
}
--- err
case.graph:3:19: error: expected ';' or an operator after ']', found '<'
      y[i] = 0 < x[i] < 1 ? x[i] : 0;
                      ^
  help: comparisons do not chain: write a < b & b < c
--- end
