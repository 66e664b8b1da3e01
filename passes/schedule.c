/* schedule: a loop tree for every kernel that has none, by the class of the kernel.
 *
 *   before  kernel k0 "matmul+bias" (x, w, b) -> (y) { z[i, j] = sum(k: x[i, k] * w[k, j]); y[i, j] = z[i, j] + b[j]; }
 *   after   the same, and schedule { for j/32 { for i/12 even { let z reg; z(k, i*, j~); y(i*, j~); } } }
 * needs   kernels, layouts and packed constants (layout chose the same tiles: it asks the same plan)
 * keeps   trees that are there, by hand or from a dump; equations, but for the names of indices */
#include "builders.h"

/* ---- recurrences along a dimension that is no stream
 *   for t/1 { z(h, i~); y(i~); }           the equations of the circle, step by step; before and behind: trees of their own
 * Within a step a leaf stands behind those that it reads of the same index. That may be another order than the one of places, which the graph has:
 * a[1 + t] = ... p[t] ...; p[t] = ... a[t] ...; runs p first.
 * A circle that reads later places is stepped from the end: the lowering asks graph_circle for the direction.
 *
 * Does the reader read what the item writes in the step of the same index? at: the dimension that the item's circle steps through. */
static bool needs_in_step(const Build *b, const Item *reader, const Item *it) {
  Circle x; Aff r, w; int at = -1;
  for (int e = 0, k; e < it->neq && at < 0; e++) at = (k = eq_circle(b->c, b->g, it->eq[e], &x)) >= 0 ? x.dim[k] : -1;
  if (reader == it || at < 0) return false;
  EACH(Expr, read, reader->reads) {
    if (read->tensor != it->t || !expr_affine(b->c, read->arg[at], &r) || r.n != 1) continue;
    for (int e = 0; e < it->neq; e++) if (expr_affine(b->c, it->eq[e]->place[at], &w) && w.n == 1 && r.c == w.c) return true;
  }
  return false;
}

/* Orders the items of a circle within a step; stable, and as they stand where that is no order. */
static void order_circle(const Build *b, Item *it, int n) {
  for (int done = 0; done < n; done++) {
    int pick = done; bool ready = false;
    for (int i = done; i < n && !ready; i++) {
      ready = true;
      for (int j = done; j < n && ready; j++) ready = !needs_in_step(b, &it[i], &it[j]);
      if (ready) pick = i;
    }
    items_move(it, pick, done);
  }
}
static Tree *tree_scan(Build *b) {
  Groups v = groups_of(b); Tree *tree = NULL;
  for (const Group *g = v.at; g < v.at + v.n; g++) {
    const char *step = g->circle ? group_step(b, g) : NULL;
    if (step) order_circle(b, b->its.at + g->first, g->end - g->first);
    tree = tree_cat(tree, step ? tree_steps(b, g, step) : tree_singles(b, g->first, g->end));
  }
  return tree;
}
static Tree *tree_of(Build *b) {
  bool reduces = false; Tree *blocks;
  if (kernel_stream(b->k)) return tree_stream(b);
  if (kernel_circles(b->k)) return tree_scan(b);
  if (b->lanes > 1 && (blocks = tree_blocks(b))) return blocks;
  ITEMS(it, b) {
    Shape s = shape_of(b->c, it->eq[0]);
    if (s.contracts && it->nfree > 0 && (s.nm || s.nn)) return tree_contraction(b);
    reduces |= it->red != NULL;
  }
  return reduces ? tree_rows(b) : tree_pointwise(b);
}
int pass_schedule(Ctx *c, Graph *g, const Target *t) {
  int n = 0;
  for (int i = 0; i < g->nkernel; i++) {
    Kernel *k = g->kernel[i];
    if (k->tree || !k->neq) continue;
    kernel_unify(c, g, k);
    Build b = build_of(c, g, k, t); k->tree = tree_parallel(&b, tree_of(&b)); n++;
  }
  return n;
}
