/* schedule: a loop tree for every kernel that has none, by the class of the kernel.
 *
 *   before  kernel k0 "matmul+bias" (x, w, b) -> (y) { z[i, j] = sum(k: x[i, k] * w[k, j]); y[i, j] = z[i, j] + b[j]; }
 *   after   the same, and schedule { for j/32 { for i/12 even { let z reg; z(k, i*, j~); y(i*, j~); } } }
 * needs   kernels, layouts and packed constants (layout chose the same tiles: it asks the same plan)
 * keeps   trees that are there, by hand or from a dump; equations, but for the names of indices */
#include "builders.h"

/* ---- contractions and what follows them on the same index space
 *   nm   for n/NR { for m/MR even { let acc reg; acc(k/4, m*, n~); y(m*, n~); } }      a panel of w stays near, x streams
 *   mn   for m/MR even { for n/NR { ... } }                                            the rows of x stay near, w streams
 *   one row:  for n/(12 W) { acc(k, n~); y(n~); }                                      outer loops: for b { for y { ... } }
 * Across (horizontal sums): accumulators are vectors, rows innermost so that they share the other operand; with two rows of them, one vector
 * at a time. */
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

static Tree *tree_contraction(Build *b) {
  Groups v = groups_of(b); Tree *tree = NULL;
  for (const Group *g = v.at; g < v.at + v.n; g++) {
    Plan p; const Item *head = &b->its.at[g->first];
    bool tiled = head->red && plan_contraction(b->c, b->k, head, g->ncon, b->t, &p);
    tree = tree_cat(tree, tiled ? tree_group(b, g, &p) : tree_singles(b, g->first, g->end));
  }
  return tree;
}

/* ---- equations without reductions (movement, gathers too): everything in registers, a few vectors at a time
 *   for i { for j/64 { let a reg; a(j~); y(j~); } }
 * Items that lack an outer index stand before the loop over it. Tensors in pieces get a leaf of their own. loop: outer to inner, the lane last. */
typedef struct Nest { const Build *b; const char *lane; NameList loop; } Nest;
/* The lane that suits most items, by how many of them can use it (twice, if they like it best). */
static const char *lane_vote(const Build *b) {
  const char *best = NULL, **name = NEWN(b->c, const char *, b->its.n); int most = 0;
  for (int i = 0; i < b->its.n; i++) name[i] = lane_best(b->c, &b->its.at[i], false);
  for (int i = 0; i < b->its.n; i++) {
    int votes = 0;
    for (int j = 0; j < b->its.n && name[i]; j++) votes += item_free(&b->its.at[j], name[i]) ? name_same(name[j], name[i]) + 1 : 0;
    if (votes > most) { most = votes; best = name[i]; }
  }
  return best;
}
/* Items first..end - 1, whose loops up to depth are open. Where some read outside along the lane, the steps at the border stand apart: those between
 * need no masks. */
static Tree *nest_from(const Nest *n, int first, int end, int depth) {
  Tree *body = NULL; const Item *it = n->b->its.at;
  if (depth == n->loop.n) return tree_leaves(n->b, first, end);
  const char *name = n->loop.at[depth]; bool lane = name_same(name, n->lane);
  for (int i = first, e; i < end; i = e) {
    bool has = item_free(&it[i], name), border = expr_has(it[i].eq[0]->rhs, E_OR);
    for (e = i + 1; e < end && has == (item_free(&it[e], name) != NULL); e++) border |= expr_has(it[e].eq[0]->rhs, E_OR);
    Tree *in = nest_from(n, i, e, depth + 1);
    if (has) in = tree_for(n->b->c, name, lane ? (n->b->its.n > 6 ? 2 : 4) * n->b->lanes : 1, border && lane ? LOOP_EDGE : LOOP_SERIAL, in);
    body = tree_cat(body, in);
  }
  return body;
}

/* Does the item read of the kernel's earlier items at home only? */
static bool item_at_home(const Build *b, const Item *it) {
  for (const Item *o = b->its.at; o < it; o++) if (!reads_at_home(it, o)) return false;
  return true;
}
/* One loop nest serves if the items are whole, plain, and all their indices are the nest's. */
static bool nest_serves(const Nest *n) {
  ITEMS(it, n->b) {
    if (it->red || it->neq != 1 || !item_at_home(n->b, it)) return false;
    for (int j = 0; j < it->nfree; j++) if (!name_in(&n->loop, it->free[j]->name)) return false;
  }
  return true;
}

