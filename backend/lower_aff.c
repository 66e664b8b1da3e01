/* Positions: affine expressions over index values (loop counters, run-time counts), index expressions at a point, and conditions on them: clips,
 * guards of `or`, conditions of reductions, the domain of a region that was not clipped.
 *
 *   x[(4 * i + j) / 4]  at i = 2 v, j = 1          the place is 2 v: coefficients of step counters show divisibility
 *   x[y + r - 1] or 0                              y + r - 1 >= 0 and n - 1 - (y + r - 1) >= 0 */
#include "lower.h"
#include <string.h>

int64_t floor_div(int64_t a, int64_t b) { if (b == 0) return 0; return a / b - ((a % b != 0) && ((a < 0) != (b < 0))); }
LAff laff_var(KInst *v, int64_t k) { if (v->op == K_CONST) return laff_int(v->imm * k); return (LAff){ .n = 1, .t[0] = { v, k } }; }

bool terms_add(KTerm *t, int *n, int max, KInst *v, int64_t k) {
  int i = 0;
  while (i < *n && t[i].v->id < v->id) i++;
  if (i < *n && t[i].v == v) {
    t[i].k += k;
    if (!t[i].k) memmove(t + i, t + i + 1, sizeof *t * (size_t)(--*n - i));
    return true;
  }
  if (*n == max) return false;
  memmove(t + i + 1, t + i, sizeof *t * (size_t)((*n)++ - i)); t[i] = (KTerm){ v, k }; return true;
}

LAff laff_add(Lower *L, LAff a, LAff b, int64_t k) {
  if (!k) return a;
  a.c += b.c * k;
  for (int i = 0; i < b.n; i++)    /* too many: one value takes their place */
    while (!terms_add(a.t, &a.n, LAFF_MAX, b.t[i].v, b.t[i].k * k)) a = laff_var(laff_inst(L, a), 1);
  return a;
}

LAff laff_div(LAff a, int64_t m) { a.c = floor_div(a.c, m); for (int i = 0; i < a.n; i++) a.t[i].k /= m; return a; }

bool laff_diff(const LAff *a, const LAff *b, int64_t *c) {
  if (a->n != b->n) return false;
  for (int i = 0; i < a->n; i++) if (a->t[i].v != b->t[i].v || a->t[i].k != b->t[i].k) return false;
  *c = a->c - b->c; return true;
}

LRange laff_range(Lower *L, const LAff *a) {
  LRange r = { a->c, a->c };
  for (int i = 0; i < a->n; i++) {
    int64_t l, h, k = a->t[i].k;
    k_range(&L->b, a->t[i].v, &l, &h);
    r.lo += k > 0 ? k * l : k * h; r.hi += k > 0 ? k * h : k * l;
  }
  return r;
}

bool laff_divides(const LAff *a, int64_t m) { for (int i = 0; i < a->n; i++) if (a->t[i].k % m) return false; return true; }

KInst *laff_inst(Lower *L, LAff a) {
  KInst *r = NULL;
  for (int i = 0; i < a.n; i++) r = l_plus(L, r, l_fn(L, KF_MUL, a.t[i].v, l_int(L, a.t[i].k)));
  return l_plus(L, r, l_int(L, a.c));
}

/* ---- index expressions at a point */
static LPlace expr_at(Lower *L, LPt *p, const Expr *e);
static int lanes_of(const LPt *p) { return p->vec ? p->vec->w : 1; }
static bool is_scalar(const LPlace *q) { return !q->off && !q->lane; }
static bool is_number(const LPlace *q) { return is_scalar(q) && !q->a.n; }

LAff form_aff(Lower *L, const LForm *f, const LAff *env) {
  LAff a = laff_int(f->c);
  for (int i = 0; i < f->n; i++) a = laff_add(L, a, f->t[i].k < 0 ? laff_var(L->param[-1 - f->t[i].k], 1) : env[f->t[i].k], f->t[i].m);
  return a;
}

LPlace form_at(Lower *L, LPt *p, const LForm *f) {
  if (!f->aff) return expr_at(L, p, f->e);
  LPlace r = { .a = form_aff(L, f, p->env) };
  for (int i = 0; i < f->n && p->vec; i++) if (f->t[i].k == p->vec->k) r.lane += f->t[i].m;
  return r;
}

