/* split: the normal form. Every equation is pointwise, or one reduction at the root, or init and one reduction at the root.
 *
 *   before   y[i, j] = exp(x[i, j]) / sum(k: exp(x[i, k]));        after   y_sum[i] = sum(k: exp(x[i, k]));
 *                                                                          y[i, j] = exp(x[i, j]) / y_sum[i];
 *            z[o, t] = tanh(b[o] + sum(c: x[c, t] * w[o, c]));             z_sum[o, t] = b[o] + sum(c: x[c, t] * w[o, c]);
 *                                                                          z[o, t] = tanh(z_sum[o, t]);
 *
 * A reduction becomes an equation over just the free indices that it uses, so nothing is summed twice. Addends over the same indices
 * start its accumulator. Indices of extent 1 become 0. mean is a sum times 1/n.
 *
 * keeps   meaning up to the order of + ; conditions around a reduction that keep its reads inside become conditions in it
 * never   touches kernels written by hand
 */
#include "util.h"
#include <string.h>

/* path: the conditions that hold where the part of eq stands; n: changes. */
typedef struct Split { Ctx *c; Graph *g; Eq *eq; Exprs path; int n; } Split;

static Expr *take(Split *s, Expr *e);
static void split_eq(Ctx *c, Graph *g, Eq *e, int *n);

static bool is_sum(const Expr *e) { return e->kind == E_REDUCE && e->red == RED_SUM; }
static bool is_zero(const Expr *e) { return expr_is_const(e) && expr_number(e) == 0; }
static Expr *cond_of(const Expr *red) { return red->n > 1 ? red->arg[1] : NULL; }

/* ---- indices of extent 1, zeros, mean */
static Expr *drop_units(Ctx *c, Expr *e, void *arg) {
  int *n = arg, keep = 0;
  if (e->kind != E_REDUCE || e->red == RED_MEAN) return e;
  Index **bound = NEWN(c, Index *, e->nbound);
  Expr *cond = cond_of(e), *body = e->arg[0], *zero = expr_int(c, 0);
  for (int k = 0; k < e->nbound; k++) {
    if (!extent_equal(e->bound[k]->ext, extent_of(1))) { bound[keep++] = e->bound[k]; continue; }
    body = expr_subst(c, body, &e->bound[k], &zero, 1);
    if (cond) cond = expr_subst(c, cond, &e->bound[k], &zero, 1);
  }
  if (keep == e->nbound) return e;
  ++*n;
  return expr_reduce(c, e->red, bound, keep, body, cond, e->pos);   /* over nothing: the one term */
}

/* 0 + sum(...) is the sum: it starts at 0 anyhow. A sum of bare zeros (an operand that was not given) is a bare zero. */
static Expr *drop_zeros(Ctx *c, Expr *e, void *arg) {
  int *n = arg;
  Expr *to = is_sum(e) && e->arg[0]->type == T_WINT && is_zero(e->arg[0]) ? e->arg[0] : NULL;
  for (int k = 0; e->kind == E_FN && e->fn == FN_ADD && k < 2 && !to; k++)
    if (is_sum(e->arg[1 - k]) && is_zero(e->arg[k]) && e->arg[1 - k]->type == e->type) to = e->arg[1 - k];
  (void)c;
  *n += to != NULL;
  return to ? to : e;
}

