/* What elaboration proves. Bounds: every read is inside its tensor, guarded by `or`, or a gather (the graph promises). Cover: the pieces of a
 * tensor, as boxes, cover it without overlap.
 *   i >= 2 ? x[i - 2] : 0             by the condition
 *   x[i - 1] or y[i + 3]              the alternative knows i - 1 < 0, as the read has one open bound
 *   x[i] or 0                         `or` is dropped where the read is inside anyway                      */
#include "elab.h"
#include <stdlib.h>

/* ---- one dimension of one read */
typedef struct Check { Elab *el; VEC(const Expr *) fact; VEC(bool) neg; } Check;
typedef struct Open { bool lo, hi, gather, future; } Open;     /* bounds that are not proven; future: beyond the end of a stream */

static Open dim_open(Check *k, const Expr *r, int d) {
  const Tensor *t = r->tensor; Expr *e = r->arg[d]; Extent n = t->shape[d]; bool lo = false, hi = false;
  Facts f = { k->fact.at, k->neg.at, k->fact.n };
  if (expr_reads(e, NULL)) return (Open){ .gather = true };
  if (t->history && d == t->stream_dim) { n.n += t->history; e = expr_fn2(k->el->c, FN_ADD, e, expr_int(k->el->c, t->history)); }
  expr_inside(k->el->c, e, n, &f, &lo, &hi); return (Open){ !lo, !hi, false, !hi && n.dim && n.dim->stream };
}

/* A read off the end of a stream is no error here: it asks for the future, which the pass `stream` reports with the delay. */
static void read_check(Check *k, const Expr *r) {
  Elab *el = k->el;
  for (int d = 0; d < r->n; d++) {
    Open o = dim_open(k, r, d);
    if (!o.lo && (!o.hi || o.future)) continue;
    Range v = expr_range(el->c, r->arg[d]);
    fail_at(el, r->pos, "the read %s can fall outside: index %d takes %.0f..%.0f, the dimension has %s; say what it gives there with `or`, or clamp the index",
            expr_print(el->c, r), d, v.lo, v.hi, ext_show(el, r->tensor->shape[d]));
  }
}

/* What `or` leaves open: n bounds; fact: the condition under which the only one is missed, if it is affine. */
typedef struct Miss { Check *k; int n; Expr *fact; } Miss;

static void miss_bound(Miss *m, Expr *fact) { m->fact = m->n++ ? NULL : fact; }

static bool find_miss(const Expr *e, void *arg) {
  Miss *m = arg; Ctx *c = m->k->el->c;
  if (e->kind == E_REDUCE) return false;
  for (int d = 0; e->kind == E_READ && d < e->n; d++) {
    Open o = dim_open(m->k, e, d); Aff a; bool affine = !o.gather && expr_affine(c, e->arg[d], &a);
    if (o.gather || ((o.lo || o.hi) && !affine)) miss_bound(m, NULL);
    if (affine && o.lo) miss_bound(m, expr_fn2(c, FN_LT, e->arg[d], expr_int(c, 0)));
    if (affine && o.hi) miss_bound(m, expr_fn2(c, FN_GE, e->arg[d], ext_expr(m->k->el, e->tensor->shape[d])));
  }
  return true;
}

/* ---- expressions */
static Expr *with_args(Check *k, Expr *e, Expr *const *arg) {
  if (e->n == 0 || !memcmp(arg, e->arg, sizeof *arg * (size_t)e->n)) return e;
  Expr *out = memcpy(NEW(k->el->c, Expr), e, sizeof *e);
  out->arg = memcpy(NEWN(k->el->c, Expr *, e->n), arg, sizeof *arg * (size_t)e->n); return out;
}

static Expr *check(Check *k, Expr *e, bool guarded);

/* e where a fact (NULL: none) holds, or does not. */
static Expr *check_fact(Check *k, Expr *e, const Expr *fact, bool neg, bool guarded) {
  int n = k->fact.n;
  if (fact) { PUSH(k->el->c, k->fact, fact); PUSH(k->el->c, k->neg, neg); }
  e = check(k, e, guarded); k->fact.n = k->neg.n = n; return e;
}

