/* Equations resolved for the lowering: places as affine forms over the equation's own indices, reads with what is proven of them, guards as
 * conditions.
 *
 *   z[o, t] = b[o] + sum(c, k: (x[c, t + k - 1] or 0) * w[o, c, k])
 *   indices o t | c k     reads b x w     condition t + k - 1 >= 0 and n - 1 - (t + k - 1) >= 0: where it fails the product is 0 */
#include "lower.h"
#include <string.h>

static int lmap_slot(const LMap *m, const void *key) {
  uint64_t h = (uint64_t)(uintptr_t)key * 0x9e3779b97f4a7c15u >> 20, mask = (uint64_t)(m->cap - 1);
  while (m->key[h & mask] && m->key[h & mask] != key) h++;
  return (int)(h & mask);
}

void *lmap_get(const LMap *m, const void *key) { return m->cap ? m->val[lmap_slot(m, key)] : NULL; }

void lmap_put(Ctx *c, LMap *m, const void *key, void *val) {
  if ((m->n + 1) * 2 > m->cap) {
    LMap old = *m; int cap = old.cap ? old.cap * 2 : 64;
    *m = (LMap){ NEWN(c, const void *, cap), NEWN(c, void *, cap), 0, cap };
    for (int k = 0; k < old.cap; k++) if (old.key[k]) lmap_put(c, m, old.key[k], old.val[k]);
  }
  int k = lmap_slot(m, key);
  m->n += !m->key[k]; m->key[k] = key; m->val[k] = val;
}

bool name_is(const char *a, const char *b) { return a == b || (a && b && !strcmp(a, b)); }
int eq_index(const LEq *e, const char *name) { for (int k = 0; k < e->n; k++) if (name_is(e->ix[k]->name, name)) return k; return -1; }

int index_number(Lower *L, const LEq *e, const Index *x) {
  for (int k = 0; k < e->n; k++) if (e->ix[k] == x) return k;
  for (int k = 0; k < L->g->ndim; k++) if (L->g->dim[k] == x) return -1 - k;
  bug(L->c, "index %s of %s is not bound", x->name, e->eq->out->name);
}

LTensor *tensor_of(Lower *L, const Tensor *t) { return lmap_get(&L->tensors, t); }

static LTensor *tensor_add(Lower *L, Tensor *t) {
  LTensor *r = tensor_of(L, t);
  if (r) return r;
  r = NEW(L->c, LTensor);
  *r = (LTensor){ .t = t, .buf = -1, .id = L->all.n, .external = t->kind != TK_TEMP, .hist = t->history > 0 && t->stream_dim >= 0 };
  for (int k = 0; k < L->k->nout; k++) r->external |= L->k->out[k] == t;
  for (int k = 0; k < L->k->nin; k++) r->external |= L->k->in[k] == t;
  PUSH(L->c, L->all, r); lmap_put(L->c, &L->tensors, t, r); return r;
}

/* ---- forms */
typedef struct Uses { const LEq *e; uint32_t bits; bool data; } Uses;
static bool add_use(const Expr *x, void *arg) {
  Uses *u = arg;
  u->data |= x->kind == E_READ;
  for (int k = 0; x->kind == E_INDEX && k < u->e->n; k++) if (u->e->ix[k] == x->index) u->bits |= 1u << k;
  return true;
}

static LForm form_of(Lower *L, LEq *e, const Expr *x, bool number) {
  Aff a = { 0 }; Uses u = { e, 0, false };
  expr_walk(x, add_use, &u);
  LForm f = { .e = x, .uses = u.bits };
  if (!number || u.data || !expr_affine(L->c, x, &a)) return f;
  f = (LForm){ true, a.c, a.n, NEWN(L->c, LTerm, a.n + 1), x, u.bits };
  for (int k = 0; k < a.n; k++) f.t[k] = (LTerm){ index_number(L, e, a.index[k]), a.k[k] };
  return f;
}

/* The distance of f from the end of x. */
static LForm form_below(Lower *L, const LForm *f, Extent x, const LEq *e) {
  LForm r = { .aff = true, .c = x.n - 1 - f->c, .uses = f->uses, .t = NEWN(L->c, LTerm, f->n + 1) };
  for (int k = 0; k < f->n; k++) r.t[r.n++] = (LTerm){ f->t[k].k, -f->t[k].m };
  if (x.dim) r.t[r.n++] = (LTerm){ index_number(L, e, x.dim), 1 };
  return r;
}

