/* solve: conditions `affine == index` vanish: the equation is solved for a reduction index.
 *   before   y[i < 9] = sum(h < 4, k < 3 if 2 * h + k == i: x[h] * w[k]);
 *   after    y[2 * q + 0] = sum(j < 2: (x[q - j] or 0) * w[2 * j]);          i even: k = 2 j, h = q - j
 *            y[2 * q + 1] = sum(j < 1: (x[q - j] or 0) * w[1 + 2 * j]);      i odd:  k = 1 + 2 j
 * a h + d k + ... + c i + e = 0 with a = 1 gives h at once. With a > 1 and c = +-1 the free index splits into a residue classes, each
 * a piece of its own, in which k runs over the residues that allow a whole h. Conditions on values (scatter) stay conditions. */
#include "util.h"
#include "../ir/scalar.h"

typedef struct Solve { Ctx *c; Graph *g; Eqs work; int n; } Solve;

/* One condition of a reduction: f == 0, and the index to solve for with its (positive) coefficient. */
typedef struct Cond { Aff f; Index *h; int64_t a; } Cond;

/* e as `affine == 0` with the longest bound index to solve for. */
static bool cond_find(Ctx *c, const Expr *e, const Expr *red, Cond *out) {
  Aff x, y;
  if (e->kind != E_FN || e->fn != FN_EQ || !expr_affine(c, e->arg[0], &x) || !expr_affine(c, e->arg[1], &y)) return false;
  *out = (Cond){ .f = aff_sub(c, &x, &y) };
  for (int k = 0; k < red->nbound; k++) {
    Index *b = red->bound[k];
    int64_t v = aff_coef(&out->f, b), size = v < 0 ? -v : v, longer = out->h ? b->ext.n - out->h->ext.n : 1;     /* the shorter loops remain */
    if (v && !b->ext.dim && (longer > 0 || (longer == 0 && size > out->a))) out->h = b, out->a = size;
  }
  if (out->h && aff_coef(&out->f, out->h) < 0) out->f = aff_sub(c, &y, &x);
  return out->h != NULL;
}

/* h = -(f - a h) / a. */
static Expr *solution(Ctx *c, const Cond *s) {
  Aff r = { .c = -s->f.c / s->a, .index = NEWN(c, Index *, s->f.n), .k = NEWN(c, int64_t, s->f.n) };
  for (int k = 0; k < s->f.n; k++) if (s->f.index[k] != s->h) { r.index[r.n] = s->f.index[k]; r.k[r.n++] = -s->f.k[k] / s->a; }
  return aff_expr(c, &r);
}
static bool divides(const Cond *s) { for (int k = 0; k < s->f.n; k++) if (s->f.k[k] % s->a) return false; return s->f.c % s->a == 0; }

/* ---- a = 1 (or all coefficients are multiples): h is replaced */
/* A factor of the product that reads h bare in a dimension of h's extent: outside of it, (read or 0) makes the product 0. */
static bool guards_itself(const Expr *e, const Index *h) {
  int d = e->kind == E_READ && type_is_float(e->type) ? read_dim(e, h) : -1; return d >= 0 && extent_equal(e->tensor->shape[d], h->ext);
}
static Expr *body_guarded(Ctx *c, Expr *body, Index *h, Expr *to, bool *done) {
  bool guard = !*done && guards_itself(body, h);
  if (!guard && body->kind == E_FN && body->fn == FN_MUL) {
    Expr *left = body_guarded(c, body->arg[0], h, to, done);
    return expr_fn(c, FN_MUL, (Expr *[]){ left, body_guarded(c, body->arg[1], h, to, done) }, body->pos);
  }
  Expr *e = expr_subst(c, body, &h, &to, 1); *done |= guard; return guard ? expr_or(c, e, expr_const(c, body->type, 0, 0), body->pos) : e;
}
static Expr *and_with(Ctx *c, Expr *a, Expr *b) { return a ? expr_fn2(c, FN_AND, a, b) : b; }
static Expr *inside_cond(Ctx *c, Expr *cond, Expr *at, Extent n) {
  bool lo, hi; expr_inside(c, at, n, &(Facts){ 0 }, &lo, &hi);
  if (!lo) cond = and_with(c, cond, expr_fn2(c, FN_GE, at, expr_int(c, 0)));
  if (!hi) cond = and_with(c, cond, expr_fn2(c, FN_LT, at, expr_int(c, n.n)));
  return cond;
}
static Expr *nothing(Ctx *c, const Expr *r) { Type t = type_strong(r->type); Num v = red_identity(r->red, t); return expr_const(c, t, v.f, v.i); }
/* Of an equation with init: its root is the function that combines. */
static Expr *combine(Ctx *c, const Expr *root, Expr *init, Expr *e) { return init ? expr_fn2(c, root->fn, init, e) : e; }
/* The reduction without h, its other conditions in rest. */
static Expr *without(Ctx *c, Expr *red, const Cond *s, const Exprs *rest) {
  Expr *to = solution(c, s), *cond = NULL; Index *h = s->h, **bound = NEWN(c, Index *, red->nbound); bool guarded = false; int n = 0;
  Expr *body = red->red == RED_SUM ? body_guarded(c, red->arg[0], h, to, &guarded) : expr_subst(c, red->arg[0], &h, &to, 1);
  for (int k = 0; k < rest->n; k++) cond = and_with(c, cond, expr_subst(c, rest->at[k], &h, &to, 1));
  if (!guarded) cond = inside_cond(c, cond, to, h->ext);
  for (int k = 0; k < red->nbound; k++) if (red->bound[k] != h) bound[n++] = red->bound[k];
  if (n) return expr_reduce(c, red->red, bound, n, body, cond, red->pos);
  body = expr_convert(c, CV_PLAIN, type_strong(red->type), body, red->pos);
  return cond ? expr_select(c, cond, body, nothing(c, red), red->pos) : body;
}

