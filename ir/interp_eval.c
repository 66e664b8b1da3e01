/* The value of a Code at the present place of all indices, and the loops over an equation's elements.
 *
 *   (x[t - 3] or 0) * w[o]     eval_mul: eval_or: eval_read of x; outside: eval_const.   eval_read of w
 *
 * Literal: what is not needed (the other side of a choice, the right of a false `&`) is not evaluated; sums are in double, left to right.
 * A read outside leaves its mark in Machine.outside; the next `or` around it, inside the same reduction, takes the alternative.
 */
#include "interp.h"
#include <string.h>

Num eval_const(Machine *m, const Code *c)
{
  (void)m;
  return c->value;
}

Num eval_index(Machine *m, const Code *c) { return (Num){ .i = m->at[c->slot] }; }

/* ---- reads. Arithmetic on places is modulo 2^64: what does not fit is outside. */
static int64_t place_value(Machine *m, const Place *p)
{
  if (p->code) return p->code->eval(m, p->code).i;
  uint64_t v = (uint64_t)p->c;
  for (int k = 0; k < p->nterm; k++) v += (uint64_t)p->term[k].k * (uint64_t)m->at[p->term[k].slot];
  return (int64_t)v;
}

/* The element that c reads, or -1 if it is outside. */
static inline int64_t read_address(Machine *m, const Code *c)
{
  uint64_t a = (uint64_t)c->base;
  for (int k = 0; k < c->nflat; k++) a += (uint64_t)c->flat[k].k * (uint64_t)m->at[c->flat[k].slot];
  for (int k = 0; k < c->nchecked; k++) {
    const Place *p = c->checked[k];
    int64_t v = place_value(m, p);
    if (v < p->lo || v >= p->hi) {
      if (!m->outside) m->outside = c;
      return -1;
    }
    if (p->code) a += (uint64_t)v * (uint64_t)p->stride;
  }
  return (int64_t)a;
}

Num eval_read(Machine *m, const Code *c)
{
  int64_t a = read_address(m, c);
  return a < 0 ? (Num){ 0 } : value_load(c->data, c->type, a);
}

Num eval_read_f32(Machine *m, const Code *c)
{
  int64_t a = read_address(m, c);
  float v = 0;
  if (a >= 0) memcpy(&v, c->data + 4 * a, 4);
  return (Num){ .f = (double)v };
}

/* ---- functions */
Num eval_fn(Machine *m, const Code *c)
{
  Num a = c->arg[0]->eval(m, c->arg[0]), b = c->narg > 1 ? c->arg[1]->eval(m, c->arg[1]) : (Num){ 0 };
  return fn_eval(c->fn, a, b, c->from);
}

Num eval_add(Machine *m, const Code *c) { return (Num){ .f = c->arg[0]->eval(m, c->arg[0]).f + c->arg[1]->eval(m, c->arg[1]).f }; }
Num eval_sub(Machine *m, const Code *c) { return (Num){ .f = c->arg[0]->eval(m, c->arg[0]).f - c->arg[1]->eval(m, c->arg[1]).f }; }
Num eval_mul(Machine *m, const Code *c) { return (Num){ .f = c->arg[0]->eval(m, c->arg[0]).f * c->arg[1]->eval(m, c->arg[1]).f }; }

Num eval_and(Machine *m, const Code *c)
{
  Num a = c->arg[0]->eval(m, c->arg[0]);
  return a.i ? c->arg[1]->eval(m, c->arg[1]) : a;
}

Num eval_convert(Machine *m, const Code *c) { return convert_value(c->arg[0]->eval(m, c->arg[0]), c->from, c->type, c->mode); }

Num eval_select(Machine *m, const Code *c)
{
  const Code *side = c->arg[2]->eval(m, c->arg[2]).i ? c->arg[0] : c->arg[1];
  return side->eval(m, side);
}

Num eval_or(Machine *m, const Code *c)
{
  const Code *before = m->outside;
  m->outside = NULL;
  Num v = c->arg[0]->eval(m, c->arg[0]);
  bool out = m->outside != NULL;
  m->outside = before;
  return out ? c->arg[1]->eval(m, c->arg[1]) : v;
}

/* ---- errors */
static void outside_error(Machine *m, const Code *c)
{
  if (m->failed) return;
  Ctx *x = m->p->c;
  Text t = { .c = x };
  for (int d = 0; d < c->rank; d++) text_add(&t, "%s%lld", d ? ", " : "", (long long)place_value(m, &c->place[d]));
  m->failed = true;
  diag_error(x, c->expr->pos.src ? c->expr->pos : m->prog->e->pos, "'%s' is read outside, at [%s], for an element of '%s'", c->buf->t->name,
             t.s ? t.s : "", m->prog->out->t->name);
  Text at = { .c = x };
  for (int s = 0; s < m->prog->index.n; s++)
    text_add(&at, "%s%s = %lld", s ? ", " : "where ", m->prog->index.at[s]->name, (long long)m->at[s]);
  if (at.s) diag_note(x, m->prog->e->pos, "%s", at.s);
}

/* ---- reductions */
static bool loop_first(Machine *m, const Code *c)
{
  for (int k = 0; k < c->nbound; k++) {
    int s = c->bound[k];
    m->at[s] = m->prog->lo[s];
    if (m->at[s] >= m->prog->hi[s]) return false;
  }
  return true;
}

static inline bool loop_next(Machine *m, const Code *c)
{
  for (int k = c->nbound - 1; k >= 0; k--) {
    int s = c->bound[k];
    if (++m->at[s] < m->prog->hi[s]) return true;
    m->at[s] = m->prog->lo[s];
  }
  return false;
}