/* ---- proofs */
/* The least and largest value of f over its indices but term `but`; symbolic ones give their extremes. */
static LRange form_range(Lower *L, const LEq *e, const LForm *f, int but) {
  LRange r = { f->c, f->c };
  for (int k = 0; k < f->n; k++) {
    const Index *dim = f->t[k].k < 0 ? L->g->dim[-1 - f->t[k].k] : NULL;
    int64_t l = dim ? dim->lo : 0, h = dim ? dim->hi : extent_max(e->ix[f->t[k].k]->ext) - 1, m = k == but ? 0 : f->t[k].m;
    r.lo += m > 0 ? m * l : m * h; r.hi += m > 0 ? m * h : m * l;
  }
  return r;
}

/* An index over dim + m stands alone in a dimension of extent dim + n: its top is dim + m - 1, so the rest decides. */
static bool below_symbolic(Lower *L, const LEq *e, const LForm *f, Extent x) {
  for (int k = 0; k < f->n; k++) {
    const Index *i = f->t[k].k >= 0 ? e->ix[f->t[k].k] : NULL;
    if (i && i->ext.dim == x.dim && f->t[k].m == 1) return i->ext.n + form_range(L, e, f, k).hi <= x.n;
  }
  return false;
}

static void prove(Lower *L, const LEq *e, const LForm *f, Extent x, bool *lo, bool *hi) {
  if (!f->aff) {
    Range r = expr_range(L->c, f->e);
    *lo = r.lo >= 0; *hi = r.hi <= (double)(extent_min(x) - 1);
    return;
  }
  LRange r = form_range(L, e, f, -1);
  *lo = r.lo >= 0;
  *hi = r.hi <= extent_min(x) - 1 || (x.dim && below_symbolic(L, e, f, x));
}

/* ---- reads */
static int time_index(Lower *L, const LEq *e, const LRead *r) {
  const LForm *f = &r->place[r->t->t->stream_dim];
  for (int k = 0; k < f->n && f->aff; k++) {
    const Index *dim = f->t[k].k >= 0 ? e->ix[f->t[k].k]->ext.dim : NULL;
    if (dim && dim->stream && f->t[k].m == 1) return f->t[k].k;
  }
  tree_error(L, r->e->pos, e, "%s has a history, so it is read at the present frame minus a number", r->t->t->name);
}

static LRead *read_new(Lower *L, LEq *e, const Expr *x) {
  LRead *r = NEW(L->c, LRead); const Tensor *t = x->tensor;
  *r = (LRead){ x, tensor_add(L, x->tensor), NEWN(L->c, LForm, t->rank + 1), true, NEWN(L->c, bool, t->rank + 1), -1 };
  for (int d = 0; d < t->rank; d++) {
    bool lo, hi;
    r->place[d] = form_of(L, e, x->arg[d], true);
    prove(L, e, &r->place[d], t->shape[d], &lo, &hi);
    r->inside[d] = (r->t->hist && d == t->stream_dim) || (lo && hi); r->safe &= r->inside[d];
  }
  if (r->t->hist) r->time = time_index(L, e, r);
  lmap_put(L->c, &L->reads, x, r); return r;
}

static void read_add(Lower *L, LEq *e, const Expr *x) {
  LRead *r = lmap_get(&L->reads, x);                       /* known: without indices, shared by two equations */
  if (!r) r = read_new(L, e, x);
  for (int k = 0; k < e->read.n; k++) if (e->read.at[k] == r) return;
  PUSH(L->c, e->read, r);
}

/* ---- conditions */
static void cond_expr(Lower *L, LEq *e, LConds *v, const Expr *x);
static void cond_add(Lower *L, LConds *v, LForm f) { PUSH(L->c, *v, ((LCond){ .a = f })); }

