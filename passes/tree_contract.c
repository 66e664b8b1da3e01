/* Contractions and what follows them on the same index space: register tiles and the loops around them.
 *
 *   nm   for n/NR { for m/MR even { let acc reg; acc(k/4, m*, n~); y(m*, n~); } }      a panel of w stays near, x streams
 *   mn   for m/MR even { for n/NR { ... } }                                            the rows of x stay near, w streams
 *   one row:  for n/(12 W) { acc(k, n~); y(n~); }                                      outer loops: for b { for y { ... } }
 * Across (horizontal sums): accumulators are vectors, rows innermost so that they share the other operand; with two rows of them, one vector
 * at a time. */
#include "builders.h"

static void order_rows(Ctx *c, Order *o, const Plan *p) {
  if (p->tile.my > 1) order_unroll(c, o, p->up);
  if (p->row) order_unroll(c, o, p->row);
  if (p->col) order_unroll(c, o, p->col);
}
static Tree *leaf_tile(Ctx *c, const Item *it, const Plan *p) {
  Order o = { 0 }; const Expr *w = it->red && p->ahead && p->tile.ku > 0 ? plan_lanes(c, it, p) : NULL;
  if (w) order_k_by(c, &o, p->k + p->nk - 1, 1, p->share > p->tile.ku ? p->tile.ku : -1);
  for (int i = 0; i < p->nk && it->red && !w; i++) {
    if (p->each && i == p->nk - 1) order_rows(c, &o, p);
    if (p->flat[i]) order_unroll(c, &o, p->k[i]);
    else order_k_by(c, &o, p->k + i, 1, i == p->nk - 1 || p->tile.ku < 0 ? p->tile.ku : 1);
  }
  if (!p->each || !it->red || !p->nk) order_rows(c, &o, p);
  if (!p->across && p->lanes == 1) order_unroll(c, &o, p->lane);
  else if (!p->across || it->red) order_add(c, &o, p->lane, LEAF_VECTOR, p->across && !p->col ? 2 : 0);
  if (it->red && p->dot) order_add(c, &o, p->dot, LEAF_DOT, 0);
  Tree *leaf = leaf_of(c, it, &o);
  for (int i = w ? p->nk - 1 : -1; i >= 0; i--)
    if (i < p->nk - 1) leaf = tree_for(c, p->k[i], 1, p->flat[i] ? LOOP_UNROLL : LOOP_SERIAL, leaf);
    else leaf = tree_loop(c, p->k[i], p->share ? p->share : p->tile.ku,
                          tree_cat(tree_prefetch(c, w->tensor->name, p->ahead / p->tile.ku, p->share ? p->lane : NULL), leaf));
  return it->red && p->col ? tree_loop(c, p->lane, p->lanes, leaf) : leaf;
}

/* A row index in steps of at most n: even, as packed, or of one size so that the borders can stand apart. */
static Tree *loop_rows(const Build *b, const Item *head, const Plan *p, const char *name, int n, bool clips, Tree *body) {
  if (!name) return body;
  if (clips) return tree_for(b->c, name, even_step(extent_named(head, name), n), LOOP_EDGE, body);
  return tree_for(b->c, name, n, p->packed && !p->across ? LOOP_SERIAL : n == 1 && name == p->up ? LOOP_SERIAL : LOOP_EVEN, body);
}

/* The lanes' operand in panels: one before its rows, where they follow, else all before everything. */
static Tree *tree_move(const Build *b, const Item *it, const Plan *p, Tree *body) {
  Ctx *c = b->c; Order o = { 0 }; bool one = p->tile.nm && !p->tile.mc; Tree *let = one ? tree_let(c, it->t->name, ST_MEM) : NULL, *t;
  const Expr *r = it->eq[0]->rhs; bool turns = access_stride(c, r->tensor, r->arg, p->lane) != 1;         /* by blocks, in registers */
  if (one && !turns) order_serial(c, &o, p->k[0]); else order_unroll(c, &o, p->k[0]);
  order_add(c, &o, p->lane, LEAF_VECTOR, 0); t = leaf_of(c, it, &o);
  if (turns || !one) t = tree_loop(c, p->k[0], turns ? p->lanes : 8, tree_loop(c, p->lane, (turns ? 1 : (int64_t)p->tile.nv) * p->lanes, t));
  if (!one) return tree_cat(t, body);
  let->layout = NEWN(c, LayoutDim, it->t->rank); let->nlayout = it->t->rank;
  for (int d = 0, n = 0, last; d < it->t->rank; d++) {
    last = name_same(it->eq[0]->free[d]->name, p->lane); let->layout[last ? it->t->rank - 1 : n++] = (LayoutDim){ d, 1, 0 };
  }
  return tree_cat(let, tree_cat(t, body));
}

