/* What elaboration proves. Bounds: every read is inside its tensor, guarded by `or`, or a gather (the graph promises). Cover: the pieces of a
 * tensor cover it without overlap.
 *   i >= 2 ? x[i - 2] : 0             by the condition
 *   x[i - 1] or y[i + 3]              the alternative knows i - 1 < 0, as the read has one open bound
 *   x[i] or 0                         `or` is dropped where the read is inside anyway                      */
#include "../ir/lin.h"
#include "elab.h"

/* ---- bounds */
typedef struct Check { Elab *el; Known known; } Check;

/* A read off the end of a stream is no error here: it asks for the future, which the pass `stream` reports with the delay. */
static void read_check(Check *k, const Expr *r) {
  Elab *el = k->el; bool lo, hi; Extent n;
  for (int d = 0; d < r->n; d++) {
    const Expr *at = read_place(el->c, r, d, &n); if (expr_reads(at, NULL)) continue; known_inside(&k->known, at, n, &lo, &hi);
    if (lo && (hi || (n.dim && n.dim->stream))) continue;
    Range v = expr_range(el->c, r->arg[d]);
    fail_at(el, r->pos, "the read %s can fall outside: index %d takes %.0f..%.0f, the dimension has %s; "
                        "say what it gives there with `or`, or clamp the index", expr_print(el->c, r), d, v.lo, v.hi,
            ext_show(el, r->tensor->shape[d]));
  }
}

/* e without the `or` that it does not need. The condition of a reduction or choice holds in what it decides, a in !a | b does not. */
static Expr *check(Check *k, Expr *e, bool guarded) {
  bool or = e->kind == E_OR, either = e->kind == E_FN && e->fn == FN_OR, same = true, inner = guarded && e->kind != E_READ && e->kind != E_REDUCE;
  Expr *few[8], **arg = e->n <= 8 ? few : NEWN(k->el->c, Expr *, e->n); Miss miss = { 0 };
  for (int j = 0; j < e->n; j++) {
    Mark m = known_mark(&k->known); known_add(&k->known, either && j ? e->arg[0] : expr_condition(e, j), either || j == 2);
    if (j && miss.open == 1) known_add_lin(&k->known, miss.lin);
    arg[j] = check(k, e->arg[j], or ? !j : inner); known_back(&k->known, m);
    if (or && !j && !(miss = known_miss(&k->known, arg[0])).open) return arg[0];
    same &= arg[j] == e->arg[j];
  }
  if (e->kind == E_READ && !guarded) read_check(k, e);
  if (same) return e;
  Expr *out = ctx_copy(k->el->c, e, sizeof *e); out->arg = ctx_copy(k->el->c, arg, sizeof *arg * (size_t)e->n); return out;
}

Expr *bounds_check(Elab *el, Expr *rhs) { return check(&(Check){ el, { .c = el->c } }, rhs, false); }

/* ---- cover. Each piece writes different elements (left_settle): without overlap their numbers need only add up, with the symbolic dimensions at
 * their least and at their largest: all bounds are `dimension + number`, so what holds at both ends holds between. */
static double at_end(Extent e, int most) { return (double)(most ? extent_max(e) : extent_min(e)); }
static double piece_size(const Piece *p, int most) { double n = 1; for (int i = 0; i < p->nfree; i++) n *= at_end(p->free[i]->ext, most); return n; }

static void cover_both(Elab *el, const Group *g) {
  const Tensor *t = g->t; double have[2] = { 0, 0 }, want[2] = { 1, 1 };
  for (int i = 0; i < g->piece.n; i++) {
    const Piece *p = g->piece.at[i]; for (int most = 0; most < 2; most++) have[most] += piece_size(p, most);
    for (int j = 0; j < i; j++) {
      bool apart = !piece_size(p, 1) || !piece_size(g->piece.at[j], 1);
      for (int d = 0; d < t->rank && !apart; d++) apart = places_apart(el->c, p->place[d], g->piece.at[j]->place[d]);
      if (apart) continue;
      fail_also(el, g->piece.at[j]->st->pos, "the other piece");
      fail_at(el, p->st->pos, "two pieces of '%s' overlap: write them as boxes that do not meet", g->name);
    }
  }
  for (int d = 0; d < 2 * t->rank; d++) want[d % 2] *= at_end(t->shape[d / 2], d % 2);
  if (have[0] != want[0] || have[1] != want[1])
    fail_at(el, g->piece.at[0]->st->pos, "the pieces of '%s' %s do not cover it", g->name, ext_print(el, t->shape, t->rank));
}

/* In the graph itself an error is recorded, and the next tensor is looked at. */
void cover_check(Elab *el, const Group *g) {
  Catch k;
  if (el->ncall) cover_both(el, g);
  else if (catch_begin(el, &k)) { cover_both(el, g); catch_end(el); }
}