static void cond_inside(Lower *L, LEq *e, LConds *v, const LForm *f, Extent x) {
  bool lo, hi; Expr *p = (Expr *)(uintptr_t)f->e, *n = expr_int(L->c, x.n);
  prove(L, e, f, x, &lo, &hi);
  if (!lo && f->aff) cond_add(L, v, *f);
  if (!hi && f->aff) cond_add(L, v, form_below(L, f, x, e));
  if (!lo && !f->aff) cond_expr(L, e, v, expr_fn2(L->c, FN_GE, p, expr_int(L->c, 0)));
  if (!hi && !f->aff) cond_expr(L, e, v, expr_fn2(L->c, FN_LT, p, x.dim ? expr_fn2(L->c, FN_ADD, expr_index(L->c, x.dim), n) : n));
}

/* What must hold for the reads of x to fall inside; an `or` in x looks after its own. */
static void cond_reads(Lower *L, LEq *e, LConds *v, const Expr *x) {
  const LRead *r = x->kind == E_READ ? lmap_get(&L->reads, x) : NULL;
  for (int d = 0; r && d < x->n; d++) if (!r->inside[d]) cond_inside(L, e, v, &r->place[d], x->tensor->shape[d]);
  for (int k = x->kind == E_OR; k < x->n; k++) cond_reads(L, e, v, x->arg[k]);
}

/* left - right - slack >= 0 */
static bool cond_compare(Lower *L, LEq *e, LConds *v, Expr *l, Expr *r, int64_t slack) {
  LForm f = form_of(L, e, expr_fn2(L->c, FN_SUB, l, r), true);
  f.c -= slack;
  if (f.aff) cond_add(L, v, f);
  return f.aff;
}

static void cond_expr(Lower *L, LEq *e, LConds *v, const Expr *x) {
  Fn fn = x->kind == E_FN ? x->fn : FN_COUNT;
  if (fn == FN_AND && x->type == T_BOOL) {
    cond_expr(L, e, v, x->arg[0]); cond_expr(L, e, v, x->arg[1]); return;
  }
  if (fn >= FN_EQ && fn <= FN_GE && fn != FN_NE && x->arg[0]->type == T_WINT && x->arg[1]->type == T_WINT) {
    Expr *a = x->arg[0], *b = x->arg[1]; bool ok = true;
    if (fn == FN_GE || fn == FN_EQ || fn == FN_GT) ok = cond_compare(L, e, v, a, b, fn == FN_GT);
    if (ok && (fn == FN_LE || fn == FN_EQ || fn == FN_LT)) ok = cond_compare(L, e, v, b, a, fn == FN_LT);
    if (ok) return;
  }
  cond_add(L, v, form_of(L, e, x, false));
}

LConds *or_conds(Lower *L, const Expr *e) { return lmap_get(&L->ors, e); }

/* The reads of x, and the conditions of its `or` and `?:`; those of a `?:` only if all are affine. */
static void collect(Lower *L, LEq *e, const Expr *x) {
  for (int k = 0; k < x->n; k++) collect(L, e, x->arg[k]);
  if (x->kind == E_READ) read_add(L, e, x);
  if ((x->kind != E_OR && x->kind != E_SELECT) || or_conds(L, x)) return;
  LConds *v = NEW(L->c, LConds);
  if (x->kind == E_OR) cond_reads(L, e, v, x->arg[0]); else cond_expr(L, e, v, x->arg[0]);
  for (int k = 0; k < v->n; k++) {
    if (x->kind == E_SELECT && !v->at[k].a.aff) return;
    if (!v->at[k].a.aff) collect(L, e, v->at[k].a.e);
  }
  lmap_put(L->c, &L->ors, x, v);
}

/* ---- reductions: factors `(x[..] or 0)` of a sum become conditions, so do whole bodies `(e or identity)` */
static bool is_number(const Expr *x, double v) { return expr_is_const(x) && expr_number(x) == v; }

/* x or v: its reads' conditions are the equation's, what is left is x. */
static const Expr *strip_or(Lower *L, LEq *e, const Expr *x) { collect(L, e, x->arg[0]); cond_reads(L, e, &e->cond, x->arg[0]); return x->arg[0]; }

