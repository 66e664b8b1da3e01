/* Trees of a whole network by blocks of frames.
 *   for t/64 stream {
 *     let h1 ring; let s1 alias s0;
 *     for t/32 { for o/8 { let z reg; z(k, c, o*, t~); a(o*, t~); s1(o*, t~); }  for c/8 { h1(o, c*, t~); } }
 *     for t/32 { ... }                          the next layer reads h1 at earlier frames: a loop of its own
 *     for t/1 { g(j, i~); y(i~); }              a recurrence over t: frame by frame, lanes along another index; for i/8 { for t/1 { y(i*); } }
 *                                               where rows i do not depend on each other
 *   }
 * needs   unified names; equations in an order in which producers come first; histories on tensors
 * never   lets the lanes run over anything but t outside of recurrences: all tensors have t innermost */
#include "builders.h"

enum { FEW = 8 };                  /* frames */

const char *row_name(const Item *it, const char *step) {
  const Index *row = NULL;
  for (int i = 0; i < it->nfree && it->neq == 1; i++)
    if (!name_same(it->free[i]->name, step) && is_fixed(it->free[i]) && (!row || count_max(it->free[i]) >= count_max(row))) row = it->free[i];
  return row ? row->name : NULL;
}
static TileSize tile_size(const Build *b, const Item *it, int64_t m, int64_t n, int copies) {
  return (TileSize){ .m = m, .n = n, .k = (int64_t)index_points(it->k, it->nk), .kin = 1, .lanes = b->lanes, .copies = copies > 1 ? copies : 1 };
}
/* Sets the rows of a group, and gives the least cycles over their count. Of pointwise chains a few rows together hide the latency. */
static double rows_choose(const Build *b, const StreamPlan *p, Group *g, int nv) {
  const Item *head = &b->its.at[g->first]; double least = 1e30; g->row = row_name(head, p->time);
  if (g->circle || !item_free(head, p->time)) return 0;
  TileSize s = tile_size(b, head, extent_named(head, g->row), b->t->block, g->ncon); int few = nv >= 4 ? 1 : 4 / nv;
  g->mr = head->red ? 1 : few < s.m ? few : (int)s.m;
  for (int r = 1; r <= 16 && r <= s.m && head->red; r++) {
    double cy = tile_rows(b->t, &s, r, nv) * (s.m % r ? 1.04 : 1);  /* a rest is code of its own, and a narrower tile */
    if (cy <= least) { least = cy; g->mr = r; }
  }
  return head->red ? least : 0;
}
static double plan_cost(const Build *b, StreamPlan *p, int nv) {
  double sum = 0;
  for (int i = 0; i < p->group.n; i++) sum += rows_choose(b, p, &p->group.at[i], nv);
  return sum;
}
/* The pick-th best width. */
StreamPlan plan_stream(Build *b) {
  StreamPlan p = { .nv = 1, .time = kernel_stream(b->k)->name, .group = groups_of(b) }; bool taken[9] = { false };
  for (int pick = b->k->pick, best = 1; pick >= 0 && best; pick--) {
    double least = 1e300; best = 0;
    for (int nv = 1; nv <= 8 && nv * b->lanes <= b->t->block; nv *= 2) {
      double cy = taken[nv] ? 1e300 : plan_cost(b, &p, nv);
      if (cy < least * (b->t->vector_bytes ? 0.97 : 1.001)) { least = cy; best = nv; }
    }
    if (best) taken[p.nv = best] = true;
  }
  plan_cost(b, &p, p.nv); return p;
}

