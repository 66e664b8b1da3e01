/* split: the normal form. Every equation is pointwise, or one reduction at the root, or init and one reduction at the root.
 *   before   y[i, j] = exp(x[i, j]) / sum(k: exp(x[i, k]));        after   y_sum[i] = sum(k: exp(x[i, k]));
 *                                                                          y[i, j] = exp(x[i, j]) / y_sum[i];
 *            z[o, t] = tanh(b[o] + sum(c: x[c, t] * w[o, c]));             z_sum[o, t] = b[o] + sum(c: x[c, t] * w[o, c]);
 *                                                                          z[o, t] = tanh(z_sum[o, t]);
 * A reduction becomes an equation over just the free indices that it uses, so nothing is summed twice. Addends over the same indices
 * start its accumulator. Indices of extent 1 become 0. mean is a sum times 1/n.
 * keeps   meaning up to the order of + ; conditions around a reduction that keep its reads inside become conditions in it
 * never   touches kernels written by hand */
#include "util.h"

/* path: the conditions that hold where the part of eq stands; circle: the equations of eq's recurrence; n: changes. */
typedef struct Split { Ctx *c; Graph *g; Eq *eq; Exprs path; Eqs circle; int n; } Split;

static Expr *take(Split *s, Expr *e);
static void split_eq(Ctx *c, Graph *g, Eq *e, Eqs circle, int *n);

static bool is_sum(const Expr *e) { return e->kind == E_REDUCE && e->red == RED_SUM; }
static bool is_zero(const Expr *e) { return expr_number(e) == 0; }
static Expr *cond_of(const Expr *red) { return red->n > 1 ? red->arg[1] : NULL; }

/* ---- zeros, mean, indices of extent 1 */
/* 0 + sum(...) is the sum: it starts at 0 anyhow. A sum of bare zeros (an operand that was not given) is a bare zero. */
static Expr *drop_zeros(Ctx *c, Expr *e, void *arg) {
  int *n = arg; Expr *to = is_sum(e) && e->arg[0]->type == T_WINT && is_zero(e->arg[0]) ? e->arg[0] : NULL;
  for (int k = 0; e->kind == E_FN && e->fn == FN_ADD && k < 2 && !to; k++)
    if (is_sum(e->arg[1 - k]) && is_zero(e->arg[k]) && e->arg[1 - k]->type == e->type) to = e->arg[1 - k];
  (void)c; *n += to != NULL; return to ? to : e;
}
/* The number of elements that a mean is over: of those that the condition admits, they are counted as `wide`. */
static Expr *mean_count(Ctx *c, const Expr *e, Type wide, Expr *cond) {
  Expr *n = expr_int(c, 1);
  if (cond) return expr_fresh(c, expr_reduce(c, RED_SUM, e->bound, e->nbound, expr_const(c, wide, 1, 1), cond, e->pos));
  for (int k = 0; k < e->nbound; k++) {
    Extent x = e->bound[k]->ext; n = expr_fn2(c, FN_MUL, n, x.dim ? expr_fn2(c, FN_ADD, expr_index(c, x.dim), expr_int(c, x.n)) : expr_int(c, x.n));
  }
  return n;
}
static Expr *mean_to_sum(Ctx *c, Expr *e, void *arg) {
  if (e->kind != E_REDUCE || e->red != RED_MEAN) return e;
  Type t = type_strong(e->type), wide = type_bytes(t) < 4 ? T_F32 : t; Expr *cond = cond_of(e), *n = mean_count(c, e, wide, cond);
  Expr *sum = expr_reduce(c, RED_SUM, e->bound, e->nbound, expr_convert(c, CV_PLAIN, wide, e->arg[0], e->pos), cond, e->pos);
  if (expr_is_const(n)) sum = expr_fn2(c, FN_MUL, sum, expr_const(c, wide, 1 / expr_number(n), 0));
  else sum = expr_fn2(c, FN_DIV, sum, expr_convert(c, CV_PLAIN, wide, n, e->pos));
  ++*(int *)arg; return expr_convert(c, CV_PLAIN, t, sum, e->pos);
}