static Tree *tree_pointwise(Build *b) {
  Nest n = { .b = b, .lane = lane_vote(b) }; const Item *widest = b->its.at;
  ITEMS(it, b) if (it->nfree > widest->nfree) widest = it;
  for (int i = 0; i < widest->nfree; i++) if (!name_same(widest->free[i]->name, n.lane)) PUSH(b->c, n.loop, widest->free[i]->name);
  if (n.lane) PUSH(b->c, n.loop, n.lane);
  if (!nest_serves(&n)) return tree_singles(b, 0, b->its.n);
  ITEMS(it, b) {
    Order o = { 0 };
    if (n.lane && item_free(it, n.lane)) order_add(b->c, &o, n.lane, b->lanes > 1 ? LEAF_VECTOR : LEAF_UNROLL, 0);
    it->leaf = leaf_of(b->c, it, &o);
  }
  return nest_from(&n, 0, b->its.n, 0);
}

/* ---- reductions along rows and the pointwise equations between them, a row at a time
 *   for i {                                              short rows: for i/8, and i* in every leaf: eight rows hide the latency of
 *     let m reg; let s reg;                              the horizontal steps
 *     for k/64 { m(k~); }  for k/64 { e(k~); s(k~); }  for k/64 { y(k~); }
 *   }
 * A phase is a run of items with the row's indices that one loop over k can compute: no item of it reads a sum that is completed in it.
 * Where k is not contiguous the lanes run over a free index and k is serial: for j/32 { for k/1 { m(j~); } ... }.
 * lane: across: a column; else a row index. many: rows that go together. last: the innermost row index. */
typedef struct Rows { const Build *b; NameList row, col; const char *lane, *last; bool across; int many; } Rows;

/* How many of the columns the item has: free, or also summed. */
static int cols_of(const Rows *r, const Item *it, bool bound) {
  int n = 0;
  for (int d = 0; d < r->col.n; d++) n += item_free(it, r->col.at[d]) || (bound && item_bound(it, r->col.at[d]));
  return n;
}

/* Every item has all row indices, and all columns or none; whatever it reads of the kernel, it reads at home. */
static bool rows_serve(const Rows *r) {
  ITEMS(it, r->b) {
    int cols = cols_of(r, it, true);
    if (it->neq != 1 || (cols && cols != r->col.n) || !item_at_home(r->b, it)) return false;
    for (int d = 0; d < r->row.n; d++) if (!item_free(it, r->row.at[d])) return false;
    for (int d = 0; d < it->nfree; d++) if (!name_in(&r->row, it->free[d]->name) && !name_in(&r->col, it->free[d]->name)) return false;
  }
  return true;
}

static const Index *index_of(const Rows *r, const char *name) {
  const Index *x = NULL;
  ITEMS(it, r->b) { x = x ? x : item_free(it, name); x = x ? x : item_bound(it, name); }
  return x;
}
/* Is every read of the item contiguous along this index, or without it? */
static bool lane_unit(Ctx *c, const Item *it, const char *name) {
  bool ok = true, any = false;
  EACH(Expr, r, it->reads) { int64_t s = access_stride(c, r->tensor, r->arg, name); any |= s == 1; ok &= s == 0 || s == 1; }
  return ok && any;
}

/* The first reduction decides: its columns if they are contiguous and fill vectors (or the row is more than one window), else a row index.
 * Of short rows eight go together. */
static void rows_lane(Rows *r) {
  const Build *b = r->b; const Item *red = b->its.at;
  while (red < b->its.at + b->its.n && !red->red) red++;
  if (red == b->its.at + b->its.n || b->lanes == 1) return;
  const char *bound = lane_best(b->c, red, true), *free = lane_best(b->c, red, false);
  bool near = lane_unit(b->c, red, bound), wide = count_max(index_of(r, bound)) * 2 >= b->lanes;
  r->across = !free || (near && wide) || (near && red->nk == 1 && b->its.n > 1 && !lane_unit(b->c, red, free));
  r->lane = r->across ? bound : free;
  if (!r->last || !r->across || b->t->little_ram || r->col.n != 1) return;
  if (count_max(index_of(r, r->lane)) <= 128 && count_max(index_of(r, r->last)) >= 8) r->many = 8;
}
/* Columns of a small window are unrolled in the leaf. */
static bool col_small(const Rows *r, const char *name) { const Index *x = index_of(r, name); return !r->across && is_fixed(x) && count_max(x) <= 4; }

