/* schedule: a loop tree for every kernel that has none, by the class of the kernel.
 *
 *   before  kernel k0 "matmul+bias" (x, w, b) -> (y) { z[i, j] = sum(k: x[i, k] * w[k, j]); y[i, j] = z[i, j] + b[j]; }
 *   after   the same, and schedule { for j/32 { for i/12 even { let z reg; z(k, i*, j~); y(i*, j~); } } }
 *
 * needs   kernels, layouts and packed constants (layout chose the same tiles)
 * keeps   trees that are there: written by hand, or read from a dump
 * never   changes an equation, but for the names of indices
 */
#include "builders.h"

static bool kernel_streams(const Items *its)
{
  for (int i = 0; i < its->n; i++)
    for (int j = 0; j < its->at[i].nfree; j++)
      if (is_stream(its->at[i].free[j])) return true;
  return false;
}

static bool kernel_circles(const Items *its)
{
  for (int i = 0; i < its->n; i++)
    for (int j = i; j < its->n; j++)
      if (item_reads(&its->at[i], its->at[j].t)) return true;
  return false;
}

typedef Tree *Builder(Ctx *, const Graph *, const Kernel *, const Target *);
static Builder *builder_of(Ctx *c, const Items *its)
{
  bool reduces = false, contracts = false;
  if (kernel_streams(its)) return tree_stream;
  if (kernel_circles(its)) return tree_scan;
  for (int i = 0; i < its->n; i++) {
    Shape s;
    if (!its->at[i].red) continue;
    shape_plain(c, its->at[i].eq[0], &s);
    reduces = true;
    contracts |= s.kind == CLASS_CONTRACTION && its->at[i].nfree > 0;
  }
  return contracts ? tree_contraction : reduces ? tree_rows : tree_pointwise;
}

int pass_schedule(Ctx *c, Graph *g, const Target *t)
{
  int n = 0;
  for (int i = 0; i < g->nkernel; i++) {
    Kernel *k = g->kernel[i];
    if (k->tree || !k->neq) continue;
    kernel_unify(c, g, k);
    Items its = items_of(c, k);
    k->tree = builder_of(c, &its)(c, g, k, t);
    n++;
  }
  return n;
}