static Expr *mean_to_sum(Ctx *c, Expr *e, void *arg) {
  int *n = arg;
  if (e->kind != E_REDUCE || e->red != RED_MEAN) return e;
  Type t = type_strong(e->type), wide = type_bytes(t) < 4 ? T_F32 : t;
  Expr *cond = cond_of(e), *size = expr_int(c, 1), *mean;
  Expr *sum = expr_reduce(c, RED_SUM, e->bound, e->nbound, expr_convert(c, CV_PLAIN, wide, e->arg[0], e->pos), cond, e->pos);
  bool fixed = !cond;
  double count = 1;
  for (int k = 0; k < e->nbound; k++) fixed &= !e->bound[k]->ext.dim, count *= (double)e->bound[k]->ext.n;
  if (cond) size = expr_fresh(c, expr_reduce(c, RED_SUM, e->bound, e->nbound, expr_const(c, wide, 1, 1), cond, e->pos));
  for (int k = 0; !cond && !fixed && k < e->nbound; k++) {
    Extent x = e->bound[k]->ext;
    Expr *of = x.dim ? expr_fn2(c, FN_ADD, expr_index(c, x.dim), expr_int(c, x.n)) : expr_int(c, x.n);
    size = expr_fn2(c, FN_MUL, size, of);
  }
  if (fixed) mean = expr_fn2(c, FN_MUL, sum, expr_const(c, wide, 1 / count, 0));
  else mean = expr_fn2(c, FN_DIV, sum, expr_convert(c, CV_PLAIN, wide, size, e->pos));
  ++*n;
  return expr_convert(c, CV_PLAIN, t, mean, e->pos);
}

/* Free indices of extent 1 leave the equation. */
static void drop_free(Ctx *c, Eq *e) {
  Index **from = NEWN(c, Index *, e->nfree);
  Expr **to = NEWN(c, Expr *, e->nfree);
  int n = 0, keep = 0;
  for (int k = 0; k < e->nfree; k++) {
    if (extent_equal(e->free[k]->ext, extent_of(1))) from[n] = e->free[k], to[n++] = expr_int(c, 0);
    else e->free[keep++] = e->free[k];
  }
  e->nfree = keep;
  if (!n) return;
  e->rhs = expr_subst(c, e->rhs, from, to, n);
  for (int d = 0; d < e->out->rank; d++) e->place[d] = expr_simplify(c, expr_subst(c, e->place[d], from, to, n));
}

/* ---- what an accumulator takes */
/* Every free index of e that x uses (x NULL: every one) is used by `of`, too. */
static bool uses_within(const Eq *e, const Expr *x, const Expr *of) {
  for (int k = 0; k < e->nfree; k++)
    if ((!x || expr_has_index(x, e->free[k])) && !expr_has_index(of, e->free[k])) return false;
  return true;
}

static bool starts_accumulator(const Expr *e) { return !expr_has(e, E_REDUCE) && !expr_costly(e) && !expr_has(e, E_OR); }

/* The reduction that an equation keeps: the one with most work. */
static int addend_main(const Exprs *at) {
  int best = -1;
  for (int k = 0; k < at->n; k++)
    if (is_sum(at->at[k]) && (best < 0 || reduce_points(at->at[k]) >= reduce_points(at->at[best]))) best = k;
  return best;
}

/* ---- reductions become equations */
static bool needs_path(Ctx *c, Expr *e) {
  if (e->kind == E_OR) return needs_path(c, e->arg[1]);
  if (e->kind == E_READ && !read_inside(c, e)) return true;
  for (int k = 0; k < e->n; k++)
    if (needs_path(c, e->arg[k])) return true;
  return false;
}

/* Adds the conditions around the reduction to it: outside them its reads may leave their tensors. */
static Expr *with_path(Split *s, Expr *e) {
  if (e->kind == E_FN) return expr_fn2(s->c, e->fn, with_path(s, e->arg[0]), with_path(s, e->arg[1]));
  if (e->kind != E_REDUCE || !needs_path(s->c, e)) return e;
  Expr *cond = cond_of(e);
  for (int k = 0; k < s->path.n; k++) cond = cond ? expr_fn2(s->c, FN_AND, s->path.at[k], cond) : s->path.at[k];
  return expr_reduce(s->c, e->red, e->bound, e->nbound, e->arg[0], cond, e->pos);
}

/* Sums of 16-bit floats are rounded where the user's own tensor is stored, not before. */
static Expr *widened(Ctx *c, Expr *x) {
  if (!type_is_float(x->type) || type_bytes(x->type) != 2) return x;
  if (x->kind == E_FN) return expr_fn2(c, x->fn, expr_convert(c, CV_PLAIN, T_F32, x->arg[0], x->pos), widened(c, x->arg[1]));
  if (x->kind != E_REDUCE) return expr_convert(c, CV_PLAIN, T_F32, x, x->pos);
  return expr_reduce(c, x->red, x->bound, x->nbound, expr_convert(c, CV_PLAIN, T_F32, x->arg[0], x->pos), cond_of(x), x->pos);
}