/* Free indices of extent 1 leave the equation. */
static void drop_free(Ctx *c, Eq *e) {
  Index **from = NEWN(c, Index *, e->nfree); Expr **to = NEWN(c, Expr *, e->nfree); int n = 0, keep = 0;
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
  for (int k = 0; k < e->nfree; k++) if ((!x || expr_has_index(x, e->free[k])) && !expr_has_index(of, e->free[k])) return false;
  return true;
}
static bool starts_accumulator(const Expr *e) { return !expr_has(e, E_REDUCE) && !expr_costly(e) && !expr_has(e, E_OR); }
/* The reduction that an equation keeps: the one with most work, of a recurrence the one that reads it: all else is summed before. */
static int addend_main(const Split *s, const Exprs *at) {
  int best = -1; double most = 0, w;
  for (int k = 0; k < at->n; k++) {
    if (!is_sum(at->at[k])) continue;
    w = reduce_points(at->at[k]); EACH(Eq, e, s->circle) if (expr_reads(at->at[k], e->out)) w += 1e18;
    if (w >= most) { best = k; most = w; }
  }
  return best;
}

/* ---- reductions become equations */
static bool needs_path(Ctx *c, Expr *e) {
  for (int k = e->kind == E_OR; k < e->n; k++) if (needs_path(c, e->arg[k])) return true;
  return e->kind == E_READ && !read_inside(c, e);
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
  return expr_with(c, x, (Expr *[]){ expr_convert(c, CV_PLAIN, T_F32, x->arg[0], x->pos), cond_of(x) });
}
/* e as the equation *own of a new tensor over the n indices `used`; gives the read of the tensor at them. */
static Expr *part_new(Ctx *c, Graph *g, const Eq *of, const char *word, Expr *e, Index *const *used, int n, Eq **own) {
  Index **i = NEWN(c, Index *, n); Expr **to = NEWN(c, Expr *, n); Extent *shape = NEWN(c, Extent, n);
  for (int k = 0; k < n; k++) { shape[k] = used[k]->ext; to[k] = expr_index(c, i[k] = index_new(c, used[k]->name, shape[k])); }
  Tensor *out = tensor_new(c, g, ctx_printf(c, "%s_%s", of->out->name, word), e->type, n, shape, e->pos);
  *own = eq_new(c, g, out, i, n, expr_fresh(c, expr_subst(c, e, used, to, n)), of); return expr_read(c, out, index_exprs(c, used, n), e->pos);
}
/* x (a reduction, or init and reduction) as an equation of its own over the free indices that it uses; gives the read of it. */
static Expr *extract(Split *s, Expr *x) {
  const Eq *e = s->eq; Indices used = { 0 }; Eq *own;
  if (s->path.n) x = with_path(s, x);
  for (int k = 0; k < e->nfree; k++) if (expr_has_index(x, e->free[k])) PUSH(s->c, used, e->free[k]);
  x = widened(s->c, x); const Expr *red = x->kind == E_REDUCE ? x : x->arg[1];
  Expr *read = part_new(s->c, s->g, e, red->kind == E_REDUCE ? red_name[red->red] : "part", x, used.at, used.n, &own);
  split_eq(s->c, s->g, own, (Eqs){ 0 }, &s->n); s->n++; return read;
}

/* Nested reductions of a reduction's body are taken with its indices in sight: as those of an equation over free and bound ones. */
static Expr *take_inside(Split *s, Expr *red) {
  Ctx *c = s->c; Eq wide = *s->eq; Split in = { .c = c, .g = s->g, .eq = &wide, .path = s->path }; Indices all = { 0 }; Expr *cond = cond_of(red);
  if (!expr_has(red->arg[0], E_REDUCE) && !(cond && expr_has(cond, E_REDUCE))) return red;
  for (int k = 0; k < wide.nfree; k++) PUSH(c, all, wide.free[k]);
  for (int k = 0; k < red->nbound; k++) PUSH(c, all, red->bound[k]);
  wide.free = all.at; wide.nfree = all.n;
  if (cond) { cond = take(&in, cond); PUSH(c, in.path, cond); }
  Expr *body = take(&in, red->arg[0]); s->n += in.n; return expr_reduce(c, red->red, red->bound, red->nbound, body, cond, red->pos);
}

