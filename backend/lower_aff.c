/* Positions: affine expressions over index values (loop counters, run-time counts), and index expressions evaluated at a point.
 *
 *   x[(4 * i + j) / 4]  at i = 2 v, j = 1          the place is 2 v: coefficients of step counters show divisibility
 */
#include "lower.h"

int64_t floor_div(int64_t a, int64_t b)
{
  if (b == 0) return 0;
  int64_t q = a / b;
  return q - ((a % b != 0) && ((a < 0) != (b < 0)));
}

LAff laff_int(int64_t c) { return (LAff){ .c = c }; }
LAff laff_var(KInst *v, int64_t k)
{
  if (v->op == K_CONST) return laff_int(v->imm * k);
  LAff a = { .n = 1 };
  a.t[0] = (KTerm){ v, k };
  return a;
}

static void term_add(Lower *L, LAff *a, KInst *v, int64_t k)
{
  int i = 0;
  while (i < a->n && a->t[i].v->id < v->id) i++;
  if (i < a->n && a->t[i].v == v) {
    a->t[i].k += k;
    if (a->t[i].k) return;
    a->n--;
    for (; i < a->n; i++) a->t[i] = a->t[i + 1];
    return;
  }
  if (a->n == LAFF_MAX) {          /* too many: one value takes their place */
    *a = laff_var(laff_inst(L, a), 1);
    term_add(L, a, v, k);
    return;
  }
  for (int j = a->n++; j > i; j--) a->t[j] = a->t[j - 1];
  a->t[i] = (KTerm){ v, k };
}

void laff_add(Lower *L, LAff *a, const LAff *b, int64_t k)
{
  if (!k) return;
  a->c += b->c * k;
  for (int i = 0; i < b->n; i++) term_add(L, a, b->t[i].v, b->t[i].k * k);
}

LAff laff_sum(Lower *L, const LAff *a, const LAff *b, int64_t k)
{
  LAff r = *a;
  laff_add(L, &r, b, k);
  return r;
}

bool laff_diff(const LAff *a, const LAff *b, int64_t *c)
{
  if (a->n != b->n) return false;
  for (int i = 0; i < a->n; i++)
    if (a->t[i].v != b->t[i].v || a->t[i].k != b->t[i].k) return false;
  *c = a->c - b->c;
  return true;
}

void laff_range(Lower *L, const LAff *a, int64_t *lo, int64_t *hi)
{
  *lo = *hi = a->c;
  for (int i = 0; i < a->n; i++) {
    int64_t l, h, k = a->t[i].k;
    k_range(&L->b, a->t[i].v, &l, &h);
    *lo += k > 0 ? k * l : k * h;
    *hi += k > 0 ? k * h : k * l;
  }
}

bool laff_divides(const LAff *a, int64_t m)
{
  for (int i = 0; i < a->n; i++)
    if (a->t[i].k % m) return false;
  return true;
}

KInst *laff_inst(Lower *L, const LAff *a)
{
  KInst *r = NULL;
  for (int i = 0; i < a->n; i++) {
    KInst *x = k_ifn(&L->b, KF_MUL, a->t[i].v, k_int(&L->b, a->t[i].k));
    r = r ? k_ifn(&L->b, KF_ADD, r, x) : x;
  }
  KInst *c = k_int(&L->b, a->c);
  return r ? k_ifn(&L->b, KF_ADD, r, c) : c;
}

/* ---- index expressions at a point */

static LAff form_term(Lower *L, int k, const LAff *env)
{
  return k < 0 ? laff_var(L->param[-1 - k], 1) : env[k];
}

LAff form_aff(Lower *L, const LForm *f, const LAff *env)
{
  LAff a = laff_int(f->c);
  for (int i = 0; i < f->n; i++) {
    LAff t = form_term(L, f->t[i].k, env);
    laff_add(L, &a, &t, f->t[i].m);
  }
  return a;
}

static LPlace expr_at(Lower *L, LPt *p, const Expr *e);

LPlace form_at(Lower *L, LPt *p, const LForm *f)
{
  if (!f->aff) return expr_at(L, p, f->e);
  LPlace r = { .a = form_aff(L, f, p->env) };
  for (int i = 0; i < f->n && p->vec; i++)
    if (f->t[i].k == p->vec->k) r.lane += f->t[i].m;
  return r;
}

static int lanes_of(const LPt *p) { return p->vec ? p->vec->w : 1; }

KInst *place_vector(Lower *L, LPt *p, const LPlace *q)
{
  KBuild *b = &L->b;
  int w = lanes_of(p);
  KInst *r = NULL;
  if (q->lane) {
    r = k_put(b, (KInst){ .op = K_IOTA, .type = { T_I32, w } });
    if (q->lane != 1) r = k_fn(b, KF_MUL, r, k_const(b, ktype(T_I32, 1), 0, q->lane), NULL);
  }
  if (q->off) r = r ? k_fn(b, KF_ADD, r, q->off, NULL) : q->off;
  if (q->a.n || q->a.c || !r) {
    KInst *s = k_bcast(b, k_cast(b, CV_PLAIN, T_I32, laff_inst(L, &q->a)), w);
    r = r ? k_fn(b, KF_ADD, r, s, NULL) : s;
  }
  return r;
}

