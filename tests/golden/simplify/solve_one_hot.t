# A sum over one admitted index is a read.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=simplify
graph g(x: f32[6], z: f32[3, 6]) -> (y: f32[5], d: f32[6]) {
  y[i < 5] = sum(j if j == i + 1: x[j]);
  d[i] = sum(k, j if j == i & k == 2: z[k, j]);
}
--- out
(exit 1)
case.graph:2:49: error: the result 'd' is declared f32[6], but it is f32[5]
    graph g(x: f32[6], z: f32[3, 6]) -> (y: f32[5], d: f32[6]) {
                                                    ^
  case.graph:4:3: note: computed here
      d[i] = sum(k, j if j == i & k == 2: z[k, j]);
      ^
--- end
