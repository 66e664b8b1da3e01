/* Equations resolved for the lowering: places as affine forms over the equation's own indices, reads with what is proven of them, guards
 * as conditions; and which leaf computes what.
 *
 *   z[o, t] = b[o] + sum(c, k: (x[c, t + k - 1] or 0) * w[o, c, k])
 *   indices o t | c k     reads b x w     condition t + k - 1 >= 0 and n - 1 - (t + k - 1) >= 0: where it fails the product is 0
 */
#include "lower.h"
#include <string.h>

void *lmap_get(const LMap *m, const void *key)
{
  if (!m->cap) return NULL;
  for (uint64_t h = (uint64_t)(uintptr_t)key * 0x9e3779b97f4a7c15u >> 20;; h++) {
    int k = (int)(h & (uint64_t)(m->cap - 1));
    if (m->key[k] == key) return m->val[k];
    if (!m->key[k]) return NULL;
  }
}

void lmap_put(Ctx *c, LMap *m, const void *key, void *val)
{
  if ((m->n + 1) * 2 > m->cap) {
    LMap old = *m;
    m->cap = m->cap ? m->cap * 2 : 64;
    m->n = 0;
    m->key = NEWN(c, const void *, m->cap);
    m->val = NEWN(c, void *, m->cap);
    for (int k = 0; k < old.cap; k++)
      if (old.key[k]) lmap_put(c, m, old.key[k], old.val[k]);
  }
  uint64_t h = (uint64_t)(uintptr_t)key * 0x9e3779b97f4a7c15u >> 20;
  while (m->key[h & (uint64_t)(m->cap - 1)] && m->key[h & (uint64_t)(m->cap - 1)] != key) h++;
  int k = (int)(h & (uint64_t)(m->cap - 1));
  m->n += !m->key[k];
  m->key[k] = key;
  m->val[k] = val;
}

bool name_is(const char *a, const char *b) { return a == b || (a && b && !strcmp(a, b)); }

int eq_index(const LEq *e, const char *name)
{
  for (int k = 0; k < e->n; k++)
    if (name_is(e->ix[k]->name, name)) return k;
  return -1;
}

void tree_error(Lower *L, Pos pos, const LEq *e, const char *rule)
{
  diag_error(L->c, pos.src || !e ? pos : e->eq->pos, "schedule of kernel %s: %s%s%s", L->k->name, e ? e->eq->out->name : "", e ? ": " : "", rule);
  frit_bail(L->c);
}

LTensor *tensor_of(Lower *L, const Tensor *t) { return lmap_get(&L->tensors, t); }

static LTensor *tensor_add(Lower *L, Tensor *t)
{
  LTensor *r = lmap_get(&L->tensors, t);
  if (r) return r;
  r = NEW(L->c, LTensor);
  r->t = t;
  r->buf = -1;
  r->id = L->nall++;
  r->external = t->kind != TK_TEMP;
  r->hist = t->history > 0 && t->stream_dim >= 0;
  for (int k = 0; k < L->k->nout; k++) r->external |= L->k->out[k] == t;
  for (int k = 0; k < L->k->nin; k++) r->external |= L->k->in[k] == t;
  lmap_put(L->c, &L->tensors, t, r);
  return r;
}

/* ---- forms */

typedef struct Uses { const LEq *e; uint32_t bits; bool data; } Uses;
static bool add_use(const Expr *x, void *arg)
{
  Uses *u = arg;
  u->data |= x->kind == E_READ;
  for (int k = 0; x->kind == E_INDEX && k < u->e->n; k++)
    if (u->e->ix[k] == x->index) u->bits |= 1u << k;
  return true;
}

static int term_index(Lower *L, const LEq *e, const Index *x)
{
  for (int k = 0; k < e->n; k++)
    if (e->ix[k] == x) return k;
  for (int k = 0; k < L->g->ndim; k++)
    if (L->g->dim[k] == x) return -1 - k;
  bug(L->c, "index %s of %s is not bound", x->name, e->eq->out->name);
}

LForm form_of(Lower *L, LEq *e, const Expr *x)
{
  Aff a = { 0 };
  Uses u = { e, 0, false };
  expr_walk(x, add_use, &u);
  LForm f = { .e = x, .uses = u.bits, .data = u.data };
  if (u.data || !expr_affine(L->c, x, &a)) return f;
  f.aff = true;
  f.c = a.c;
  f.n = a.n;
  f.t = NEWN(L->c, LTerm, a.n + 1);
  for (int k = 0; k < a.n; k++) f.t[k] = (LTerm){ term_index(L, e, a.index[k]), a.k[k] };
  return f;
}