static void order_bound(const Build *b, Order *o, const Item *it, const char *lane, int mr, int nv, TileSize s) {
  const char **k; int nk; Shape shape = shape_of(b->c, it->eq[0]);
  for (int i = 0; i < it->nk && !shape.x; i++) (count_max(it->k[i]) <= 4 ? order_unroll : order_serial)(b->c, o, it->k[i]->name);
  if (!shape.x) return;
  order_k(b->c, &shape, lane, &k, &nk); s.kin = nk ? extent_named(it, k[nk - 1]) : 1;
  int ku = tile_unroll(b->t, &s, mr, nv); order_k_by(b->c, o, k, nk, ku > 1 ? 1 : ku);       /* twenty layers are twenty copies of this */
}
static Tree *leaf_stage(const Build *b, const StreamPlan *p, const Group *g, const Item *it) {
  Order o = { 0 }; bool few = p->few && g->row && it->neq == 1;
  if (it->neq > 1) order_pieces(b->c, &o, it, p->time);
  else if (it->red) order_bound(b, &o, it, NULL, g->mr, p->nv, tile_size(b, it, extent_named(it, g->row), b->t->block, g->ncon));
  if (g->row) order_unroll(b->c, &o, few ? p->time : g->row);
  if (few) order_add(b->c, &o, g->row, LEAF_VECTOR, 0);
  else order_add(b->c, &o, p->time, b->lanes > 1 ? LEAF_VECTOR : LEAF_UNROLL, 0);
  return leaf_of(b->c, it, &o);
}
static Tree *stage_of(const Build *b, const StreamPlan *p, const Group *g) {
  const Item *head = &b->its.at[g->first];
  for (int i = g->first; i < g->end; i++) b->its.at[i].leaf = leaf_stage(b, p, g, &b->its.at[i]);
  Tree *body = p->few ? tree_leaves(b, g->first, g->end) : tree_tile(b, g, g->row, g->mr, p->nv);
  if (head->neq > 1) return body;
  if (g->row && !p->few) body = tree_loop(b->c, g->row, g->mr, body);
  for (int f = head->nfree - 1; f >= 0; f--)
    if (!name_same(head->free[f]->name, p->time) && !name_same(head->free[f]->name, g->row)) body = tree_loop(b->c, head->free[f]->name, 1, body);
  return body;
}

/* Rows that step apart from each other and lie apart in memory; NULL: there is no such index. */
static const char *row_apart(const Build *b, const Group *g, const char *step) {
  const Item *it = b->its.at + g->first; const char *row = row_name(it, step); bool apart = row && g->end - g->first == 1 && it->neq == 1;
  if (!apart || expr_costly(it->eq[0]->rhs) || access_stride(b->c, it->t, it->eq[0]->place, row) == 1) return NULL;
  EACH(Expr, r, it->reads) for (int d = 0; d < r->n && r->tensor == it->t; d++) {
    const Index *i = expr_bare(it->eq[0]->place[d]), *j = expr_bare(r->arg[d]);
    if (i && name_same(i->name, row) && (!j || !name_same(j->name, row))) return NULL;
  }
  return row;
}

