/* Bounds: every read is proven inside its tensor, guarded by `or`, or a gather (the graph promises). Rule 7 of the inference.
 *
 *   i >= 2 ? x[i - 2] : 0             by the condition
 *   x[i - 1] or y[i + 3]              the alternative knows i - 1 < 0, as the read has one open bound
 *   x[i] or 0                         `or` is dropped where the read is inside anyway
 *
 * A read off the end of a stream is no error here: it asks for the future, which the pass `stream` reports with the delay.
 */
#include "elab.h"
#include <string.h>

typedef struct Check { Elab *el; VEC(const Expr *) fact; VEC(bool) neg; } Check;

static void fact_push(Check *k, const Expr *e, bool neg)
{
  PUSH(k->el->c, k->fact, e);
  PUSH(k->el->c, k->neg, neg);
}

static void fact_pop(Check *k, int n) { k->fact.n = k->neg.n = n; }

static Facts facts_now(const Check *k) { return (Facts){ k->fact.at, k->neg.at, k->fact.n }; }

/* ---- one dimension of one read */
typedef struct Open { bool lo, hi, gather, future; } Open;     /* bounds that are not proven; future: beyond the end of a stream */

static Expr *past_shift(Check *k, const Tensor *t, int d, Expr *e, Extent *n)
{
  *n = t->shape[d];
  if (!t->history || d != t->stream_dim) return e;
  n->n += t->history;
  return expr_fn2(k->el->c, FN_ADD, e, expr_int(k->el->c, t->history));
}

static Open dim_open(Check *k, const Expr *r, int d)
{
  bool lo = false, hi = false;
  Extent n;
  Facts f = facts_now(k);
  if (expr_reads(r->arg[d], NULL)) return (Open){ .gather = true };
  Expr *e = past_shift(k, r->tensor, d, r->arg[d], &n);
  expr_inside(k->el->c, e, n, &f, &lo, &hi);
  return (Open){ !lo, !hi, false, !hi && n.dim && n.dim->stream };
}

static void fail_outside(Check *k, const Expr *r, int d)
{
  Elab *el = k->el;
  Range v = expr_range(el->c, r->arg[d]);
  Extent n = r->tensor->shape[d];
  fail_at(el, r->pos, "the read %s can fall outside: index %d takes %.0f..%.0f, the dimension has %s; say what it gives there with `or`, or clamp the index",
          expr_print(el->c, r), d, v.lo, v.hi, expr_print(el->c, ext_expr(el, n)));
}

static void read_check(Check *k, const Expr *r, bool guarded)
{
  for (int d = 0; d < r->n && !guarded; d++) {
    Open o = dim_open(k, r, d);
    if (o.lo || (o.hi && !o.future)) fail_outside(k, r, d);
  }
}

/* ---- what `or` leaves open */
typedef struct Miss { Check *k; int n; Expr *fact; } Miss;

static void miss_bound(Miss *m, Expr *fact)
{
  m->fact = m->n++ ? NULL : fact;
}

static bool find_miss(const Expr *e, void *arg)
{
  Miss *m = arg;
  Ctx *c = m->k->el->c;
  if (e->kind == E_REDUCE) return false;
  for (int d = 0; e->kind == E_READ && d < e->n; d++) {
    Open o = dim_open(m->k, e, d);
    Aff a;
    bool affine = !o.gather && expr_affine(c, e->arg[d], &a);
    if (o.gather || ((o.lo || o.hi) && !affine)) miss_bound(m, NULL);
    if (affine && o.lo) miss_bound(m, expr_fn2(c, FN_LT, e->arg[d], expr_int(c, 0)));
    if (affine && o.hi) miss_bound(m, expr_fn2(c, FN_GE, e->arg[d], ext_expr(m->k->el, e->tensor->shape[d])));
  }
  return true;
}

/* ---- expressions */
static Expr *check(Check *k, Expr *e, bool guarded);

static Expr *with_args(Check *k, Expr *e, Expr *const *arg)
{
  if (e->n == 0 || !memcmp(arg, e->arg, sizeof *arg * (size_t)e->n)) return e;
  Expr *out = NEW(k->el->c, Expr);
  *out = *e;
  out->arg = NEWN(k->el->c, Expr *, e->n);
  memcpy(out->arg, arg, sizeof *arg * (size_t)e->n);
  return out;
}

static Expr *check_fact(Check *k, Expr *e, const Expr *fact, bool neg, bool guarded)
{
  int n = k->fact.n;
  if (fact) fact_push(k, fact, neg);
  e = check(k, e, guarded);
  fact_pop(k, n);
  return e;
}

static Expr *check_or(Check *k, Expr *e)
{
  Expr *a = check(k, e->arg[0], true);
  Miss m = { k, 0, NULL };
  expr_walk(a, find_miss, &m);
  if (!m.n) return a;
  return with_args(k, e, (Expr *[]){ a, check_fact(k, e->arg[1], m.n == 1 ? m.fact : NULL, false, false) });
}

static Expr *check_all(Check *k, Expr *e, bool guarded)
{
  Expr *few[8], **arg = e->n <= 8 ? few : NEWN(k->el->c, Expr *, e->n);
  for (int i = 0; i < e->n; i++) arg[i] = check(k, e->arg[i], guarded);
  return with_args(k, e, arg);
}

static Expr *check(Check *k, Expr *e, bool guarded)
{
  Expr *a[3];
  switch (e->kind) {
  case E_CONST:
  case E_INDEX: return e;
  case E_READ:
    e = check_all(k, e, false);
    read_check(k, e, guarded);
    return e;
  case E_OR: return check_or(k, e);
  case E_SELECT:
    a[0] = check(k, e->arg[0], guarded);
    a[1] = check_fact(k, e->arg[1], a[0], false, guarded);
    a[2] = check_fact(k, e->arg[2], a[0], true, guarded);
    return with_args(k, e, a);
  case E_REDUCE:
    if (e->n == 2) a[1] = check(k, e->arg[1], false);
    a[0] = check_fact(k, e->arg[0], e->n == 2 ? a[1] : NULL, false, false);
    return with_args(k, e, a);
  case E_FN:
    if (e->fn != FN_AND && e->fn != FN_OR) return check_all(k, e, guarded);
    a[0] = check(k, e->arg[0], guarded);
    a[1] = check_fact(k, e->arg[1], a[0], e->fn == FN_OR, guarded);
    return with_args(k, e, a);
  default: return check_all(k, e, guarded);
  }
}

Expr *bounds_check(Elab *el, Eq *e)
{
  Check k = { .el = el };
  return check(&k, e->rhs, false);
}