/* ---- residue classes */
/* The one free index with coefficient +-1 and the bound ones whose coefficient a does not divide (at most one): *k may be NULL. */
static Index *class_indices(const Eq *e, const Expr *red, const Cond *s, Index **k) {
  Index *i = NULL; *k = NULL;
  for (int j = 0; j < s->f.n; j++) {
    Index *x = s->f.index[j];
    bool free = index_in(x, e->free, e->nfree), bound = index_in(x, red->bound, red->nbound), unit = s->f.k[j] == 1 || s->f.k[j] == -1;
    if (x == s->h || (bound && s->f.k[j] % s->a == 0)) continue;
    if (x->ext.dim || (free ? i || !unit : *k || !bound)) return NULL;
    *(free ? &i : k) = x;
  }
  return i;
}

/* at[k] becomes a new index of `ext` elements; gives base + step * it, the value of the old one. */
static Expr *index_replace(Ctx *c, Index **at, int k, int64_t ext, int64_t base, int64_t step) {
  at[k] = index_new(c, at[k]->name, extent_of(ext));
  return expr_fn2(c, FN_ADD, expr_int(c, base), expr_fn2(c, FN_MUL, expr_int(c, step), expr_index(c, at[k])));
}
/* A copy of e with indices of its own, so that pieces do not share any. */
static Eq *eq_piece(Ctx *c, const Eq *e) {
  Eq *p = ctx_copy(c, e, sizeof *e); Expr **to = NEWN(c, Expr *, e->nfree);
  p->id = ++c->nid; p->free = NEWN(c, Index *, e->nfree); p->place = NEWN(c, Expr *, e->out->rank);
  for (int k = 0; k < e->nfree; k++) to[k] = expr_index(c, p->free[k] = index_new(c, e->free[k]->name, e->free[k]->ext));
  p->rhs = expr_fresh(c, expr_subst(c, e->rhs, e->free, to, e->nfree));
  for (int d = 0; d < e->out->rank; d++) p->place[d] = expr_subst(c, e->place[d], e->free, to, e->nfree);
  return p;
}

/* The residue k0 with (v + d * k0) % a == 0 and the step between such k; -1 if there is none. */
static int64_t class_start(int64_t v, int64_t d, int64_t a, int64_t *step) {
  *step = a / gcd_of(d, a);
  for (int64_t k = 0; k < *step; k++) if ((v + d * k) % a == 0) return k;
  return -1;
}
/* The reduction of a piece, in which bound index b runs over k0 + step * j. */
static Expr *class_reduce(Ctx *c, const Expr *red, int b, int64_t k0, int64_t step) {
  Index **bound = ctx_copy(c, red->bound, sizeof *red->bound * (size_t)red->nbound), *k = red->bound[b];
  Expr *to = index_replace(c, bound, b, (k->ext.n - k0 + step - 1) / step, k0, step);
  return expr_reduce(c, red->red, bound, red->nbound, expr_subst(c, red->arg[0], &k, &to, 1), expr_subst(c, red->arg[1], &k, &to, 1), red->pos);
}
/* Piece r of e: i = a q + r, k = k0 + step j. */
static Eq *class_piece(Solve *s, const Eq *e, const Index *i, const Index *k, const Cond *cond, int64_t r) {
  Ctx *c = s->c; Expr *was = eq_reduction(e, NULL), *init; Eq *p = eq_piece(c, e); Expr *red = eq_reduction(p, &init);
  int64_t step = 1, v = cond->f.c + aff_coef(&cond->f, i) * r, d = k ? aff_coef(&cond->f, k) : 0;
  int64_t k0 = k ? class_start(v, d, cond->a, &step) : v % cond->a == 0 ? 0 : -1;
  int fi = array_find(e->free, e->nfree, i), bk = k ? array_find(was->bound, was->nbound, k) : -1;
  Index *oi = p->free[fi]; Expr *to = index_replace(c, p->free, fi, (i->ext.n - r + cond->a - 1) / cond->a, r, cond->a);
  if (k0 < 0 || (k && k0 >= k->ext.n)) p->rhs = init ? init : nothing(c, red);
  else if (k) p->rhs = combine(c, p->rhs, init, class_reduce(c, red, bk, k0, step));
  p->rhs = expr_simplify(c, expr_subst(c, p->rhs, &oi, &to, 1));
  for (int dim = 0; dim < p->out->rank; dim++) p->place[dim] = expr_simplify(c, expr_subst(c, p->place[dim], &oi, &to, 1));
  return p;
}