/* x + sign * f + c, where x is dimension or nothing. */
static LForm form_from(Lower *L, const LForm *f, int64_t sign, int64_t c, const Index *dim, const LEq *e)
{
  LForm r = { .aff = true, .c = c + sign * f->c, .uses = f->uses, .t = NEWN(L->c, LTerm, f->n + 1) };
  for (int k = 0; k < f->n; k++) r.t[r.n++] = (LTerm){ f->t[k].k, sign * f->t[k].m };
  if (dim) r.t[r.n++] = (LTerm){ term_index(L, e, dim), 1 };
  return r;
}

/* ---- proofs */

/* The least and largest value of f over its indices; symbolic ones give their extremes. */
static void form_range(Lower *L, const LEq *e, const LForm *f, int64_t *lo, int64_t *hi)
{
  *lo = *hi = f->c;
  for (int k = 0; k < f->n; k++) {
    int64_t l = 0, h, m = f->t[k].m;
    if (f->t[k].k < 0) l = L->g->dim[-1 - f->t[k].k]->lo, h = L->g->dim[-1 - f->t[k].k]->hi;
    else h = extent_max(e->ix[f->t[k].k]->ext) - 1;
    *lo += m > 0 ? m * l : m * h;
    *hi += m > 0 ? m * h : m * l;
  }
}

/* An index over dim + m stands alone in a dimension of extent dim + n: its top is dim + m - 1, so the rest decides. */
static bool below_symbolic(Lower *L, const LEq *e, const LForm *f, Extent x)
{
  for (int k = 0; k < f->n; k++) {
    const Index *i = f->t[k].k >= 0 ? e->ix[f->t[k].k] : NULL;
    if (!i || i->ext.dim != x.dim || f->t[k].m != 1) continue;
    int64_t lo, hi;
    LForm rest = *f;
    rest.t = NEWN(L->c, LTerm, f->n + 1);
    rest.n = 0;
    for (int j = 0; j < f->n; j++)
      if (j != k) rest.t[rest.n++] = f->t[j];
    form_range(L, e, &rest, &lo, &hi);
    return i->ext.n + hi <= x.n;
  }
  return false;
}

static void prove(Lower *L, const LEq *e, const LForm *f, Extent x, bool *lo, bool *hi)
{
  if (!f->aff) {
    Range r = expr_range(L->c, f->e);
    *lo = r.lo >= 0;
    *hi = r.hi <= (double)(extent_min(x) - 1);
    return;
  }
  int64_t l, h;
  form_range(L, e, f, &l, &h);
  *lo = l >= 0;
  *hi = h <= extent_min(x) - 1 || (x.dim && below_symbolic(L, e, f, x));
}

/* ---- reads */

static int time_index(Lower *L, const LEq *e, const LRead *r)
{
  const Tensor *t = r->t->t;
  const LForm *f = &r->place[t->stream_dim];
  for (int k = 0; k < f->n && f->aff; k++)
    if (f->t[k].k >= 0 && e->ix[f->t[k].k]->ext.dim && e->ix[f->t[k].k]->ext.dim->stream && f->t[k].m == 1) return f->t[k].k;
  tree_error(L, r->e->pos, e, ctx_printf(L->c, "%s has a history, so it is read at the present frame minus a number", t->name));
}

static void read_link(Lower *L, LEq *e, LRead *r)
{
  for (int k = 0; k < e->nread; k++)
    if (e->read[k] == r) return;
  LRead **at = NEWN(L->c, LRead *, e->nread + 1);
  if (e->nread) memcpy(at, e->read, sizeof *at * (size_t)e->nread);
  at[e->nread++] = r;
  e->read = at;
}

