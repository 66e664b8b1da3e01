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

typedef struct Split { Ctx *c; Graph *g; Eq *eq; Exprs path; int n; } Split;

static Expr *take(Split *s, Expr *e);
static void split_eq(Ctx *c, Graph *g, Eq *e, int *n);

/* ---- indices of extent 1, mean */
static bool is_sum(const Expr *e) { return e->kind == E_REDUCE && e->red == RED_SUM; }

static Expr *drop_units(Ctx *c, Expr *e, void *arg) {
  int *n = arg, keep = 0;
  if (e->kind != E_REDUCE || e->red == RED_MEAN) return e;
  Index **bound = NEWN(c, Index *, e->nbound);
  Expr *cond = e->n > 1 ? e->arg[1] : NULL, *body = e->arg[0];
  for (int k = 0; k < e->nbound; k++) {
    if (!extent_equal(e->bound[k]->ext, extent_of(1))) { bound[keep++] = e->bound[k]; continue; }
    Expr *zero = expr_int(c, 0);
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
  if (e->kind == E_REDUCE && e->red == RED_SUM && e->arg[0]->type == T_WINT && expr_is_const(e->arg[0]) && !e->arg[0]->i) {
    ++*n;
    return e->arg[0];
  }
  for (int k = 0; e->kind == E_FN && e->fn == FN_ADD && k < 2; k++) {
    Expr *sum = e->arg[1 - k];
    if (!is_sum(sum) || !expr_is_const(e->arg[k]) || expr_number(e->arg[k]) != 0 || sum->type != e->type) continue;
    ++*n;
    return sum;
  }
  (void)c;
  return e;
}

static Expr *extent_expr(Ctx *c, Extent x) {
  Expr *n = expr_int(c, x.n);
  return x.dim ? expr_fn2(c, FN_ADD, expr_index(c, x.dim), n) : n;
}

static Expr *mean_to_sum(Ctx *c, Expr *e, void *arg) {
  int *n = arg;
  if (e->kind != E_REDUCE || e->red != RED_MEAN) return e;
  Type t = type_strong(e->type), wide = type_bytes(t) < 4 ? T_F32 : t;
  Expr *body = expr_convert(c, CV_PLAIN, wide, e->arg[0], e->pos), *cond = e->n > 1 ? e->arg[1] : NULL;
  Expr *sum = expr_reduce(c, RED_SUM, e->bound, e->nbound, body, cond, e->pos), *mean;
  bool fixed = !cond;
  double count = 1;
  for (int k = 0; k < e->nbound; k++) { fixed &= !e->bound[k]->ext.dim; count *= (double)e->bound[k]->ext.n; }
  ++*n;
  if (fixed) {
    mean = expr_fn2(c, FN_MUL, sum, expr_const(c, wide, 1 / count, 0));
  } else {
    Expr *size = expr_int(c, 1);
    if (cond) size = expr_fresh(c, expr_reduce(c, RED_SUM, e->bound, e->nbound, expr_const(c, wide, 1, 1), cond, e->pos));
    for (int k = 0; !cond && k < e->nbound; k++) size = expr_fn2(c, FN_MUL, size, extent_expr(c, e->bound[k]->ext));
    mean = expr_fn2(c, FN_DIV, sum, expr_convert(c, CV_PLAIN, wide, size, e->pos));
  }
  return expr_convert(c, CV_PLAIN, t, mean, e->pos);
}

/* Free indices of extent 1 leave the equation. */
static void drop_free(Ctx *c, Eq *e) {
  Index *from[64];
  Expr *to[64];
  int n = 0, keep = 0;
  for (int k = 0; k < e->nfree; k++) {
    if (extent_equal(e->free[k]->ext, extent_of(1)) && n < 64) {
      from[n] = e->free[k];
      to[n++] = expr_int(c, 0);
    } else { e->free[keep++] = e->free[k]; }
  }
  e->nfree = keep;
  if (!n) return;
  e->rhs = expr_subst(c, e->rhs, from, to, n);
  for (int d = 0; d < e->out->rank; d++) e->place[d] = expr_simplify(c, expr_subst(c, e->place[d], from, to, n));
}

/* ---- which indices an expression uses */
static int uses_of(const Eq *e, const Expr *x, bool *used) {
  int n = 0;
  for (int k = 0; k < e->nfree; k++) n += used[k] = expr_has_index(x, e->free[k]);
  return n;
}

/* Every free index that x uses is used by of, too. */
static bool uses_within(const Eq *e, const Expr *x, const Expr *of) {
  for (int k = 0; k < e->nfree; k++)
    if (expr_has_index(x, e->free[k]) && !expr_has_index(of, e->free[k])) return false;
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
  Expr *cond = e->n > 1 ? e->arg[1] : NULL;
  for (int k = 0; k < s->path.n; k++) cond = cond ? expr_fn2(s->c, FN_AND, s->path.at[k], cond) : s->path.at[k];
  return expr_reduce(s->c, e->red, e->bound, e->nbound, e->arg[0], cond, e->pos);
}

/* Sums of 16-bit floats are rounded where the user's own tensor is stored, not before. */
static Expr *widened(Ctx *c, Expr *x) {
  if (!type_is_float(x->type) || type_bytes(x->type) != 2) return x;
  if (x->kind == E_FN) return expr_fn2(c, x->fn, expr_convert(c, CV_PLAIN, T_F32, x->arg[0], x->pos), widened(c, x->arg[1]));
  if (x->kind != E_REDUCE) return expr_convert(c, CV_PLAIN, T_F32, x, x->pos);
  Expr *body = expr_convert(c, CV_PLAIN, T_F32, x->arg[0], x->pos);
  return expr_reduce(c, x->red, x->bound, x->nbound, body, x->n > 1 ? x->arg[1] : NULL, x->pos);
}

/* x (a reduction, or init and reduction) as an equation of its own over the free indices that it uses; gives the read of it. */
static Expr *extract(Split *s, Expr *x) {
  Ctx *c = s->c;
  const Eq *e = s->eq;
  bool *used = NEWN(c, bool, e->nfree);
  if (s->path.n) x = with_path(s, x);
  int n = uses_of(e, x, used), k = 0;
  Index **from = NEWN(c, Index *, n), **to = NEWN(c, Index *, n);
  Expr **at = NEWN(c, Expr *, n), **new = NEWN(c, Expr *, n);
  Extent *shape = NEWN(c, Extent, n);
  for (int f = 0; f < e->nfree; f++) {
    if (!used[f]) continue;
    from[k] = e->free[f];
    to[k] = index_new(c, e->free[f]->name, e->free[f]->ext);
    shape[k] = e->free[f]->ext;
    at[k] = expr_index(c, from[k]);
    new[k] = expr_index(c, to[k]);
    k++;
  }
  x = widened(c, x);
  const Expr *red = x->kind == E_REDUCE ? x : x->arg[1];
  Type t = type_strong(x->type);
  const char *word = red->kind == E_REDUCE ? red_name[red->red] : "part";
  Tensor *out = tensor_new(c, s->g, ctx_printf(c, "%s_%s", e->out->name, word), t, n, shape, x->pos);
  Eq *own = eq_new(c, s->g, out, to, n, expr_fresh(c, expr_subst(c, x, from, new, n)), e);
  split_eq(c, s->g, own, &s->n);
  s->n++;
  return expr_read(c, out, at, x->pos);
}

/* Nested reductions of a reduction's body are taken with its indices in sight: as those of an equation over free and bound ones. */
static Expr *take_inside(Split *s, Expr *red) {
  Ctx *c = s->c;
  Eq wide = *s->eq;
  Split in = { .c = c, .g = s->g, .eq = &wide, .path = s->path };
  bool nested = expr_has(red->arg[0], E_REDUCE) || (red->n > 1 && expr_has(red->arg[1], E_REDUCE));
  if (!nested) return red;
  wide.nfree = s->eq->nfree + red->nbound;
  wide.free = NEWN(c, Index *, wide.nfree);
  memcpy(wide.free, s->eq->free, sizeof *wide.free * (size_t)s->eq->nfree);
  memcpy(wide.free + s->eq->nfree, red->bound, sizeof *wide.free * (size_t)red->nbound);
  Expr *cond = red->n > 1 ? take(&in, red->arg[1]) : NULL;
  if (cond) PUSH(c, in.path, cond);
  Expr *body = take(&in, red->arg[0]);
  s->n += in.n;
  return expr_reduce(c, red->red, red->bound, red->nbound, body, cond, red->pos);
}

/* Of the addends: init + the main reduction in *core, the rest (over other indices, or costly) in the result, NULL if there is none. */
static Expr *gather_addends(Split *s, Exprs *at, Expr **core) {
  int main = addend_main(at);
  Exprs init = { 0 }, rest = { 0 };
  for (int k = 0; k < at->n; k++) {
    if (k == main || (expr_is_const(at->at[k]) && expr_number(at->at[k]) == 0)) continue;   /* sums start at 0 anyhow */
    Expr *x = take(s, at->at[k]);
    if (starts_accumulator(x) && uses_within(s->eq, x, at->at[main])) PUSH(s->c, init, x);
    else PUSH(s->c, rest, x);
  }
  Expr *red = at->at[main], *first = expr_sum(s->c, init.at, init.n);
  if (first && type_strong(first->type) != red->type) {              /* an accumulator has one type */
    PUSH(s->c, rest, first);
    first = NULL;
  }
  *core = first ? expr_fn2(s->c, FN_ADD, first, red) : red;
  return expr_sum(s->c, rest.at, rest.n);
}

static Expr *take_sum(Split *s, Expr *e) {
  Exprs at = { 0 };
  Expr *core;
  expr_addends(s->c, e, &at);
  if (addend_main(&at) < 0) return NULL;
  Expr *rest = gather_addends(s, &at, &core), *r = extract(s, core);
  return rest ? expr_fn2(s->c, FN_ADD, rest, r) : r;
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
  if (e->kind == E_FN && e->fn == FN_ADD) {
    Expr *sum = take_sum(s, e);
    if (sum) return sum;
  }
  Expr **arg = NEWN(s->c, Expr *, e->n);
  for (int k = 0; k < e->n; k++) arg[k] = take(s, e->arg[k]);
  return expr_rebuild(s->c, e, arg);
}

/* The fn that goes with a reduction's accumulator, FN_COUNT if there is none. */
static Fn fn_of_red(Red r) {
  static const Fn fn[RED_COUNT] = { FN_ADD, FN_MUL, FN_MAX, FN_MIN, FN_OR, FN_AND, FN_COUNT, FN_COUNT, FN_COUNT };
  return fn[r];
}

static bool covers(const Eq *e, const Expr *red) {
  for (int k = 0; k < e->nfree; k++)
    if (!expr_has_index(red, e->free[k])) return false;
  return true;
}

/* The right side with at most one reduction, at its root. */
static Expr *root_sum(Split *s, Expr *e) {
  Exprs at = { 0 };
  Expr *core;
  expr_addends(s->c, e, &at);
  int main = addend_main(&at);
  if (main < 0 || !covers(s->eq, at.at[main]) || type_strong(e->type) != at.at[main]->type) return take(s, e);
  at.at[main] = take_inside(s, at.at[main]);
  Expr *rest = gather_addends(s, &at, &core);
  if (!rest) return core;
  return expr_fn2(s->c, FN_ADD, rest, extract(s, core));
}

static Expr *root(Split *s, Expr *e) {
  if (e->kind == E_REDUCE && covers(s->eq, e) && type_strong(e->type) == s->eq->out->type) return take_inside(s, e);
  if (e->kind == E_FN && e->fn == FN_ADD) return root_sum(s, e);
  for (int k = 0; e->kind == E_FN && e->n == 2 && k < 2; k++) {
    Expr *r = e->arg[k], *init = e->arg[1 - k];
    if (r->kind != E_REDUCE || fn_of_red(r->red) != e->fn || !covers(s->eq, r) || !starts_accumulator(init) || type_strong(init->type) != r->type) continue;
    return expr_fn2(s->c, e->fn, init, take_inside(s, r));
  }
  return take(s, e);
}

static void split_eq(Ctx *c, Graph *g, Eq *e, int *n) {
  Split s = { .c = c, .g = g, .eq = e };
  drop_free(c, e);
  e->rhs = expr_map(c, e->rhs, mean_to_sum, n);
  e->rhs = expr_map(c, e->rhs, drop_zeros, n);
  e->rhs = expr_map(c, e->rhs, drop_units, n);
  e->rhs = expr_simplify(c, e->rhs);
  if (expr_has(e->rhs, E_REDUCE)) {
    Expr *init;
    Expr *r = root(&s, e->rhs);
    e->rhs = type_strong(r->type) == e->out->type ? r : expr_convert(c, CV_PLAIN, e->out->type, r, e->pos);
    if (expr_has(e->rhs, E_REDUCE) && !eq_reduction(e, &init)) e->rhs = take(&s, e->rhs);
  }
  *n += s.n;
}

int pass_split(Ctx *c, Graph *g, const Target *t) {
  int n = 0, neq = g->neq;
  Eq **all = NEWN(c, Eq *, neq);
  memcpy(all, g->eq, sizeof *all * (size_t)neq);
  for (int k = 0; k < neq; k++)
    if (!eq_by_hand(g, all[k])) split_eq(c, g, all[k], &n);
  (void)t;
  return n && !graph_sort(c, g) ? -1 : n;
}
