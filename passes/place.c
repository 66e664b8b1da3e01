/* place: a piece that copies a whole temporary is written where it belongs.
 *   before   a[c, i] = f(x[c, i]);                     after   z[c, i] = f(x[c, i]);
 *            z[c, i] = a[c, i];                                z[8 + c, i] = g(x[c, i]);
 *            z[8 + c, i] = b[c, i];  (b = g(x))
 * All other readers of the temporary read the piece: concatenation costs nothing.   needs inline: views are gone, a copy is a plain read
 * never   lets a producer of one piece read another one (a circle); moves what is read under `or` (outside the temporary is inside z) */
#include "util.h"

typedef struct Place { Ctx *c; Graph *g; Uses uses; Eq *piece; Tensor *src; } Place;

/* The place in the whole for a place in the temporary: the piece's own places with its indices replaced. */
static Expr **placed(Place *p, Expr *const *at) {
  const Eq *e = p->piece; Expr **out = NEWN(p->c, Expr *, e->out->rank);
  for (int d = 0; d < e->out->rank; d++) out[d] = expr_simplify(p->c, expr_subst_bare(p->c, e->place[d], e->rhs->arg, at, e->rhs->n));
  return out;
}
static Expr *read_piece(Ctx *c, Expr *e, void *arg) {
  Place *p = arg; return e->kind == E_READ && e->tensor == p->src ? expr_read(c, p->piece->out, placed(p, e->arg), e->pos) : e;
}
/* Does e copy the whole of the temporary it reads, each index standing bare once? */
static bool copies_whole(const Eq *e) {
  const Expr *x = e->rhs; int n = 0;
  if (x->kind != E_READ || x->tensor->type != e->out->type) return false;
  for (int d = 0; d < x->n; d++) {
    const Index *i = expr_bare(x->arg[d]);
    if ((!i && !expr_is_const(x->arg[d])) || !extent_equal(i ? i->ext : extent_of(1), x->tensor->shape[d])) return false;
    for (int b = 0; i && b < d; b++) if (expr_bare(x->arg[b]) == i) return false;
    n += i != NULL;
  }
  return n == e->nfree;
}

/* Does t's value reach `out` by any way but the piece itself? */
static bool reaches(Place *p, const Tensor *t, Map *seen) {
  const UseList *l = uses_get(&p->uses, t);
  for (int k = 0; l && k < l->read.n; k++) {
    const Eq *e = l->read.at[k].eq;
    if (e == p->piece || pmap_get(seen, e) >= 0) continue;
    pmap_set(p->c, seen, e, 1);
    if (e->out == p->piece->out || reaches(p, e->out, seen)) return true;
  }
  return false;
}

static bool read_guarded(const Expr *e, const Tensor *t, bool guarded) {
  if (e->kind == E_READ && e->tensor == t && guarded) return true;
  for (int k = 0; k < e->n; k++) if (read_guarded(e->arg[k], t, (guarded && e->kind != E_REDUCE) || (e->kind == E_OR && k == 0))) return true;
  return false;
}
static bool may_place(Place *p) {
  const Eq *e = p->piece; Map seen = { 0 };
  if (eq_by_hand(p->g, e) || e->constant || e->out->history || !copies_whole(e)) return false;
  p->src = e->rhs->tensor;
  if (p->src->stream_dim >= 0 && e->out->kind != TK_TEMP) return false;
  UseList *l = uses_get(&p->uses, p->src), *w = uses_get(&p->uses, e->out); Circle x;
  if (!tensor_removable(p->g, &p->uses, p->src) || (w->writer.n < 2 && e->out->kind != TK_OUTPUT)) return false;
  for (int k = 0; k < l->read.n; k++) if (read_guarded(l->read.at[k].eq->rhs, p->src, false)) return false;
  if (!graph_circle(p->c, p->g, eq_at(p->g, l->writer.at[0]), &x) || x.n > 1 || x.dir) return false;
  return !reaches(p, p->src, &seen);
}

static void place_piece(Place *p) {
  Graph *g = p->g; Eq *w = uses_get(&p->uses, p->src)->writer.at[0], *e = p->piece;
  w->place = placed(p, w->place); w->out = e->out; w->label = label_union(p->c, w->label, e->label); eq_remove(g, e);
  EQS(x, g) x->rhs = expr_map(p->c, x->rhs, read_piece, p);
  ledger_add(p->c, "place", p->src->name, true, 2 * tensor_bytes(p->src), "written as a piece of %s", e->out->name);
}

/* ---- and the other way: what reads a whole tensor of pieces, each element at its own place, and alone, is computed piece by piece.
 *   before   z[i] = x[i]; z[8 + i] = sum(...); y[j] = max(z[j], 0);
 *   after    z1[i] = x[i]; z2[i] = sum(...);   y[i] = max(z1[i], 0); y[8 + i] = max(z2[i], 0); */