KInst *place_vector(Lower *L, LPt *p, LPlace q) {
  KInst *r = NULL;
  if (q.lane) r = k_put(&L->b, (KInst){ .op = K_IOTA, .type = { T_I32, lanes_of(p) } });
  if (q.lane && q.lane != 1) r = l_fn(L, KF_MUL, r, l_num(L, T_I32, 0, q.lane));
  if (q.off) r = l_plus(L, r, q.off);
  return q.a.n || q.a.c || !r ? l_plus(L, r, k_bcast(&L->b, l_cast(L, T_I32, laff_inst(L, q.a)), lanes_of(p))) : r;
}

/* floor(q / m), or q modulo m, with m > 0. Exact and affine where coefficients and lanes allow. */
static LPlace place_divide(Lower *L, LPt *p, LPlace q, int64_t m, bool mod) {
  KFn fn = mod ? KF_MOD : KF_DIV; int64_t rest = floor_mod(q.a.c, m), last = rest + q.lane * (lanes_of(p) - 1);
  bool split = !q.off && laff_divides(&q.a, m), across = q.lane && q.lane % m == 0;
  if (split && (across || (last >= 0 && last < m)))
    return mod ? (LPlace){ laff_int(rest), across ? 0 : q.lane, NULL } : (LPlace){ laff_div(q.a, m), across ? q.lane / m : 0, NULL };
  if (is_scalar(&q)) return (LPlace){ .a = laff_var(l_fn(L, fn, laff_inst(L, q.a), l_int(L, m)), 1) };
  return (LPlace){ .off = l_fn(L, fn, place_vector(L, p, q), l_num(L, T_I32, 0, m)) };
}

LPlace place_layout(Lower *L, LPt *p, LPlace q, int64_t div, int64_t mod) {
  if (div > 1) q = place_divide(L, p, q, div, false);
  return mod > 0 ? place_divide(L, p, q, mod, true) : q;
}

static LPlace place_sum(Lower *L, LPlace x, LPlace y, int64_t k) {
  x.a = laff_add(L, x.a, y.a, k); x.lane += k * y.lane;
  if (y.off) x.off = l_plus(L, x.off, k == 1 ? y.off : l_fn(L, KF_MUL, y.off, l_num(L, T_I32, 0, k)));
  return x;
}

/* A computed integer as a place: a scalar is an index value, lanes are i32. */
static LPlace place_value(Lower *L, KInst *v) {
  return v->type.lanes == 1 ? (LPlace){ .a = laff_var(l_cast(L, T_WINT, v), 1) } : (LPlace){ .off = l_cast(L, T_I32, v) };
}

static LPlace fn_at(Lower *L, LPt *p, const Expr *e) {
  if (!is_place_fn(e->fn)) return place_value(L, gen(L, p, e));
  LPlace x = expr_at(L, p, e->arg[0]), y = expr_at(L, p, e->arg[1]), zero = { .lane = 0 };
  if (e->fn == FN_ADD || e->fn == FN_SUB) return place_sum(L, x, y, e->fn == FN_ADD ? 1 : -1);
  if (e->fn == FN_MUL && is_number(&y)) return place_sum(L, zero, x, y.a.c);
  if (e->fn == FN_MUL && is_number(&x)) return place_sum(L, zero, y, x.a.c);
  if (e->fn != FN_MUL && is_number(&y) && y.a.c > 0) return place_divide(L, p, x, y.a.c, e->fn == FN_MOD);
  KFn fn = e->fn == FN_MUL ? KF_MUL : e->fn == FN_DIV ? KF_DIV : KF_MOD;
  if (is_scalar(&x) && is_scalar(&y)) return (LPlace){ .a = laff_var(l_fn(L, fn, laff_inst(L, x.a), laff_inst(L, y.a)), 1) };
  return (LPlace){ .off = l_fn(L, fn, place_vector(L, p, x), place_vector(L, p, y)) };
}