/* Of the addends: init + the main reduction in *core, the rest (over other indices, or costly) in the result, NULL if there is none. */
static Expr *gather_addends(Split *s, const Exprs *at, int main, Expr **core) {
  Exprs init = { 0 }, rest = { 0 }; Expr *red = at->at[main];
  for (int k = 0; k < at->n; k++) {
    if (k == main || is_zero(at->at[k])) continue;                   /* sums start at 0 anyhow */
    Expr *x = take(s, at->at[k]); Exprs *to = starts_accumulator(x) && uses_within(s->eq, x, red) ? &init : &rest;
    PUSH(s->c, *to, x);
  }
  Expr *first = expr_sum(s->c, init.at, init.n);
  bool fits = first && type_strong(first->type) == red->type;        /* an accumulator has one type */
  if (first && !fits) PUSH(s->c, rest, first);
  *core = fits ? expr_fn2(s->c, FN_ADD, first, red) : red; return expr_sum(s->c, rest.at, rest.n);
}

/* A sum whose main reduction is read from an equation of its own; at the root it stays if all else starts it. NULL: none is main. */
static Expr *take_sum(Split *s, Expr *e, bool root) {
  Exprs at = { 0 }; Expr *core; expr_terms(s->c, FN_ADD, e, &at); int main = addend_main(s, &at);
  if (main < 0 || (root && (!uses_within(s->eq, NULL, at.at[main]) || type_strong(e->type) != at.at[main]->type))) return NULL;
  if (root) at.at[main] = take_inside(s, at.at[main]);
  Expr *rest = gather_addends(s, &at, main, &core);
  if (root && !rest) return core;
  Expr *read = extract(s, core); return rest ? expr_fn2(s->c, FN_ADD, rest, read) : read;
}