static bool steps(Ctx *c, const Graph *g, const Eq *e) { Circle x; return eq_by_hand(g, e) || e->constant || eq_circle(c, g, e, &x) >= 0; }
static bool reads_apart(Ctx *c, const Graph *g, const Tensor *t, const UseList *l) {
  const Eq *q = l && l->read.n ? l->read.at[0].eq : NULL; Indices seen = { 0 };
  if (!q || t->kind != TK_TEMP || t->history || t->stream_dim >= 0 || graph_is_out(g, t)) return false;
  if (l->writer.n < 2 || steps(c, g, q) || expr_has(q->rhs, E_REDUCE) || expr_has(q->rhs, E_OR)) return false;
  for (int k = 0; k < l->read.n; k++) if (l->read.at[k].eq != q || !expr_equal(l->read.at[k].read, l->read.at[0].read)) return false;
  for (int d = 0; d < t->rank; d++) {
    Index *i = expr_bare(l->read.at[0].read->arg[d]);
    if (i ? index_in(i, seen.at, seen.n) || !extent_equal(i->ext, t->shape[d]) : extent_max(t->shape[d]) != 1) return false;
    if (i) PUSH(c, seen, i);
  }
  EACH(Eq, w, l->writer) if (steps(c, g, w)) return false;
  return true;
}

typedef struct Swap { const Tensor *from; Expr *to; } Swap;
static Expr *swap_read(Ctx *c, Expr *e, void *arg) {
  const Swap *s = arg; (void)c; return e->kind == E_READ && e->tensor == s->from ? s->to : e;
}
/* The piece w of t gets a tensor of its own, which the reader q, for these elements alone, reads. */
static void take_piece(Ctx *c, Graph *g, Tensor *t, Eq *w, const Eq *q, const Expr *read) {
  Extent *shape = NEWN(c, Extent, w->nfree + 1); Indices from = { 0 }, free = { 0 }; Exprs to = { 0 };
  for (int k = 0; k < w->nfree; k++) { shape[k] = w->free[k]->ext; PUSH(c, free, index_new(c, w->free[k]->name, shape[k])); }
  Tensor *own = tensor_new(c, g, t->name, t->type, w->nfree, shape, t->pos); Expr **at = index_exprs(c, free.at, free.n);
  for (int d = 0; d < t->rank; d++)
    if (expr_bare(read->arg[d])) { PUSH(c, from, expr_bare(read->arg[d])); PUSH(c, to, expr_subst(c, w->place[d], w->free, at, w->nfree)); }
  for (int k = 0; k < q->nfree; k++) {
    if (index_in(q->free[k], from.at, from.n)) continue;
    Index *i = index_new(c, q->free[k]->name, q->free[k]->ext); PUSH(c, free, i); PUSH(c, from, q->free[k]); PUSH(c, to, expr_index(c, i));
  }
  Expr *rhs = expr_map(c, q->rhs, swap_read, &(Swap){ t, expr_read(c, own, at, t->pos) });
  Eq *e = eq_new(c, g, q->out, free.at, free.n, expr_subst(c, rhs, from.at, to.at, from.n), q);
  e->place = NEWN(c, Expr *, q->out->rank + 1);
  for (int d = 0; d < q->out->rank; d++) e->place[d] = expr_simplify(c, expr_subst(c, q->place[d], from.at, to.at, from.n));
  w->out = own; w->place = index_exprs(c, w->free, w->nfree);
}
static bool take_apart(Ctx *c, Graph *g, Tensor *t) {
  Uses u = uses_find(c, g); const UseList *l = uses_get(&u, t);
  if (!reads_apart(c, g, t, l)) return false;
  EACH(Eq, w, l->writer) take_piece(c, g, t, w, l->read.at[0].eq, l->read.at[0].read);
  ledger_add(c, "place", t->name, true, 2 * tensor_bytes(t), "in pieces: %s is computed piece by piece", l->read.at[0].eq->out->name);
  eq_remove(g, l->read.at[0].eq); return true;
}

int pass_place(Ctx *c, Graph *g, const Target *t) {
  int n = 0, all = g->ntensor; (void)t;
  for (int k = 0; k < all; k++) n += take_apart(c, g, g->tensor[k]);
  if (n) inline_views(c, g);
  for (int k = 0; k < g->neq; k++) {
    if (g->eq[k]->rhs->kind != E_READ) continue;
    Place p = { .c = c, .g = g, .uses = uses_find(c, g), .piece = g->eq[k] };
    if (may_place(&p)) place_piece(&p), n++, k = -1;
  }
  if (n) dead_code(c, g);
  return n && !graph_sort(c, g) ? -1 : n;
}
