/* Trees of recurrences along a dimension that is no stream.
 *
 *   for t/1 { z(h, i~); y(i~); }           the equations of the circle, step by step; before and behind: trees of their own
 *
 * Within a step a leaf stands behind those that it reads of the same index. That may be another order than the one of places, which the graph has:
 * a[1 + t] = ... p[t] ...; p[t] = ... a[t] ...; runs p first.
 * A circle that reads later places is stepped from the end: the lowering asks graph_circle for the direction. */
#include "builders.h"

Index *eq_step(Ctx *c, const Graph *g, const Eq *e) {
  Circle x;
  Aff a;
  int k = eq_circle(c, g, e, &x);
  return k >= 0 && expr_affine(c, e->place[x.dim[k]], &a) && a.n == 1 ? a.index[0] : NULL;
}

const char *group_step(const Build *b, const Group *g) {
  const Index *step = NULL;
  for (int i = g->first; i < g->end; i++) for (int e = 0; e < b->its.at[i].neq && !step; e++) step = eq_step(b->c, b->g, b->its.at[i].eq[e]);
  return step ? step->name : NULL;
}

/* Does the reader read what the item writes in the step of the same index? */
static bool needs_in_step(const Build *b, const Item *reader, const Item *it) {
  Circle x;
  Aff r, w;
  int at = -1;                                             /* the dimension that the item's circle steps through */
  for (int e = 0, k; e < it->neq && at < 0; e++) at = (k = eq_circle(b->c, b->g, it->eq[e], &x)) >= 0 ? x.dim[k] : -1;
  for (int k = 0; k < reader->reads.n && reader != it && at >= 0; k++) {
    if (reader->reads.at[k]->tensor != it->t || !expr_affine(b->c, reader->reads.at[k]->arg[at], &r) || r.n != 1) continue;
    for (int e = 0; e < it->neq; e++) if (expr_affine(b->c, it->eq[e]->place[at], &w) && w.n == 1 && r.c == w.c) return true;
  }
  return false;
}

/* Orders the items of a circle within a step; stable, and as they stand where that is no order. */
static void order_circle(const Build *b, Item *it, int n) {
  for (int done = 0; done < n; done++) {
    int pick = done;
    for (int i = n - 1; i >= done; i--) {
      bool ready = true;
      for (int j = done; j < n && ready; j++) ready = !needs_in_step(b, &it[i], &it[j]);
      if (ready) pick = i;
    }
    items_move(it, pick, done);
  }
}

Tree *tree_scan(Build *b) {
  Groups v = groups_of(b);
  Tree *tree = NULL;
  for (int i = 0; i < v.n; i++) {
    const Group *g = &v.at[i];
    const char *step = g->circle ? group_step(b, g) : NULL;
    Tree *body = step ? NULL : tree_singles(b, g->first, g->end);
    if (step) order_circle(b, b->its.at + g->first, g->end - g->first);
    for (int j = g->first; j < g->end && step; j++) body = tree_cat(body, leaf_step(b, &b->its.at[j], step));
    tree = tree_cat(tree, step ? tree_loop(b->c, step, 1, body) : body);
  }
  return tree;
}