static void read_add(Lower *L, LEq *e, const Expr *x)
{
  LRead *r = lmap_get(&L->reads, x);
  if (r) {                         /* without indices, shared by two equations */
    read_link(L, e, r);
    return;
  }
  r = NEW(L->c, LRead);
  int rank = x->tensor->rank;
  r->e = x;
  r->t = tensor_add(L, x->tensor);
  r->place = NEWN(L->c, LForm, rank + 1);
  r->inside = NEWN(L->c, bool, rank + 1);
  r->safe = true;
  r->time = -1;
  for (int d = 0; d < rank; d++) {
    bool lo, hi, now = r->t->hist && d == x->tensor->stream_dim;
    r->place[d] = form_of(L, e, x->arg[d]);
    prove(L, e, &r->place[d], x->tensor->shape[d], &lo, &hi);
    r->inside[d] = now || (lo && hi);
    r->safe &= r->inside[d];
  }
  if (r->t->hist) r->time = time_index(L, e, r);
  lmap_put(L->c, &L->reads, x, r);
  read_link(L, e, r);
}

/* ---- conditions */

static void cond_expr(Lower *L, LEq *e, LConds *v, const Expr *x);

static void cond_form(Lower *L, LConds *v, LForm f)
{
  (void)L;
  PUSH(L->c, *v, ((LCond){ .aff = true, .a = f, .uses = f.uses }));
}

static void cond_inside(Lower *L, LEq *e, LConds *v, const LForm *f, Extent x)
{
  bool lo, hi;
  prove(L, e, f, x, &lo, &hi);
  if (f->aff) {
    if (!lo) cond_form(L, v, *f);
    if (!hi) cond_form(L, v, form_from(L, f, -1, x.n - 1, x.dim, e));
    return;
  }
  Expr *p = (Expr *)(uintptr_t)f->e, *n = expr_int(L->c, x.n);
  if (x.dim) n = expr_fn2(L->c, FN_ADD, expr_index(L->c, x.dim), n);
  if (!lo) cond_expr(L, e, v, expr_fn2(L->c, FN_GE, p, expr_int(L->c, 0)));
  if (!hi) cond_expr(L, e, v, expr_fn2(L->c, FN_LT, p, n));
}

/* What must hold for the reads of x to fall inside; an `or` in x looks after its own. */
static void cond_reads(Lower *L, LEq *e, LConds *v, const Expr *x)
{
  if (x->kind == E_READ) {
    LRead *r = lmap_get(&L->reads, x);
    for (int d = 0; d < x->n; d++)
      if (!r->inside[d]) cond_inside(L, e, v, &r->place[d], x->tensor->shape[d]);
  }
  if (x->kind == E_OR) {
    cond_reads(L, e, v, x->arg[1]);
    return;
  }
  for (int k = 0; k < x->n; k++) cond_reads(L, e, v, x->arg[k]);
}

static bool is_compare(const Expr *x) { return x->kind == E_FN && x->fn >= FN_EQ && x->fn <= FN_GE && x->fn != FN_NE; }

/* left - right - slack >= 0 */
static bool cond_compare(Lower *L, LEq *e, LConds *v, const Expr *l, const Expr *r, int64_t slack)
{
  Expr *d = expr_fn2(L->c, FN_SUB, (Expr *)(uintptr_t)l, (Expr *)(uintptr_t)r);
  LForm f = form_of(L, e, d);
  if (!f.aff) return false;
  f.c -= slack;
  cond_form(L, v, f);
  return true;
}

static void cond_expr(Lower *L, LEq *e, LConds *v, const Expr *x)
{
  if (x->kind == E_FN && x->fn == FN_AND && x->type == T_BOOL) {
    cond_expr(L, e, v, x->arg[0]);
    cond_expr(L, e, v, x->arg[1]);
    return;
  }
  if (is_compare(x) && x->arg[0]->type == T_WINT && x->arg[1]->type == T_WINT) {
    const Expr *a = x->arg[0], *b = x->arg[1];
    bool ok = true;
    if (x->fn == FN_GE || x->fn == FN_EQ || x->fn == FN_GT) ok = cond_compare(L, e, v, a, b, x->fn == FN_GT);
    if (ok && (x->fn == FN_LE || x->fn == FN_EQ || x->fn == FN_LT)) ok = cond_compare(L, e, v, b, a, x->fn == FN_LT);
    if (ok) return;
  }
  Uses u = { e, 0, false };
  expr_walk(x, add_use, &u);
  PUSH(L->c, *v, ((LCond){ .e = x, .uses = u.bits }));
}

LConds *or_conds(Lower *L, const Expr *e) { return lmap_get(&L->ors, e); }

