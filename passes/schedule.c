/* schedule: a loop tree for every kernel that has none, by the class of the kernel.
 *
 *   before  kernel k0 "matmul+bias" (x, w, b) -> (y) { z[i, j] = sum(k: x[i, k] * w[k, j]); y[i, j] = z[i, j] + b[j]; }
 *   after   the same, and schedule { for j/32 { for i/12 even { let z reg; z(k, i*, j~); y(i*, j~); } } }
 *
 * needs   kernels, layouts and packed constants (layout chose the same tiles)
 * keeps   trees that are there: written by hand, or read from a dump
 * never   changes an equation, but for the names of indices */
#include "builders.h"

static Builder *builder_of(const Build *b) {
  bool reduces = false;
  if (kernel_stream(b->k)) return tree_stream;
  if (kernel_circles(b->k)) return tree_scan;
  for (int i = 0; i < b->its.n; i++) {
    Shape s;
    shape_plain(b->c, b->its.at[i].eq[0], &s);
    if (s.contracts && b->its.at[i].nfree > 0) return tree_contraction;
    reduces |= b->its.at[i].red != NULL;
  }
  return reduces ? tree_rows : tree_pointwise;
}

int pass_schedule(Ctx *c, Graph *g, const Target *t) {
  int n = 0;
  for (int i = 0; i < g->nkernel; i++) {
    Kernel *k = g->kernel[i];
    if (k->tree || !k->neq) continue;
    kernel_unify(c, g, k);
    Build b = build_of(c, g, k, t);
    k->tree = builder_of(&b)(&b);
    n++;
  }
  return n;
}
