/* hoist: costly parts that use fewer indices than their equation become equations of their own, constant parts constant equations.
 *
 *   before   y[i, j] = x[i, j] / s[i] * exp(g[j]);      after   g_part[j] = exp(g[j]);  (constant if g is)
 *                                                              s_part[i] = 1 / s[i];
 *                                                              y[i, j] = x[i, j] * s_part[i] * g_part[j];
 *
 * keeps   values, but for the last bits where a quotient became a product with the reciprocal (in the ledger)
 * never   hoists reads that a condition keeps inside their tensor
 */
#include "util.h"

/* all: the indices that are bound where the part of eq stands. */
typedef struct Hoist { Ctx *c; Graph *g; Eq *eq; Indices all; int n; } Hoist;

enum { HOIST_GAIN = 4, HOIST_MAX = 65536 };  /* fewer evaluations by this factor; elements of a constant that replaces an expression */

static double points_of(const Indices *at) {
  double n = 1;
  for (int k = 0; k < at->n; k++) n *= at->at[k]->is_dim ? 1 : (double)extent_max(at->at[k]->ext);
  return n;
}

/* Would e be evaluated far less often over its own indices? */
static bool is_invariant(Hoist *h, const Indices *used) { return points_of(used) * HOIST_GAIN <= points_of(&h->all); }

static bool may_move(Hoist *h, Expr *e, const Indices *used) {
  for (int k = 0; k < used->n; k++)
    if (used->at[k]->is_dim) return false;
  if (!type_bytes(e->type) || !expr_reads(e, NULL) || expr_has(e, E_REDUCE) || expr_has(e, E_OR)) return false;
  return !expr_reads(e, h->eq->out) && expr_reads_inside(h->c, e);
}

/* Is e worth an equation over its own indices? */
static bool hoistable(Hoist *h, Expr *e, Indices *used) {
  bool costly = expr_costly(e);
  expr_indices(h->c, e, used);
  bool fixed = expr_constant(e) && points_of(used) <= HOIST_MAX && (costly || e->kind == E_FN);
  return (fixed || (costly && is_invariant(h, used))) && may_move(h, e, used);
}

static Expr *hoist_equation(Hoist *h, Expr *e, const Indices *used) {
  Ctx *c = h->c;
  Index **i = NEWN(c, Index *, used->n);
  Expr **at = NEWN(c, Expr *, used->n), **to = NEWN(c, Expr *, used->n);
  Extent *shape = NEWN(c, Extent, used->n);
  for (int k = 0; k < used->n; k++) {
    shape[k] = used->at[k]->ext;
    at[k] = expr_index(c, used->at[k]);
    to[k] = expr_index(c, i[k] = index_new(c, used->at[k]->name, shape[k]));
  }
  Type t = type_is_float(e->type) && type_bytes(e->type) == 2 ? T_F32 : e->type;
  Tensor *out = tensor_new(c, h->g, ctx_printf(c, "%s_part", h->eq->out->name), t, used->n, shape, e->pos);
  Expr *rhs = expr_convert(c, CV_PLAIN, t, expr_subst(c, e, used->at, to, used->n), e->pos);
  Eq *own = eq_new(c, h->g, out, i, used->n, rhs, h->eq);
  own->constant = expr_constant(e);
  if (own->constant) out->kind = TK_CONST;
  const char *what = own->constant ? "constant" : "invariant";
  ledger_add(c, "simplify", out->name, true, 0, "%s part of %s: computed once for all that it does not depend on", what, h->eq->out->name);
  h->n++;
  return expr_read(c, out, at, e->pos);
}

/* a / d with d over fewer indices: a * (1 / d), and 1 / d can be hoisted. */
static Expr *reciprocal(Hoist *h, Expr *e) {
  Indices used = { 0 };
  bool divides = e->kind == E_FN && e->fn == FN_DIV && (e->type == T_F32 || e->type == T_F64);
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
  Expr *r = reciprocal(h, e), **arg = NEWN(h->c, Expr *, r->n);
  bool same = true;
  int outer = h->all.n;
  for (int k = 0; e->kind == E_REDUCE && k < e->nbound; k++) PUSH(h->c, h->all, e->bound[k]);
  for (int k = 0; k < r->n; k++) same &= (arg[k] = hoist(h, r->arg[k])) == r->arg[k];
  h->all.n = outer;
  return same ? r : expr_rebuild(h->c, r, arg);
}

int hoist_invariants(Ctx *c, Graph *g) {
  int n = 0, neq = g->neq;
  Eq **all = g->eq;               /* the equations that are added go into a new array */
  for (int k = 0; k < neq; k++) {
    Hoist h = { .c = c, .g = g, .eq = all[k] };
    if (all[k]->constant || eq_by_hand(g, all[k])) continue;
    for (int i = 0; i < all[k]->nfree; i++) PUSH(c, h.all, all[k]->free[i]);
    all[k]->rhs = hoist(&h, all[k]->rhs);
    n += h.n;
  }
  return n;
}