static void collect(Lower *L, LEq *e, const Expr *x)
{
  for (int k = 0; k < x->n; k++) collect(L, e, x->arg[k]);
  if (x->kind == E_READ) read_add(L, e, x);
  if ((x->kind != E_OR && x->kind != E_SELECT) || lmap_get(&L->ors, x)) return;
  LConds *v = NEW(L->c, LConds);
  if (x->kind == E_OR) cond_reads(L, e, v, x->arg[0]);
  else cond_expr(L, e, v, x->arg[0]);
  for (int k = 0; k < v->n; k++) {
    if (x->kind == E_SELECT && !v->at[k].aff) return;
    if (!v->at[k].aff) collect(L, e, v->at[k].e);
  }
  lmap_put(L->c, &L->ors, x, v);
}

/* ---- reductions: factors `(x[..] or 0)` of a sum become conditions, so do whole bodies `(e or identity)` */

static bool is_number(const Expr *x, double v) { return expr_is_const(x) && expr_number(x) == v; }

static const Expr *strip(Lower *L, LEq *e, const Expr *x)
{
  if (x->kind == E_OR && is_number(x->arg[1], 0)) {
    collect(L, e, x->arg[0]);
    int n = e->cond.n;
    cond_reads(L, e, &e->cond, x->arg[0]);
    for (int k = n; k < e->cond.n; k++) e->cond.at[k].zero = x->arg[0]->kind == E_READ;
    return x->arg[0];
  }
  if (x->kind != E_FN || x->fn != FN_MUL) return x;
  const Expr *a = strip(L, e, x->arg[0]), *b = strip(L, e, x->arg[1]);
  if (a == x->arg[0] && b == x->arg[1]) return x;
  Expr *r = NEW(L->c, Expr);
  *r = *x;
  r->arg = NEWN(L->c, Expr *, 2);
  r->arg[0] = (Expr *)(uintptr_t)a;
  r->arg[1] = (Expr *)(uintptr_t)b;
  return r;
}

static void resolve_reduction(Lower *L, LEq *e)
{
  const Expr *body = e->red->arg[0];
  e->kind = e->red->red;
  e->acc = comp_type(e->red->type);
  if (e->kind == RED_ARGMAX || e->kind == RED_ARGMIN) e->acc = comp_type(body->type);
  if (e->red->n > 1) {
    collect(L, e, e->red->arg[1]);
    cond_expr(L, e, &e->cond, e->red->arg[1]);
  }
  if (e->kind == RED_SUM) body = strip(L, e, body);
  else if (body->kind == E_OR && expr_is_const(body->arg[1]) && e->kind != RED_ANY && e->kind != RED_ALL) {
    double id = e->kind == RED_PROD ? 1 : e->kind == RED_MAX || e->kind == RED_ARGMAX ? type_lowest(e->acc) : type_highest(e->acc);
    bool place = e->kind == RED_ARGMAX || e->kind == RED_ARGMIN;
    if (!place && is_number(body->arg[1], id)) {
      collect(L, e, body->arg[0]);
      cond_reads(L, e, &e->cond, body->arg[0]);
      body = body->arg[0];
    }
  }
  e->body = body;
}

/* ---- lanes */

typedef struct Widest { int bytes; } Widest;
static bool widest(const Expr *x, void *arg)
{
  Widest *w = arg;
  Type t = x->type;
  int n = t == T_WINT || t == T_BOOL || t == T_NONE || x->kind == E_CONST ? 0 : type_bytes(comp_type(t));
  if (x->kind == E_READ && x->tensor->rank == 0) n = 0;
  if (n > w->bytes) w->bytes = n;
  return x->kind != E_READ || x->n > 0;
}

static int lanes_for(Lower *L, const LEq *e)
{
  Widest w = { type_bytes(e->eq->out->type) };
  if (type_bytes(comp_type(e->eq->out->type)) > w.bytes) w.bytes = type_bytes(comp_type(e->eq->out->type));
  expr_walk(e->eq->rhs, widest, &w);
  return target_lanes(L->t, w.bytes);
}

/* 0 <= index <= extent - 1, for regions that may lie over the edge. */
static void domain_of(Lower *L, LEq *e)
{
  e->domain = NEWN(L->c, LCond, 2 * e->nfree + 1);
  for (int k = 0; k < e->nfree; k++) {
    LForm f = { .aff = true, .n = 1, .t = NEW(L->c, LTerm), .uses = 1u << k };
    f.t[0] = (LTerm){ k, 1 };
    Extent x = e->ix[k]->ext;
    e->domain[2 * k] = (LCond){ .aff = true, .domain = true, .a = f, .uses = f.uses };
    e->domain[2 * k + 1] = (LCond){ .aff = true, .domain = true, .a = form_from(L, &f, -1, x.n - 1, x.dim, e), .uses = f.uses };
  }
}

