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
int pass_place(Ctx *c, Graph *g, const Target *t) {
  int n = 0; (void)t;
  for (int k = 0; k < g->neq; k++) {
    if (g->eq[k]->rhs->kind != E_READ) continue;
    Place p = { .c = c, .g = g, .uses = uses_find(c, g), .piece = g->eq[k] };
    if (may_place(&p)) place_piece(&p), n++, k = -1;
  }
  if (n) dead_code(c, g);
  return n && !graph_sort(c, g) ? -1 : n;
}