enum { CLASSES = 8 };             /* residue classes of one dimension: more pieces than that cost more than they save */

static bool solve_classes(Solve *s, Eq *e, Expr *red, const Cond *cond) {
  Index *k, *i = class_indices(e, red, cond, &k); int places = 0, at = eq_at(s->g, e);
  for (int d = 0; i && d < e->out->rank; d++) places += expr_has_index(e->place[d], i);
  if (places != 1 || cond->a > CLASSES || cond->a > i->ext.n) return false;
  eq_remove(s->g, e);
  for (int64_t r = 0; r < cond->a; r++) { Eq *p = class_piece(s, e, i, k, cond, r); eq_insert(s->c, s->g, at++, p); PUSH(s->c, s->work, p); }
  ledger_add(s->c, "simplify", e->out->name, true, 0, "condition solved: %lld residue classes of %s", (long long)cond->a, i->name); return true;
}

/* One step on one equation; it is pushed again if it changed. */
static bool solve_eq(Solve *s, Eq *e) {
  Expr *init, *red = eq_reduction(e, &init); Exprs conds = { 0 }, rest = { 0 };
  if (!red || red->n < 2 || red->red > RED_ALL) return false;
  expr_terms(s->c, FN_AND, red->arg[1], &conds);
  for (int k = 0; k < conds.n; k++) {
    Cond cond;
    if (!cond_find(s->c, conds.at[k], red, &cond)) continue;
    if (!divides(&cond)) { if (solve_classes(s, e, red, &cond)) return true; else continue; }
    for (int j = 0; j < conds.n; j++) if (j != k) PUSH(s->c, rest, conds.at[j]);
    e->rhs = expr_simplify(s->c, combine(s->c, e->rhs, init, without(s->c, red, &cond, &rest))); PUSH(s->c, s->work, e);
    ledger_add(s->c, "simplify", e->out->name, true, 0, "condition solved for %s", cond.h->name); return true;
  }
  ledger_add(s->c, "simplify", e->out->name, false, 0, "its condition stays a test: not an affine equation of one index"); return false;
}
int solve_conditions(Ctx *c, Graph *g) {
  Solve s = { .c = c, .g = g };
  EQS(e, g) if (!e->constant && !eq_by_hand(g, e)) PUSH(c, s.work, e);
  for (int k = 0; k < s.work.n; k++) s.n += solve_eq(&s, s.work.at[k]);
  return s.n;
}

/* ---- an equation's places solved for its indices: y[g * 4 + c, i + 2] = ... read at y[p, q]: c = p % 4, g = p / 4, i = q - 2 */
/* One place: terms in mixed radix (each coefficient the product of the smaller extents). */
static bool solve_place(Ctx *c, const Eq *e, const Expr *place, Expr *at, Expr **to) {
  Aff a; int order[16];
  if (!expr_affine(c, place, &a) || a.n > 16) return false;
  if (a.n == 0) return true;
  Expr *v = expr_simplify(c, expr_fn2(c, FN_SUB, at, expr_int(c, a.c))); int64_t w = 1;
  for (int k = 0, j; k < a.n; k++) {           /* smallest coefficient first */
    for (j = k; j > 0 && a.k[k] < a.k[order[j - 1]]; j--) order[j] = order[j - 1];
    order[j] = k;
  }
  for (int j = 0; j < a.n; j++) {
    const Index *i = a.index[order[j]]; int k = array_find(e->free, e->nfree, i); bool last = j == a.n - 1;
    if (k < 0 || to[k] || a.k[order[j]] != w || (!last && i->ext.dim)) return false;
    Expr *q = w == 1 ? v : expr_fn2(c, FN_DIV, v, expr_int(c, w));
    to[k] = expr_simplify(c, last ? q : expr_fn2(c, FN_MOD, q, expr_int(c, i->ext.n))); w *= last ? 1 : i->ext.n;
  }
  return true;
}
bool eq_solve(Ctx *c, const Eq *e, Expr *const *place, Expr **to) {
  for (int k = 0; k < e->nfree; k++) to[k] = NULL;
  for (int d = 0; d < e->out->rank; d++) if (!solve_place(c, e, e->place[d], place[d], to)) return false;
  for (int k = 0; k < e->nfree; k++) if (!to[k]) return false;
  return true;
}