/* x (a reduction, or init and reduction) as an equation of its own over the free indices that it uses; gives the read of it. */
static Expr *extract(Split *s, Expr *x) {
  Ctx *c = s->c;
  const Eq *e = s->eq;
  int n = 0;
  Index **from = NEWN(c, Index *, e->nfree), **own = NEWN(c, Index *, e->nfree);
  Expr **at = NEWN(c, Expr *, e->nfree), **to = NEWN(c, Expr *, e->nfree);
  Extent *shape = NEWN(c, Extent, e->nfree);
  if (s->path.n) x = with_path(s, x);
  for (int k = 0; k < e->nfree; k++) {
    if (!expr_has_index(x, e->free[k])) continue;
    from[n] = e->free[k]; shape[n] = e->free[k]->ext;
    own[n] = index_new(c, e->free[k]->name, shape[n]);
    at[n] = expr_index(c, from[n]); to[n] = expr_index(c, own[n]);
    n++;
  }
  x = widened(c, x);
  const Expr *red = x->kind == E_REDUCE ? x : x->arg[1];
  const char *word = red->kind == E_REDUCE ? red_name[red->red] : "part";
  Tensor *out = tensor_new(c, s->g, ctx_printf(c, "%s_%s", e->out->name, word), type_strong(x->type), n, shape, x->pos);
  split_eq(c, s->g, eq_new(c, s->g, out, own, n, expr_fresh(c, expr_subst(c, x, from, to, n)), e), &s->n);
  s->n++;
  return expr_read(c, out, at, x->pos);
}

/* Nested reductions of a reduction's body are taken with its indices in sight: as those of an equation over free and bound ones. */
static Expr *take_inside(Split *s, Expr *red) {
  Ctx *c = s->c;
  Eq wide = *s->eq;
  Split in = { .c = c, .g = s->g, .eq = &wide, .path = s->path };
  Expr *cond = cond_of(red);
  if (!expr_has(red->arg[0], E_REDUCE) && !(cond && expr_has(cond, E_REDUCE))) return red;
  wide.nfree += red->nbound;
  wide.free = NEWN(c, Index *, wide.nfree);
  memcpy(wide.free, s->eq->free, sizeof *wide.free * (size_t)s->eq->nfree);
  memcpy(wide.free + s->eq->nfree, red->bound, sizeof *wide.free * (size_t)red->nbound);
  if (cond) cond = take(&in, cond);
  if (cond) PUSH(c, in.path, cond);
  Expr *body = take(&in, red->arg[0]);
  s->n += in.n;
  return expr_reduce(c, red->red, red->bound, red->nbound, body, cond, red->pos);
}

/* Of the addends: init + the main reduction in *core, the rest (over other indices, or costly) in the result, NULL if there is none. */
static Expr *gather_addends(Split *s, const Exprs *at, int main, Expr **core) {
  Exprs init = { 0 }, rest = { 0 };
  Expr *red = at->at[main];
  for (int k = 0; k < at->n; k++) {
    if (k == main || is_zero(at->at[k])) continue;                   /* sums start at 0 anyhow */
    Expr *x = take(s, at->at[k]);
    if (starts_accumulator(x) && uses_within(s->eq, x, red)) PUSH(s->c, init, x);
    else PUSH(s->c, rest, x);
  }
  Expr *first = expr_sum(s->c, init.at, init.n);
  bool fits = first && type_strong(first->type) == red->type;        /* an accumulator has one type */
  if (first && !fits) PUSH(s->c, rest, first);
  *core = fits ? expr_fn2(s->c, FN_ADD, first, red) : red;
  return expr_sum(s->c, rest.at, rest.n);
}

