# The ledger: every rewrite and every move, made or refused, with its reason.
# $ frit explain case.graph --target x86-64-v3
graph g(x: f32[64, 64], w: f32[64, 64], b: f32[64], v: f32[64, 64]) -> (y: f32[64, 64]) {
  h = relu(linear(x, w, b));
  y = softmax(matmul(h, v));
}
--- out
simplify  y                           yes   a quotient became a product with the reciprocal (rounds differently)
simplify  y_part                      yes   invariant part of y: computed once for all that it does not depend on
fuse      h.y > h                     yes   vertical: one kernel (saves 32768 bytes)
fuse      y.m > y.e                   yes   vertical: one kernel (saves 512 bytes)
fuse      y.m > y_sum                 yes   vertical: one kernel (saves 32768 bytes)
fuse      y.m > y_part                yes   vertical: one kernel (saves 512 bytes)
fuse      y.m > y                     yes   vertical: one kernel (saves 33280 bytes)
fuse      h > y.y                     no    a product needs its operand complete (saves 32768 bytes)
fuse      y.y > y.m                   no    the rows of a product's result are complete only after all tiles (saves 32768 bytes)
--- end
