/* Contractions and what follows them on the same index space: register tiles and the loops around them.
 *
 *   nm   for n/NR { for m/MR even { let acc reg; acc(k/4, m*, n~); y(m*, n~); } }      a panel of w stays near, x streams
 *   mn   for m/MR even { for n/NR { ... } }                                            the rows of x stay near, w streams
 *   one row:  for n/(12 W) { acc(k, n~); y(n~); }                                      outer loops: for b { for y { ... } }
 * Across (horizontal sums): accumulators are vectors, rows innermost so that they share the other operand; with two rows of them, one vector
 * at a time. */
#include "builders.h"

static Tree *leaf_tile(Ctx *c, const Item *it, const Plan *p) {
  Order o = { 0 };
  if (it->red) order_k_by(c, &o, p->k, p->nk, p->tile.ku);
  if (p->row) order_unroll(c, &o, p->row);
  if (p->col) order_unroll(c, &o, p->col);
  if (!p->across && p->lanes == 1) order_unroll(c, &o, p->lane);
  else if (!p->across || it->red) order_add(c, &o, p->lane, LEAF_VECTOR, p->across && !p->col ? 2 : 0);
  Tree *leaf = leaf_of(c, it, &o); return it->red && p->col ? tree_loop(c, p->lane, p->lanes, leaf) : leaf;
}

static Tree *tree_group(const Build *b, const Group *g, const Plan *p) {
  Ctx *c = b->c;
  for (int i = g->first; i < g->end; i++) b->its.at[i].leaf = leaf_tile(c, &b->its.at[i], p);
  Tree *body = tree_tile(b, g, p->across ? NULL : p->row, p->tile.mr, p->tile.nv);
  LoopKind rows = p->packed && !p->across ? LOOP_SERIAL : LOOP_EVEN; bool inside = p->across || p->tile.nm;
  if (p->row && inside) body = tree_for(c, p->row, p->tile.mr, rows, body);
  if (p->col) body = tree_for(c, p->col, p->tile.nv, LOOP_EVEN, body);
  if (!p->across) body = tree_loop(c, p->lane, (int64_t)p->tile.nv * p->lanes, body);
  if (p->row && !inside) body = tree_for(c, p->row, p->tile.mr, rows, body);
  for (int i = p->nouter; i-- > 0;) body = tree_loop(c, p->outer[i], 1, body);
  return body;
}

Tree *tree_contraction(Build *b) {
  Groups v = groups_of(b); Tree *tree = NULL;
  for (const Group *g = v.at; g < v.at + v.n; g++) {
    Plan p; const Item *head = &b->its.at[g->first];
    bool tiled = head->red && plan_contraction(b->c, b->k, head, g->ncon, b->t, &p);
    tree = tree_cat(tree, tiled ? tree_group(b, g, &p) : tree_singles(b, g->first, g->end));
  }
  return tree;
}