/* floor(q / m), or q modulo m, with m > 0. Exact and affine where coefficients and lanes allow. */
static LPlace place_divide(Lower *L, LPt *p, const LPlace *q, int64_t m, bool mod)
{
  KBuild *b = &L->b;
  int64_t rest = floor_mod(q->a.c, m), last = rest + q->lane * (lanes_of(p) - 1);
  bool split = !q->off && laff_divides(&q->a, m), across = q->lane && q->lane % m == 0;
  if (split && (across || (last >= 0 && last < m))) {
    LPlace r = { .lane = mod ? (across ? 0 : q->lane) : across ? q->lane / m : 0 };
    if (mod) r.a = laff_int(rest);
    else {
      r.a = q->a;
      r.a.c = floor_div(q->a.c, m);
      for (int i = 0; i < r.a.n; i++) r.a.t[i].k /= m;
    }
    return r;
  }
  if (!q->off && !q->lane)
    return (LPlace){ .a = laff_var(k_ifn(b, mod ? KF_MOD : KF_DIV, laff_inst(L, &q->a), k_int(b, m)), 1) };
  KInst *v = k_fn(b, mod ? KF_MOD : KF_DIV, place_vector(L, p, q), k_const(b, ktype(T_I32, 1), 0, m), NULL);
  return (LPlace){ .off = v };
}

LPlace place_layout(Lower *L, LPt *p, LPlace q, int64_t div, int64_t mod)
{
  if (div > 1) q = place_divide(L, p, &q, div, false);
  if (mod > 0) q = place_divide(L, p, &q, mod, true);
  return q;
}

static LPlace place_sum(Lower *L, const LPlace *x, const LPlace *y, int64_t k)
{
  LPlace r = { .a = laff_sum(L, &x->a, &y->a, k), .lane = x->lane + k * y->lane, .off = x->off };
  if (y->off) {
    KInst *o = k == 1 ? y->off : k_fn(&L->b, KF_MUL, y->off, k_const(&L->b, ktype(T_I32, 1), 0, k), NULL);
    r.off = r.off ? k_fn(&L->b, KF_ADD, r.off, o, NULL) : o;
  }
  return r;
}

static bool place_const(const LPlace *q, int64_t *v)
{
  *v = q->a.c;
  return !q->off && !q->lane && !q->a.n;
}

/* A computed integer as a place: a scalar is an index value, lanes are i32. */
static LPlace place_value(Lower *L, KInst *v)
{
  if (v->type.lanes == 1) return (LPlace){ .a = laff_var(k_cast(&L->b, CV_PLAIN, T_WINT, v), 1) };
  return (LPlace){ .off = k_cast(&L->b, CV_PLAIN, T_I32, v) };
}

static LPlace fn_at(Lower *L, LPt *p, const Expr *e)
{
  LPlace x, y;
  int64_t m;
  switch (e->fn) {
  case FN_ADD: case FN_SUB: case FN_MUL: case FN_DIV: case FN_MOD: break;
  default: return place_value(L, gen(L, p, e));
  }
  x = expr_at(L, p, e->arg[0]);
  y = expr_at(L, p, e->arg[1]);
  if (e->fn == FN_ADD || e->fn == FN_SUB) return place_sum(L, &x, &y, e->fn == FN_ADD ? 1 : -1);
  LPlace zero = { .a = laff_int(0) };
  if (e->fn == FN_MUL && place_const(&y, &m)) return place_sum(L, &zero, &x, m);
  if (e->fn == FN_MUL && place_const(&x, &m)) return place_sum(L, &zero, &y, m);
  if (e->fn != FN_MUL && place_const(&y, &m) && m > 0) return place_divide(L, p, &x, m, e->fn == FN_MOD);
  KFn fn = e->fn == FN_MUL ? KF_MUL : e->fn == FN_DIV ? KF_DIV : KF_MOD;
  if (!x.off && !x.lane && !y.off && !y.lane) return (LPlace){ .a = laff_var(k_ifn(&L->b, fn, laff_inst(L, &x.a), laff_inst(L, &y.a)), 1) };
  return (LPlace){ .off = k_fn(&L->b, fn, place_vector(L, p, &x), place_vector(L, p, &y), NULL) };
}

static LPlace index_at(Lower *L, LPt *p, const Index *x)
{
  LTerm t = { 0, 1 };
  for (t.k = 0; t.k < p->e->n && p->e->ix[t.k] != x; t.k++) {}
  if (t.k == p->e->n) {
    for (t.k = 0; t.k < L->g->ndim && L->g->dim[t.k] != x; t.k++) {}
    if (t.k == L->g->ndim) bug(L->c, "index %s of %s is not bound", x->name, p->e->eq->out->name);
    t.k = -1 - t.k;
  }
  LForm f = { .aff = true, .n = 1, .t = &t };
  return form_at(L, p, &f);
}

static LPlace expr_at(Lower *L, LPt *p, const Expr *e)
{
  switch (e->kind) {
  case E_CONST: return (LPlace){ .a = laff_int(type_is_float(e->type) || e->type == T_WFLOAT ? (int64_t)e->f : e->i) };
  case E_INDEX: return index_at(L, p, e->index);
  case E_FN: if (e->type == T_WINT) return fn_at(L, p, e); break;
  default: break;
  }
  if (e->kind == E_CONVERT && e->mode == CV_PLAIN && e->arg[0]->type == T_WINT && type_bytes(e->type) >= 4 && type_is_int(e->type)) return expr_at(L, p, e->arg[0]);
  if (e->kind == E_FN && type_is_int(e->type) && type_bytes(e->type) == 8) return fn_at(L, p, e);
  return place_value(L, gen(L, p, e));
}

/* A weak integer as a value: an index, or i32 lanes. */
KInst *gen_weak(Lower *L, LPt *p, const Expr *e)
{
  LPlace q = expr_at(L, p, e);
  if (!q.lane && !q.off) return laff_inst(L, &q.a);
  return place_vector(L, p, &q);
}