/* A sum whose main reduction is read from an equation of its own; at the root it stays if all else starts it. NULL: none is main. */
static Expr *take_sum(Split *s, Expr *e, bool root) {
  Exprs at = { 0 };
  Expr *core;
  expr_addends(s->c, e, &at);
  int main = addend_main(&at);
  if (main < 0 || (root && (!uses_within(s->eq, NULL, at.at[main]) || type_strong(e->type) != at.at[main]->type))) return NULL;
  if (root) at.at[main] = take_inside(s, at.at[main]);
  Expr *rest = gather_addends(s, &at, main, &core);
  if (root && !rest) return core;
  Expr *read = extract(s, core);
  return rest ? expr_fn2(s->c, FN_ADD, rest, read) : read;
}

static Expr *take_select(Split *s, Expr *e) {
  Expr *cond = take(s, e->arg[0]);
  Exprs before = s->path;
  s->path = (Exprs){ 0 };
  for (int k = 0; k < before.n; k++) PUSH(s->c, s->path, before.at[k]);
  PUSH(s->c, s->path, cond);
  Expr *a = take(s, e->arg[1]);
  s->path.at[s->path.n - 1] = expr_fn1(s->c, FN_NOT, cond);
  Expr *b = take(s, e->arg[2]);
  s->path = before;
  return expr_select(s->c, cond, a, b, e->pos);
}

/* e without reductions: each is read from an equation of its own. */
static Expr *take(Split *s, Expr *e) {
  if (!expr_has(e, E_REDUCE)) return e;
  if (e->kind == E_REDUCE) return extract(s, e);
  if (e->kind == E_SELECT) return take_select(s, e);
  Expr *sum = e->kind == E_FN && e->fn == FN_ADD ? take_sum(s, e, false) : NULL;
  if (sum) return sum;
  Expr **arg = NEWN(s->c, Expr *, e->n);
  for (int k = 0; k < e->n; k++) arg[k] = take(s, e->arg[k]);
  return expr_rebuild(s->c, e, arg);
}

/* The right side with at most one reduction, at its root. */
static Expr *root(Split *s, Expr *e) {
  bool add = e->kind == E_FN && e->fn == FN_ADD;
  Expr *sum = add ? take_sum(s, e, true) : NULL, *init, *red = add ? NULL : eq_reduction(&(Eq){ .rhs = e }, &init);
  if (sum) return sum;
  if (!red || !uses_within(s->eq, NULL, red)) return take(s, e);
  if (init ? !starts_accumulator(init) || type_strong(init->type) != red->type : type_strong(e->type) != s->eq->out->type) return take(s, e);
  return init ? expr_fn2(s->c, e->fn, init, take_inside(s, red)) : take_inside(s, red);
}

static void split_eq(Ctx *c, Graph *g, Eq *e, int *n) {
  Split s = { .c = c, .g = g, .eq = e };
  drop_free(c, e);
  e->rhs = expr_map(c, e->rhs, mean_to_sum, n);
  e->rhs = expr_map(c, e->rhs, drop_zeros, n);
  e->rhs = expr_map(c, e->rhs, drop_units, n);
  e->rhs = expr_simplify(c, e->rhs);
  if (!expr_has(e->rhs, E_REDUCE)) return;
  Expr *r = root(&s, e->rhs);
  e->rhs = type_strong(r->type) == e->out->type ? r : expr_convert(c, CV_PLAIN, e->out->type, r, e->pos);
  if (expr_has(e->rhs, E_REDUCE) && !eq_reduction(e, NULL)) e->rhs = take(&s, e->rhs);
  *n += s.n;
}

int pass_split(Ctx *c, Graph *g, const Target *t) {
  int n = 0, neq = g->neq;
  Eq **all = g->eq;               /* the equations that are added go into a new array */
  for (int k = 0; k < neq; k++)
    if (!eq_by_hand(g, all[k])) split_eq(c, g, all[k], &n);
  (void)t;
  return n && !graph_sort(c, g) ? -1 : n;
}