static Expr *take_select(Split *s, Expr *e) {
  Expr *cond = take(s, e->arg[0]); int outer = s->path.n; PUSH(s->c, s->path, cond); Expr *a = take(s, e->arg[1]);
  s->path.at[outer] = expr_fn1(s->c, FN_NOT, cond); Expr *b = take(s, e->arg[2]);
  s->path.n = outer; return expr_select(s->c, cond, a, b, e->pos);
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
  return expr_with(s->c, e, arg);
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

static void split_eq(Ctx *c, Graph *g, Eq *e, Eqs circle, int *n) {
  Split s = { .c = c, .g = g, .eq = e, .circle = circle }; drop_free(c, e);
  e->rhs = expr_simplify(c, expr_map(c, expr_map(c, e->rhs, mean_to_sum, n), drop_zeros, n));
  if (!expr_has(e->rhs, E_REDUCE)) return;
  Expr *r = root(&s, e->rhs); e->rhs = type_strong(r->type) == e->out->type ? r : expr_convert(c, CV_PLAIN, e->out->type, r, e->pos);
  if (expr_has(e->rhs, E_REDUCE) && !eq_reduction(e, NULL)) e->rhs = take(&s, e->rhs);
  *n += s.n;
}

int pass_split(Ctx *c, Graph *g, const Target *t) {
  int n = 0, neq = g->neq; bool *maybe = circles_maybe(c, g); Circle *x = NEWN(c, Circle, neq);
  Eq **all = g->eq;               /* the equations that are added go into a new array */
  for (int k = 0; k < neq; k++) if (maybe[k] && !graph_circle(c, g, k, &x[k])) x[k].n = 0;
  for (int k = 0; k < neq; k++) if (!eq_by_hand(g, all[k])) split_eq(c, g, all[k], (Eqs){ all + x[k].first, x[k].n, 0 }, &n);
  (void)t; return n && !graph_sort(c, g) ? -1 : n;
}

/* ---- hoist, a part of simplify: costly parts over fewer indices than their equation, and constant ones, become equations, too:
 *   y[i, j] = x[i, j] / s[i] * exp(g[j])   becomes   y[i, j] = x[i, j] * s_part[i] * g_part[j]   with s_part[i] = 1 / s[i], g_part[j] = exp(g[j]) */
/* all: the indices that are bound where the part of eq stands. */
typedef struct Hoist { Ctx *c; Graph *g; Eq *eq; Indices all; int n; } Hoist;

enum { HOIST_GAIN = 4, HOIST_MAX = 65536 };  /* fewer evaluations by this factor; elements of a constant that replaces an expression */

/* Would e be evaluated far less often over its own indices? */
static bool is_invariant(Hoist *h, const Indices *used) { return index_points(used->at, used->n) * HOIST_GAIN <= index_points(h->all.at, h->all.n); }
/* Never what a condition keeps inside its tensor. */
static bool may_move(Hoist *h, Expr *e, const Indices *used) {
  for (int k = 0; k < used->n; k++) if (used->at[k]->is_dim) return false;
  if (!type_bytes(e->type) || !expr_reads(e, NULL) || expr_has(e, E_REDUCE) || expr_has(e, E_OR)) return false;
  return !expr_reads(e, h->eq->out) && expr_reads_inside(h->c, e);
}
/* Is e worth an equation over its own indices? */
static bool hoistable(Hoist *h, Expr *e, Indices *used) {
  bool costly = expr_costly(e); expr_indices(h->c, e, used);
  bool fixed = expr_constant(e) && index_points(used->at, used->n) <= HOIST_MAX && (costly || e->kind == E_FN);
  return (fixed || (costly && is_invariant(h, used))) && may_move(h, e, used);
}
static Expr *hoist_equation(Hoist *h, Expr *e, const Indices *used) {
  Type t = type_is_float(e->type) && type_bytes(e->type) == 2 ? T_F32 : e->type; Eq *own;
  Expr *read = part_new(h->c, h->g, h->eq, "part", expr_convert(h->c, CV_PLAIN, t, e, e->pos), used->at, used->n, &own);
  own->constant = expr_constant(e);
  if (own->constant) own->out->kind = TK_CONST;
  ledger_add(h->c, "simplify", own->out->name, true, 0, "%s part of %s: computed once for all that it does not depend on",
             own->constant ? "constant" : "invariant", h->eq->out->name);
  h->n++; return read;
}

/* a / d with d over fewer indices: a * (1 / d), and 1 / d can be hoisted. */
static Expr *reciprocal(Hoist *h, Expr *e) {
  Indices used = { 0 }; bool divides = e->kind == E_FN && e->fn == FN_DIV && (e->type == T_F32 || e->type == T_F64);
  if (!divides || expr_is_const(e->arg[0]) || expr_is_const(e->arg[1])) return e;
  expr_indices(h->c, e->arg[1], &used);
  if (!is_invariant(h, &used) || !may_move(h, e->arg[1], &used)) return e;
  ledger_add(h->c, "simplify", h->eq->out->name, true, 0, "a quotient became a product with the reciprocal (rounds differently)");
  return expr_fn2(h->c, FN_MUL, e->arg[0], expr_fn2(h->c, FN_DIV, expr_const(h->c, e->type, 1, 1), e->arg[1]));
}
static Expr *hoist(Hoist *h, Expr *e) {
  Indices used = { 0 };
  if (e->kind == E_READ || e->kind == E_CONST || e->kind == E_INDEX) return e;
  if (hoistable(h, e, &used)) return hoist_equation(h, e, &used);
  Expr *r = reciprocal(h, e), **arg = NEWN(h->c, Expr *, r->n); bool same = true; int outer = h->all.n;
  for (int k = 0; e->kind == E_REDUCE && k < e->nbound; k++) PUSH(h->c, h->all, e->bound[k]);
  for (int k = 0; k < r->n; k++) same &= (arg[k] = hoist(h, r->arg[k])) == r->arg[k];
  h->all.n = outer; return same ? r : expr_with(h->c, r, arg);
}

int hoist_invariants(Ctx *c, Graph *g) {
  int n = 0;
  EQS(e, g) {
    Hoist h = { .c = c, .g = g, .eq = e };
    if (e->constant || eq_by_hand(g, e)) continue;
    for (int i = 0; i < e->nfree; i++) PUSH(c, h.all, e->free[i]);
    e->rhs = hoist(&h, e->rhs); n += h.n;
  }
  return n;
}