Tree *tree_group(const Build *b, const Group *g, const Plan *p, const Item *moved) {
  Ctx *c = b->c; const Item *head = &b->its.at[g->first]; int n = p->nouter;
  bool inside = p->across || p->tile.nm, panel = moved && p->tile.nm && !p->tile.mc;
  for (int i = g->first; i < g->end; i++) b->its.at[i].leaf = leaf_tile(c, &b->its.at[i], p);
  Tree *body = tree_tile(b, g, p->across ? NULL : p->row, p->tile.mr, p->tile.nv);
  for (int pass = 0; pass < 2; pass++) {
    if (pass && panel) body = tree_move(b, moved, p, body);
    if (pass == inside && !p->across) body = tree_loop(c, p->lane, (int64_t)p->tile.nv * p->lanes, body);
    if (pass && p->mid) body = loop_rows(b, head, p, p->up, p->tile.my, p->upclips, body);
    if (pass && p->row && p->tile.mc) body = tree_loop(c, p->row, p->tile.mc, body);
    if (pass) continue;
    body = loop_rows(b, head, p, p->row, p->tile.mr, p->clips, body);
    if (p->col) body = tree_for(c, p->col, p->tile.nv, LOOP_EVEN, body);
    if (!p->mid) body = loop_rows(b, head, p, p->up, p->tile.my, p->upclips, body);
    while (inside && !p->mid && n > p->nfixed) body = tree_loop(c, p->outer[--n], 1, body);
  }
  if (p->kc && g->end - g->first == 1) body = tree_loop(c, p->k[0], p->kc, body);
  if (moved && !panel) body = tree_move(b, moved, p, body);
  while (n > 0) body = tree_loop(c, p->outer[--n], 1, body);
  return body;
}

/* The group that does nothing but copy the lanes' operand for the contraction `head`. */
static const Item *move_of(const Build *b, const Groups *v, const Item *head, const Plan *p) {
  const Expr *r = plan_lanes(b->c, head, p); int readers = 0; const Item *from = NULL;
  ITEMS(it, b) { readers += item_reads(it, r->tensor); if (it->t == r->tensor) from = it; }
  if (!p->tile.moves || !from || readers != 1 || from->eq[0]->rhs->kind != E_READ || !is_local(b->k, from->t)) return NULL;
  return v->at[from->group].end - v->at[from->group].first == 1 ? from : NULL;
}

Tree *tree_contraction(Build *b) {
  Groups v = groups_of(b); Tree *tree = NULL, **at = NEWN(b->c, Tree *, v.n); bool *placed = NEWN(b->c, bool, v.n);
  for (int i = 0; i < v.n; i++) {
    Plan p; const Group *g = &v.at[i]; const Item *head = &b->its.at[g->first], *moved;
    bool tiled = head->red && plan_contraction(b->c, b->k, head, g->ncon, b->t, &p);
    if (tiled && (moved = move_of(b, &v, head, &p))) placed[moved->group] = true; else moved = NULL;
    at[i] = tiled ? tree_group(b, g, &p, moved) : tree_singles(b, g->first, g->end);
    bool lines = tiled && !p.across && !p.kc && (int64_t)p.tile.nv * p.lanes * 4 >= 4 * b->t->line;     /* tiles write whole ones, mostly */
    for (int k = g->first; k < g->end && lines; k++) tree = tree_cat(let_past(b, &b->its.at[k], p.lane), tree);
  }
  for (int i = 0; i < v.n; i++) if (!placed[i]) tree = tree_cat(tree, at[i]);
  return tree;
}