LEq *resolve_eq(Lower *L, Eq *q)
{
  LEq *e = NEW(L->c, LEq);
  Expr *init = NULL;
  e->eq = q;
  e->red = eq_reduction(q, &init);
  e->init = init;
  e->nfree = q->nfree;
  e->n = q->nfree + (e->red ? e->red->nbound : 0);
  if (e->n > LEQ_INDICES) tree_error(L, q->pos, e, "more than 32 indices");
  e->ix = NEWN(L->c, Index *, e->n + 1);
  e->down = NEWN(L->c, bool, e->n + 1);
  for (int k = 0; k < e->n; k++) e->ix[k] = k < q->nfree ? q->free[k] : e->red->bound[k - q->nfree];
  e->out = tensor_add(L, q->out);
  e->place = NEWN(L->c, LForm, q->out->rank + 1);
  for (int d = 0; d < q->out->rank; d++) {
    e->place[d] = form_of(L, e, q->place[d]);
    if (!e->place[d].aff) tree_error(L, q->pos, e, "the place on the left is not affine");
  }
  domain_of(L, e);
  e->body = q->rhs;
  if (e->red) resolve_reduction(L, e);
  collect(L, e, e->body);
  if (init) collect(L, e, init);
  for (int k = 0; k < e->cond.n; k++)
    if (!e->cond.at[k].aff) collect(L, e, e->cond.at[k].e);
  e->lanes = lanes_for(L, e);
  return e;
}

/* ---- leaves */

static void tensor_link(Lower *L, LEq *e)
{
  LTensor *t = e->out;
  LEq **w = NEWN(L->c, LEq *, t->nwriter + 1);
  if (t->nwriter) memcpy(w, t->writer, sizeof *w * (size_t)t->nwriter);
  w[t->nwriter++] = e;
  t->writer = w;
  for (int k = 0; k < e->nread; k++) {
    LTensor *r = e->read[k]->t;
    if (r->nreader && r->reader[r->nreader - 1] == e) continue;
    LEq **v = ctx_grow(L->c, r->reader, r->nreader, &r->cap, sizeof *v);
    r->reader = v;
    v[r->nreader++] = e;
  }
}

static LTensor *leaf_tensor(Lower *L, const Tree *t)
{
  for (int k = 0; k < L->k->neq; k++)
    if (name_is(L->k->eq[k]->out->name, t->name)) return tensor_of(L, L->k->eq[k]->out);
  return NULL;
}

void tree_eqs(Lower *L, const Tree *t, bool rest, LEq ***out, int *n)
{
  for (; t; t = rest ? t->next : NULL) {
    if (t->kind == TREE_FOR) tree_eqs(L, t->body, true, out, n);
    if (t->kind != TREE_LEAF) continue;
    LTensor *x = leaf_tensor(L, t);
    for (int k = 0; x && k < x->nwriter; k++) (*out)[(*n)++] = x->writer[k];
  }
}

bool tree_holds(const Tree *t, const LEq *e, bool rest)
{
  for (; t; t = rest ? t->next : NULL) {
    if (t == e->leaf) return true;
    if (t->kind == TREE_FOR && tree_holds(t->body, e, true)) return true;
  }
  return false;
}

static void near_name(Lower *L, const Tree *t, const char *what)
{
  const char **names = NEWN(L->c, const char *, L->k->neq + 1);
  for (int k = 0; k < L->k->neq; k++) names[k] = L->k->eq[k]->out->name;
  const char *near = diag_near(t->name, names, L->k->neq);
  diag_error(L->c, t->pos, "schedule of kernel %s: %s %s is no equation of this kernel", L->k->name, what, t->name);
  if (near) diag_help(L->c, "did you mean %s?", near);
}

static void check_leaf(Lower *L, const Tree *t)
{
  LTensor *x = leaf_tensor(L, t);
  if (!x) {
    near_name(L, t, "leaf");
    return;
  }
  for (int k = 0; k < x->nwriter; k++) {
    if (x->writer[k]->leaf) {
      diag_error(L->c, t->pos, "schedule of kernel %s: %s has two leaves; an equation is computed in one place", L->k->name, t->name);
      return;
    }
    x->writer[k]->leaf = t;
  }
}