/* Reads inside a reduction are settled inside it. */
static void settle(Machine *m, const Code *before)
{
  if (m->outside) outside_error(m, m->outside);
  m->outside = before;
}

Num eval_sum(Machine *m, const Code *c)
{
  const Code *body = c->arg[0], *before = m->outside;
  double sum = 0;
  m->outside = NULL;
  bool more = loop_first(m, c);
  while (more && !m->outside) {
    sum += body->eval(m, body).f;
    more = !m->outside && loop_next(m, c);
  }
  settle(m, before);
  return (Num){ .f = sum };
}

typedef struct Acc { Num v; int64_t admitted, best; } Acc;
typedef void StepFn(Acc *a, Num v, Type t, int64_t at);

static void step_sum(Acc *a, Num v, Type t, int64_t at)
{
  (void)t, (void)at;
  a->v.f += v.f;
  a->v.i = (int64_t)((uint64_t)a->v.i + (uint64_t)v.i);
}

static void step_prod(Acc *a, Num v, Type t, int64_t at)
{
  (void)t, (void)at;
  a->v.f *= v.f;
  a->v.i = (int64_t)((uint64_t)a->v.i * (uint64_t)v.i);
}

static void step_max(Acc *a, Num v, Type t, int64_t at)
{
  (void)at;
  a->v = fn_eval(FN_MAX, a->v, v, t);
}

static void step_min(Acc *a, Num v, Type t, int64_t at)
{
  (void)at;
  a->v = fn_eval(FN_MIN, a->v, v, t);
}

static void step_any(Acc *a, Num v, Type t, int64_t at)
{
  (void)t, (void)at;
  a->v.i |= v.i;
}

static void step_all(Acc *a, Num v, Type t, int64_t at)
{
  (void)t, (void)at;
  a->v.i &= v.i;
}

static void step_best(Acc *a, Num v, int64_t at, bool better)
{
  if (a->admitted && !better) return;
  a->v = v;
  a->best = at;
}

static void step_argmax(Acc *a, Num v, Type t, int64_t at) { step_best(a, v, at, fn_eval(FN_GT, v, a->v, t).i != 0); }
static void step_argmin(Acc *a, Num v, Type t, int64_t at) { step_best(a, v, at, fn_eval(FN_LT, v, a->v, t).i != 0); }

static StepFn *const step_of[RED_COUNT] = {
  [RED_SUM] = step_sum, [RED_PROD] = step_prod, [RED_MAX] = step_max, [RED_MIN] = step_min, [RED_ANY] = step_any, [RED_ALL] = step_all,
  [RED_MEAN] = step_sum, [RED_ARGMAX] = step_argmax, [RED_ARGMIN] = step_argmin,
};

static Num reduce_result(const Code *c, const Acc *a)
{
  if (c->red == RED_ARGMAX || c->red == RED_ARGMIN) return (Num){ .i = a->best };
  if (c->red == RED_MEAN) return convert_value((Num){ .f = a->v.f / (double)a->admitted }, T_F64, c->type == T_F32 ? T_F64 : c->type, CV_PLAIN);
  return type_is_float(c->type) ? a->v : (Num){ .i = value_wrap(a->v.i, c->type) };
}

static Num reduce_start(const Code *c)
{
  if (c->red == RED_MEAN || c->red == RED_ARGMAX || c->red == RED_ARGMIN) return (Num){ 0 };
  return red_identity(c->red, c->from);
}

Num eval_reduce(Machine *m, const Code *c)
{
  const Code *body = c->arg[0], *cond = c->narg > 1 ? c->arg[1] : NULL, *before = m->outside;
  Acc a = { .v = reduce_start(c) };
  int64_t at = 0;
  m->outside = NULL;
  bool more = loop_first(m, c);
  for (; more && !m->outside; at++) {
    if (!cond || cond->eval(m, cond).i) {
      Num v = body->eval(m, body);
      step_of[c->red](&a, v, c->from, at);
      a.admitted++;
    }
    more = !m->outside && loop_next(m, c);
  }
  settle(m, before);
  return reduce_result(c, &a);
}

/* ---- the elements of an equation */
static void store(Machine *m)
{
  Prog *g = m->prog;
  uint64_t a = 0;
  for (int d = 0; d < g->out->t->rank; d++) a += ((uint64_t)place_value(m, &g->place[d]) - (uint64_t)g->place[d].origin) * (uint64_t)g->place[d].stride;
  Num v = g->rhs->eval(m, g->rhs);
  if (m->outside) outside_error(m, m->outside);
  else value_store(g->out->data, g->out->t->type, (int64_t)a, v);
}

static bool free_next(Machine *m)
{
  for (int s = m->prog->nfree - 1; s >= 0; s--) {
    if (++m->at[s] < m->prog->hi[s]) return true;
    m->at[s] = m->prog->lo[s];
  }
  return false;
}

bool prog_run(Interp *p, Prog *g)
{
  Machine m = { p, g, g->at, NULL, false };
  if (g->idle) return true;
  for (int s = 0; s < g->index.n; s++) m.at[s] = g->lo[s];
  do store(&m);
  while (!m.failed && free_next(&m));
  return !m.failed;
}

bool prog_step(Interp *p, Prog *g, int d, int64_t at)
{
  const Place *q = &g->place[d];
  if (g->idle) return true;
  if (q->nterm == 0) return q->c != at || prog_run(p, g);
  int s = q->term[0].slot;
  int64_t k = q->term[0].k, lo = g->lo[s], hi = g->hi[s], i = (at - q->c) / k;
  if (at < q->c || (at - q->c) % k || i < lo || i >= hi) return true;
  g->lo[s] = i;
  g->hi[s] = i + 1;
  bool ok = prog_run(p, g);
  g->lo[s] = lo;
  g->hi[s] = hi;
  return ok;
}