static Expr *check_all(Check *k, Expr *e, bool guarded) {
  Expr *few[8], **arg = e->n <= 8 ? few : NEWN(k->el->c, Expr *, e->n);
  for (int i = 0; i < e->n; i++) arg[i] = check(k, e->arg[i], guarded);
  return with_args(k, e, arg);
}

static Expr *check(Check *k, Expr *e, bool guarded) {
  Expr *a[3]; Miss m = { k, 0, NULL };
  switch (e->kind) {
  case E_READ:
    e = check_all(k, e, false);
    if (!guarded) read_check(k, e);
    return e;
  case E_OR:
    a[0] = check(k, e->arg[0], true); expr_walk(a[0], find_miss, &m);
    if (!m.n) return a[0];
    a[1] = check_fact(k, e->arg[1], m.n == 1 ? m.fact : NULL, false, false); return with_args(k, e, a);
  case E_SELECT:
    a[0] = check(k, e->arg[0], guarded); a[1] = check_fact(k, e->arg[1], a[0], false, guarded);
    a[2] = check_fact(k, e->arg[2], a[0], true, guarded); return with_args(k, e, a);
  case E_REDUCE:
    a[1] = e->n == 2 ? check(k, e->arg[1], false) : NULL; a[0] = check_fact(k, e->arg[0], a[1], false, false);
    return with_args(k, e, a);
  case E_FN:
    if (e->fn != FN_AND && e->fn != FN_OR) return check_all(k, e, guarded);
    a[0] = check(k, e->arg[0], guarded); a[1] = check_fact(k, e->arg[1], a[0], e->fn == FN_OR, guarded);
    return with_args(k, e, a);
  default: return check_all(k, e, guarded);
  }
}

Expr *bounds_check(Elab *el, Expr *rhs) { return check(&(Check){ .el = el }, rhs, false); }

/* ---- cover: boxes. With symbolic dimensions this is looked at for their least and largest values: all bounds are `dimension + number`, so
 * what holds at both ends holds between. */
typedef struct Box { int64_t *lo, *hi; bool empty; } Box;
typedef struct Cover { Elab *el; const Group *g; bool large; } Cover;

static int64_t at_end(const Cover *c, Extent e) { return c->large ? extent_max(e) : extent_min(e); }

/* Does a place take every value between its least and its largest? */
static bool is_dense(const Cover *c, const Aff *a) {
  int64_t k = 1;
  for (int done = 0; done < a->n;) {
    int j = 0, small = 0;
    while (j < a->n && (llabs(a->k[j]) != k || at_end(c, a->index[j]->ext) < 2)) j++;
    if (j < a->n) k *= at_end(c, a->index[j]->ext);
    for (int i = 0; i < a->n; i++) small += llabs(a->k[i]) < k || at_end(c, a->index[i]->ext) < 2;
    if (small <= done) return false;
    done = small;
  }
  return true;
}

static bool box_dim(const Cover *c, const Piece *p, Box *b, int d) {
  Aff a;
  if (!expr_affine(c->el->c, p->place[d], &a)) return false;
  b->lo[d] = b->hi[d] = a.c;
  for (int i = 0; i < a.n; i++) {
    int64_t n = at_end(c, a.index[i]->ext), reach = a.k[i] * (n - 1);
    b->empty |= n <= 0; *(reach < 0 ? &b->lo[d] : &b->hi[d]) += reach;
  }
  b->hi[d]++; return is_dense(c, &a);
}

static bool overlap(const Box *a, const Box *b, int rank) {
  bool apart = a->empty || b->empty;
  for (int d = 0; d < rank; d++) apart |= a->lo[d] >= b->hi[d] || b->lo[d] >= a->hi[d];
  return !apart;
}

static void fail_overlap(const Cover *c, const Piece *p) { fail_at(c->el, p->st->pos, "two pieces of '%s' overlap", c->g->name); }