static void check_let(Lower *L, const Tree *t)
{
  LTensor *x = leaf_tensor(L, t);
  if (!x) near_name(L, t, "let");
  else if (x->let) diag_error(L->c, t->pos, "schedule of kernel %s: %s has two lets", L->k->name, t->name);
  else x->let = t;
}

static bool known_index(Lower *L, const char *name)
{
  for (int k = 0; k < L->k->neq; k++) {
    Expr *r = eq_reduction(L->k->eq[k], NULL);
    for (int i = 0; i < L->k->eq[k]->nfree; i++)
      if (name_is(L->k->eq[k]->free[i]->name, name)) return true;
    for (int i = 0; r && i < r->nbound; i++)
      if (name_is(r->bound[i]->name, name)) return true;
  }
  return false;
}

static void check_tree(Lower *L, const Tree *t, int depth)
{
  if (depth > 64) tree_error(L, t->pos, NULL, "loops are nested more than 64 deep");
  for (; t; t = t->next) {
    if (t->kind == TREE_LEAF) check_leaf(L, t);
    if (t->kind == TREE_LET) check_let(L, t);
    if (t->kind != TREE_FOR) continue;
    if (!known_index(L, t->name)) diag_error(L->c, t->pos, "schedule of kernel %s: for %s: no equation of this kernel has an index %s", L->k->name, t->name, t->name);
    if (t->step < 0) diag_error(L->c, t->pos, "schedule of kernel %s: for %s: the step must be positive", L->k->name, t->name);
    if (t->loop == LOOP_STREAM && depth) diag_error(L->c, t->pos, "schedule of kernel %s: for %s: a stream loop stands outermost", L->k->name, t->name);
    check_tree(L, t->body, depth + 1);
  }
}

/* ---- recurrences that read later places */

/* How far past its own place (of the index that both name alike) e reads w's tensor in dimension d. */
static int64_t ahead(const LEq *e, const LRead *r, const LEq *w, int d, int *ke, int *kw)
{
  const LForm *a = &r->place[d], *b = &w->place[d];
  if (!a->aff || a->n != 1 || b->n != 1 || a->t[0].k < 0 || b->t[0].k < 0 || a->t[0].m != 1 || b->t[0].m != 1) return 0;
  *ke = a->t[0].k;
  *kw = b->t[0].k;
  return name_is(e->ix[*ke]->name, w->ix[*kw]->name) ? a->c - b->c : 0;
}

static void find_down(const LEq *e)
{
  for (int k = 0; k < e->nread; k++) {
    const LTensor *t = e->read[k]->t;
    for (int i = 0; i < t->nwriter; i++)
      for (int d = 0, ke, kw; d < t->t->rank && t->writer[i]->order >= e->order; d++)
        if (ahead(e, e->read[k], t->writer[i], d, &ke, &kw) > 0) e->down[ke] = t->writer[i]->down[kw] = true;
  }
}

bool lower_resolve(Lower *L)
{
  int errors = L->c->nerror, n = 0;
  LEq **all = NEWN(L->c, LEq *, L->k->neq + 1);
  for (int k = 0; k < L->k->neq; k++) {
    all[k] = resolve_eq(L, L->k->eq[k]);
    tensor_link(L, all[k]);
  }
  check_tree(L, L->k->tree, 0);
  for (int k = 0; k < L->k->neq; k++)
    if (!all[k]->leaf && L->c->nerror == errors)
      diag_error(L->c, L->k->pos.src ? L->k->pos : all[k]->eq->pos, "schedule of kernel %s: %s has no leaf; every equation is computed in one place", L->k->name, all[k]->eq->out->name);
  if (L->c->nerror > errors) return false;
  L->eq = NEWN(L->c, LEq *, L->k->neq + 1);
  tree_eqs(L, L->k->tree, true, &L->eq, &n);
  L->neq = n;
  for (int k = 0; k < n; k++) L->eq[k]->order = L->eq[k]->id = k;
  for (int k = 0; k < n; k++) find_down(L->eq[k]);
  check_recurrences(L);
  L->open = NEWN(L->c, LOpen *, n + 1);
  return true;
}