static Tree *leaf_row(const Rows *r, const Item *it) {
  Order o = { 0 }; bool col = cols_of(r, it, true);
  for (int d = 0; d < r->col.n && col; d++) if (col_small(r, r->col.at[d])) order_unroll(r->b->c, &o, r->col.at[d]);
  if (r->many > 1) order_unroll(r->b->c, &o, r->last);
  if (r->lane && (r->across ? col : item_free(it, r->lane) != NULL)) order_add(r->b->c, &o, r->lane, LEAF_VECTOR, 0);
  return leaf_of(r->b->c, it, &o);
}

/* One loop over the columns around items first..end - 1; what has none is in registers already. */
static Tree *phase(const Rows *r, int first, int end) {
  Ctx *c = r->b->c; bool cols = cols_of(r, &r->b->its.at[first], true); Tree *body = cols ? tree_leaves(r->b, first, end) : NULL;
  for (int i = first; i < end && !cols; i++) body = tree_cat(body, r->b->its.at[i].leaf);
  if (!cols) return body;
  if (r->across) body = tree_loop(c, r->lane, (r->many > 1 ? 1 : 4) * r->b->lanes, body);
  for (int d = r->col.n - 1; d >= 0; d--)
    if (!col_small(r, r->col.at[d]) && !(r->across && name_same(r->col.at[d], r->lane))) body = tree_loop(c, r->col.at[d], 1, body);
  return body;
}
static bool phase_ends(const Rows *r, int first, int i) {
  const Item *at = r->b->its.at; bool ends = !cols_of(r, &at[i], true) != !cols_of(r, &at[first], true);
  for (int j = first; j < i; j++) ends |= at[j].red && item_reads(&at[i], at[j].t);
  return ends;
}

static Tree *tree_rows(Build *b) {
  Rows r = { .b = b, .many = 1 };
  ITEMS(it, b) for (int j = 0; j < it->nk; j++) name_add(b->c, &r.col, it->k[j]->name);
  ITEMS(it, b) for (int j = 0; j < it->nfree && it->red; j++) if (!name_in(&r.col, it->free[j]->name)) name_add(b->c, &r.row, it->free[j]->name);
  r.last = r.row.n ? r.row.at[r.row.n - 1] : NULL;
  if (!rows_serve(&r)) return tree_singles(b, 0, b->its.n);
  rows_lane(&r);
  Tree *tree = NULL;
  ITEMS(it, b) {                                          /* what is one number a row lives in a register */
    if (!cols_of(&r, it, false) && is_local(b->k, it->t)) tree = tree_cat(tree, tree_let(b->c, it->t->name, ST_REG));
    it->leaf = leaf_row(&r, it);
  }
  for (int i = 0, e; i < b->its.n; i = e) {
    for (e = i + 1; e < b->its.n && !phase_ends(&r, i, e); e++) {}
    tree = tree_cat(tree, phase(&r, i, e));
  }
  const char *inner = r.many > 1 ? r.last : !r.across && r.lane && name_in(&r.row, r.lane) ? r.lane : NULL;
  if (inner) tree = tree_loop(b->c, inner, r.many > 1 ? r.many : 2 * b->lanes, tree);
  for (int d = r.row.n - 1; d >= 0; d--) if (!name_same(r.row.at[d], inner)) tree = tree_loop(b->c, r.row.at[d], 1, tree);
  return tree;
}

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
  bool reduces = false;
  if (kernel_stream(b->k)) return tree_stream(b);
  if (kernel_circles(b->k)) return tree_scan(b);
  ITEMS(it, b) {
    Shape s = shape_of(b->c, it->eq[0]);
    if (s.contracts && it->nfree > 0) return tree_contraction(b);
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
    Build b = build_of(c, g, k, t); k->tree = tree_of(&b); n++;
  }
  return n;
}