/* The leaf of one equation of a recurrence within a step: lanes along its largest other index. */
static Tree *leaf_step(const Build *b, const Item *it, const char *step, const char *apart) {
  Order o = { 0 }; const char *row = row_name(it, step); int64_t n = extent_named(it, row);
  if (it->neq > 1) order_pieces(b->c, &o, it, step);
  for (int f = 0; f < it->nfree && it->neq == 1; f++)
    if (!name_same(it->free[f]->name, step) && !name_same(it->free[f]->name, row)) order_serial(b->c, &o, it->free[f]->name);
  if (it->neq == 1 && it->red) order_bound(b, &o, it, row, 1, 4, tile_size(b, it, 1, n, 1));
  if (apart) order_unroll(b->c, &o, apart);
  else if (row) order_add(b->c, &o, row, b->lanes > 1 && n > 1 ? LEAF_VECTOR : LEAF_SERIAL, b->lanes > 1 && n > 1 ? 0 : 1);
  return leaf_of(b->c, it, &o);
}
Tree *tree_steps(const Build *b, const Group *g, const char *step) {
  Tree *body = NULL; const char *apart = row_apart(b, g, step);
  for (int i = g->first; i < g->end; i++) body = tree_cat(body, leaf_step(b, &b->its.at[i], step, apart));
  return apart ? tree_loop(b->c, apart, 8, tree_for(b->c, step, 1, LOOP_EDGE, body)) : tree_loop(b->c, step, 1, body);
}
static int last_reader(const Items *its, const Tensor *t) { int i = its->n - 1; while (i >= 0 && !item_reads(&its->at[i], t)) i--; return i; }
bool takes_over(const Build *b, int i, const Item *o) {
  const Item *a = &b->its.at[i];
  if (o->group == a->group || o->circle >= 0 || !item_reads(a, o->t) || last_reader(&b->its, o->t) != i) return false;
  if (!is_local(b->k, o->t) || a->neq != 1 || o->neq != 1 || a->red || a->t->history || o->t->history) return false;
  return same_space(a, o) && tensors_alike(a->t, o->t) && reads_at_home(a, o);
}
static Tree *alias_of(const Build *b, int i) {
  const Item *it = &b->its.at[i], *o = b->its.at; int end = last_reader(&b->its, it->t);
  if (it->circle >= 0 || end < 0 || b->its.at[end].group == it->group || !is_local(b->k, it->t)) return NULL;     /* else in registers */
  while (o < it && !takes_over(b, i, o)) o++;
  if (o == it) return NULL;
  Tree *let = tree_let(b->c, it->t->name, ST_ALIAS); let->other = o->t->name; return let;
}
/* Does group g read, at another frame, what the items first..g->first - 1 compute? */
static bool reads_past(const Build *b, const StreamPlan *p, int first, const Group *g) {
  const Item *at = b->its.at;
  for (int i = g->first; i < g->end; i++)
    EACH(Expr, e, at[i].reads) {
      const Index *t = e->tensor->stream_dim >= 0 ? expr_bare(e->arg[e->tensor->stream_dim]) : NULL;
      if (e->tensor->stream_dim < 0 || (t && name_same(t->name, p->time))) continue;
      for (int a = first; a < g->first; a++) if (at[a].t == e->tensor) return true;
    }
  return false;
}
static Tree *stream_body(const Build *b, const StreamPlan *p) {
  Tree *body = NULL, *loop = NULL; int first = 0; int64_t step = p->few ? p->few : (int64_t)p->nv * b->lanes;
  for (int i = 0; i < b->its.n; i++)
    body = tree_cat(body, b->its.at[i].t->history > 0 ? tree_let(b->c, b->its.at[i].t->name, ST_RING) : alias_of(b, i));
  for (int i = 0; i <= p->group.n; i++) {
    const Group *g = i < p->group.n ? &p->group.at[i] : NULL;
    bool apart = !g || g->circle || !item_free(&b->its.at[g->first], p->time) || (p->few && !g->row);
    bool cut = loop && (apart || reads_past(b, p, first, g));
    if (cut) { body = tree_cat(body, tree_loop(b->c, p->time, step, loop)); loop = NULL; }
    if (!g) break;
    if (!loop) first = g->first;
    if (!apart) loop = tree_cat(loop, stage_of(b, p, g));
    else if (g->circle) body = tree_cat(body, tree_steps(b, g, p->time));
    else body = tree_cat(body, p->few && item_free(&b->its.at[g->first], p->time) ? stage_of(b, p, g) : tree_singles(b, g->first, g->end));
  }
  return body;
}

/* Do the lanes fill along the rows of all sums? Then few frames have a tree of their own: it computes frame by frame what it must. */
static bool lanes_along_rows(const Build *b, const StreamPlan *p) {
  bool sums = false;
  for (const Group *g = p->group.at; g < p->group.at + p->group.n; g++) {
    const Item *head = &b->its.at[g->first]; bool sum = head->red && g->row;
    if (g->circle || (sum && 2 * extent_named(head, g->row) < b->lanes)) return false;
    sums |= sum;
  }
  return sums && b->lanes >= 8;
}
Tree *tree_stream(Build *b) {
  StreamPlan p = plan_stream(b); Tree *t = tree_for(b->c, p.time, b->t->block, LOOP_STREAM, stream_body(b, &p));
  if (!lanes_along_rows(b, &p)) return t;
  p.few = FEW; t->next = tree_for(b->c, p.time, FEW, LOOP_STREAM, stream_body(b, &p)); return t;
}