static const Expr *strip(Lower *L, LEq *e, const Expr *x) {
  if (x->kind == E_OR && is_number(x->arg[1], 0)) {
    int n = e->cond.n;
    x = strip_or(L, e, x);
    for (int k = n; k < e->cond.n; k++) e->cond.at[k].zero = x->kind == E_READ;
    return x;
  }
  if (x->kind != E_FN || x->fn != FN_MUL) return x;
  const Expr *a = strip(L, e, x->arg[0]), *b = strip(L, e, x->arg[1]);
  if (a == x->arg[0] && b == x->arg[1]) return x;
  Expr *r = NEW(L->c, Expr);
  *r = *x;
  r->arg = NEWN(L->c, Expr *, 2); r->arg[0] = (Expr *)(uintptr_t)a; r->arg[1] = (Expr *)(uintptr_t)b; return r;
}

static void resolve_reduction(Lower *L, LEq *e) {
  const Expr *body = e->red->arg[0];
  e->kind = e->red->red;
  bool place = e->kind == RED_ARGMAX || e->kind == RED_ARGMIN, number = e->kind == RED_PROD || e->kind == RED_MAX || e->kind == RED_MIN;
  e->acc = comp_type(place ? body->type : e->red->type);
  if (e->red->n > 1) { collect(L, e, e->red->arg[1]); cond_expr(L, e, &e->cond, e->red->arg[1]); }
  double id = e->kind == RED_PROD ? 1 : e->kind == RED_MAX ? type_lowest(e->acc) : type_highest(e->acc);
  if (e->kind == RED_SUM) body = strip(L, e, body);
  else if (number && body->kind == E_OR && is_number(body->arg[1], id)) body = strip_or(L, e, body);
  e->body = body;
}

/* ---- lanes */
static bool widest(const Expr *x, void *arg) {
  int *bytes = arg; bool scalar = x->kind == E_CONST || (x->kind == E_READ && x->tensor->rank == 0);
  int n = x->type == T_WINT || x->type == T_BOOL || x->type == T_NONE || scalar ? 0 : type_bytes(comp_type(x->type));
  if (n > *bytes) *bytes = n;
  return x->kind != E_READ || x->n > 0;
}

static int lanes_for(Lower *L, const LEq *e) {
  Type t = e->eq->out->type; int bytes = type_bytes(t) > type_bytes(comp_type(t)) ? type_bytes(t) : type_bytes(comp_type(t));
  expr_walk(e->eq->rhs, widest, &bytes); return target_lanes(L->t, bytes);
}

/* 0 <= index <= extent - 1, for regions that may lie over the edge. */
static void domain_of(Lower *L, LEq *e) {
  e->domain = NEWN(L->c, LCond, 2 * e->nfree + 1);
  for (int k = 0; k < e->nfree; k++) {
    LForm f = { .aff = true, .n = 1, .t = NEW(L->c, LTerm), .uses = 1u << k };
    f.t[0] = (LTerm){ k, 1 }; e->domain[2 * k] = (LCond){ f, true, false };
    e->domain[2 * k + 1] = (LCond){ form_below(L, &f, e->ix[k]->ext, e), true, false };
  }
}

LEq *resolve_eq(Lower *L, Eq *q) {
  q->rhs = or_plain(L, q->rhs);
  LEq *e = NEW(L->c, LEq); Expr *init = NULL, *red = eq_reduction(q, &init);
  *e = (LEq){ .eq = q, .red = red, .init = init, .nfree = q->nfree, .n = q->nfree + (red ? red->nbound : 0), .body = q->rhs };
  if (e->n > LEQ_INDICES) tree_error(L, q->pos, e, "more than 32 indices");
  e->ix = NEWN(L->c, Index *, e->n + 1); e->down = NEWN(L->c, bool, e->n + 1);
  for (int k = 0; k < e->n; k++) e->ix[k] = k < q->nfree ? q->free[k] : red->bound[k - q->nfree];
  e->out = tensor_add(L, q->out); e->place = NEWN(L->c, LForm, q->out->rank + 1);
  for (int d = 0; d < q->out->rank; d++) {
    e->place[d] = form_of(L, e, q->place[d], true);
    if (!e->place[d].aff) tree_error(L, q->pos, e, "the place on the left is not affine");
  }
  domain_of(L, e);
  if (red) resolve_reduction(L, e);
  collect(L, e, e->body);
  if (init) collect(L, e, init);
  for (int k = 0; k < e->cond.n; k++) if (!e->cond.at[k].a.aff) collect(L, e, e->cond.at[k].a.e);
  e->lanes = lanes_for(L, e); return e;
}