static void fail_gap(const Cover *c) {
  const Tensor *t = c->g->t;
  fail_at(c->el, c->g->piece.at[0]->st->pos, "the pieces of '%s' %s do not cover it", c->g->name, ext_print(c->el, t->shape, t->rank));
}

/* ---- cover: places that skip (2 * q + r) are marked one by one. Gives how many elements the piece writes. */
static int64_t mark_piece(const Cover *c, const Piece *p, const int64_t *stride, unsigned char *seen) {
  int64_t at = 0, *value = NEWN(c->el->c, int64_t, p->nfree + 1), *step = NEWN(c->el->c, int64_t, p->nfree + 1); Aff a;
  for (int d = 0; d < c->g->t->rank; d++) {
    expr_affine(c->el->c, p->place[d], &a); at += a.c * stride[d];
    for (int q = 0; q < p->nfree; q++) step[q] += aff_coef(&a, p->free[q]) * stride[d];
  }
  for (int q = 0; q < p->nfree; q++) if (at_end(c, p->free[q]->ext) <= 0) return 0;
  for (int64_t count = 1;; count++) {
    if (seen[at]) fail_overlap(c, p);
    seen[at] = 1;
    int q = p->nfree - 1;
    for (; q >= 0 && ++value[q] == at_end(c, p->free[q]->ext); q--) { at -= step[q] * (value[q] - 1); value[q] = 0; }
    if (q < 0) return count;
    at += step[q];
  }
}

static void mark_all(const Cover *c) {
  const Tensor *t = c->g->t; int64_t n = 1, count = 0, *stride = NEWN(c->el->c, int64_t, t->rank + 1);
  for (int d = t->rank - 1; d >= 0; d--) {
    stride[d] = n; n *= at_end(c, t->shape[d]);
    if (n > 1 << 24 && c->el->dump) return;
    if (n > 1 << 24) fail_at(c->el, c->g->piece.at[0]->st->pos, "whether the pieces of '%s' cover it is not seen: write them as boxes", c->g->name);
  }
  unsigned char *seen = ctx_alloc(c->el->c, (size_t)n + 1);
  for (int i = 0; i < c->g->piece.n; i++) count += mark_piece(c, c->g->piece.at[i], stride, seen);
  if (count != n) fail_gap(c);
}

static void cover_once(const Cover *c) {
  const Group *g = c->g; int rank = g->t->rank, n = g->piece.n; double vol = 0, want = 1; bool dense = true; Box *box = NEWN(c->el->c, Box, n);
  for (int i = 0; i < n; i++) {
    box[i] = (Box){ NEWN(c->el->c, int64_t, rank + 1), NEWN(c->el->c, int64_t, rank + 1), false };
    double own = 1;
    for (int d = 0; d < rank; d++) { dense &= box_dim(c, g->piece.at[i], &box[i], d); own *= (double)(box[i].hi[d] - box[i].lo[d]); }
    vol += box[i].empty ? 0 : own;
  }
  if (!dense) { mark_all(c); return; }
  for (int d = 0; d < rank; d++) want *= (double)at_end(c, g->t->shape[d]);
  for (int i = 0; i < n; i++)
    for (int j = 0; j < i; j++)
      if (overlap(&box[i], &box[j], rank)) { fail_also(c->el, g->piece.at[j]->st->pos, "the other piece"); fail_overlap(c, g->piece.at[i]); }
  if (vol != want) fail_gap(c);
}

static void cover_both(Elab *el, const Group *g) {
  bool symbolic = false;
  for (int d = 0; d < g->t->rank; d++) symbolic |= g->t->shape[d].dim != NULL;
  cover_once(&(Cover){ el, g, true });
  if (symbolic) cover_once(&(Cover){ el, g, false });
}

/* In the graph itself an error is recorded, and the next tensor is looked at. */
void cover_check(Elab *el, const Group *g) {
  Catch k;
  if (el->ncall) cover_both(el, g);
  else if (catch_begin(el, &k)) { cover_both(el, g); catch_end(el); }
}