static LPlace expr_at(Lower *L, LPt *p, const Expr *e) {
  bool weak = e->type == T_WINT, wide = type_is_int(e->type) && type_bytes(e->type) == 8;
  if (e->kind == E_CONST) return (LPlace){ .a = laff_int(type_is_float(e->type) || e->type == T_WFLOAT ? (int64_t)e->f : e->i) };
  if (e->kind == E_INDEX) return form_at(L, p, &(LForm){ .aff = true, .n = 1, .t = &(LTerm){ index_number(L, p->e, e->index), 1 } });
  if (e->kind == E_FN && (weak || wide)) return fn_at(L, p, e);
  bool widens = e->kind == E_CONVERT && e->mode == CV_PLAIN && e->arg[0]->type == T_WINT && type_bytes(e->type) >= 4 && type_is_int(e->type);
  return widens ? expr_at(L, p, e->arg[0]) : place_value(L, gen(L, p, e));
}

KInst *gen_weak(Lower *L, LPt *p, const Expr *e) { LPlace q = expr_at(L, p, e); return is_scalar(&q) ? laff_inst(L, q.a) : place_vector(L, p, q); }

/* ---- conditions: an affine one is decided at once where the position is constant or its range tells. Otherwise it is a scalar comparison, or, where
 * it depends on the lanes, an interval of lanes lo <= l < hi (one or two prefix masks). Anything else is a mask by its value. */
KInst *mask_and(Lower *L, KInst *a, KInst *b) { return !a ? b : !b ? a : l_fn(L, KF_AND, a, b); }

KInst *vec_mask(Lower *L, const LVec *v) {
  if (v->dyn) return k_prefix(&L->b, laff_inst(L, v->left), v->w);
  return v->n < v->w ? k_prefix(&L->b, l_int(L, v->n), v->w) : NULL;
}

/* a + lane * l >= 0 for the wanted lanes l. */
static int affine_at(Lower *L, const LVec *v, const LPlace *q, LGuard *g) {
  int64_t last = q->lane * (v ? v->n - 1 : 0); LRange r = laff_range(L, &q->a);
  if (r.lo + (last < 0 ? last : 0) >= 0) return 1;
  if (r.hi + (last > 0 ? last : 0) < 0) return 0;
  if (!q->lane) { g->s = mask_and(L, g->s, l_fn(L, KF_GE, laff_inst(L, q->a), l_int(L, 0))); return 2; }
  KInst *x = laff_inst(L, q->a), *at = l_fn(L, KF_DIV, x, l_int(L, q->lane < 0 ? -q->lane : q->lane)), **end = q->lane > 0 ? &g->lo : &g->hi;
  at = q->lane > 0 ? l_fn(L, KF_SUB, l_int(L, 0), at) : l_fn(L, KF_ADD, at, l_int(L, 1));
  *end = *end ? l_fn(L, q->lane > 0 ? KF_MAX : KF_MIN, *end, at) : at; return 2;
}

int cond_at(Lower *L, LPt *p, const LCond *d, LGuard *g) {
  if (d->a.aff) { LPlace q = form_at(L, p, &d->a); return affine_at(L, p->vec, &q, g); }
  KInst *m = gen_as(L, p, d->a.e, T_BOOL), **at = m->type.lanes == 1 ? &g->s : &g->m;
  if (m->op == K_CONST) return m->imm ? 1 : 0;
  *at = mask_and(L, *at, m); return 2;
}

int conds_at(Lower *L, LPt *p, const LCond *d, int n, LGuard *g) {
  int state = 1;
  for (int k = 0; k < n && state; k++) { int s = cond_at(L, p, &d[k], g); state = s == 1 ? state : s; }
  return state;
}

KInst *guard_mask(Lower *L, LPt *p, const LGuard *g) {
  if (!p->vec) return g->s ? g->s : g->m;
  if (!g->lo && !g->hi && !g->m) return g->s;
  int w = p->vec->w; KInst *hi = g->hi, *none = l_int(L, 0);         /* the interval of lanes, with the scalar condition folded in */
  if (g->s) hi = l_select(L, g->s, hi ? hi : l_int(L, w), none);
  KInst *m = hi ? k_prefix(&L->b, hi, w) : NULL;
  if (g->lo) m = mask_and(L, m, l_fn(L, KF_NOT, k_prefix(&L->b, g->lo, w), NULL));
  return mask_and(L, m, g->m);
}

Under under(Lower *L, LPt *p, KInst *m, bool all) {
  Under old = p->u;
  p->u = (Under){ p->vec ? mask_and(L, old.guard, all_lanes(L, m, p->vec->w)) : old.guard, true, old.all || all }; return old;
}
