/* Constant factors go into constant weights.
 *   before   z[o, i] = b[o] + sum(c: x[c, i] * w[o, c]);          after   w_s[o, c] = w[o, c] * (g[o] * r[o]);   (constant)
 *            y[o, i] = (z[o, i] - m[o]) * (g[o] * r[o]) + e[o];           z[o, i] = b[o] * (g[o] * r[o]) + sum(c: x[c, i] * w_s[o, c]);
 *                                                                         y[o, i] = z[o, i] + (e[o] - m[o] * (g[o] * r[o]));
 * y = a z + b with a constant over free indices of z that the weight is read at. Changes the last bits: in the ledger. */
#include "util.h"

/* e = a * z + b; a NULL: 0, b NULL: 0. */
typedef struct Linear { Expr *a, *b; } Linear;

static bool is_one(const Expr *e) { return expr_number(e) == 1; }
static Expr *mul(Ctx *c, Expr *x, Expr *y) { return !x || !y ? NULL : is_one(x) && x->type == y->type ? y : expr_fn2(c, FN_MUL, x, y); }
static Expr *add(Ctx *c, Expr *x, Expr *y) { return x && y ? expr_fn2(c, FN_ADD, x, y) : x ? x : y; }
static Expr *neg(Ctx *c, Expr *x) { return x ? expr_fn1(c, FN_NEG, x) : NULL; }
/* Of x * y and x / y with one factor that depends on z; the other one is constant. */
static bool linear_product(Ctx *c, const Expr *e, Linear x, Linear y, Linear *out) {
  if (y.a && (x.a || e->fn == FN_DIV)) return false;
  Expr *by = x.a ? y.b : x.b;
  if (!by || !expr_constant(by)) return false;
  if (e->fn == FN_DIV) by = expr_fn2(c, FN_DIV, expr_const(c, e->type, 1, 1), by);
  if (!x.a) x = y;
  *out = (Linear){ mul(c, x.a, by), mul(c, x.b, by) }; return true;
}
static bool linear(Ctx *c, Expr *e, const Tensor *z, Linear *out) {
  Linear x = { 0 }, y = { 0 }; *out = (Linear){ NULL, e };
  if (!expr_reads(e, z)) return true;
  if (e->kind == E_READ && e->tensor == z) { *out = (Linear){ expr_const(c, z->type, 1, 1), NULL }; return true; }
  if (e->kind != E_FN || !linear(c, e->arg[0], z, &x) || (e->n > 1 && !linear(c, e->arg[1], z, &y))) return false;
  switch (e->fn) {
  case FN_MUL: case FN_DIV: return linear_product(c, e, x, y, out);
  case FN_SUB: y = (Linear){ neg(c, y.a), neg(c, y.b) };   /* fall through */
  case FN_ADD: *out = (Linear){ add(c, x.a, y.a), add(c, x.b, y.b) }; return true;
  case FN_NEG: *out = (Linear){ neg(c, x.a), neg(c, x.b) }; return true;
  default: return false;
  }
}

/* ---- folding */
/* e over the indices of y as one over those of r, whose tensor y reads at `read`. NULL if an index of e stays behind. */
static Expr *over_producer(Ctx *c, Expr *e, const Eq *y, const Eq *r, const Expr *read) {
  e = expr_subst_bare(c, e, read->arg, r->place, read->n);
  for (int k = 0; k < y->nfree; k++) if (expr_has_index(e, y->free[k])) return NULL;
  return expr_simplify(c, e);
}
/* The side of the product on which a constant weight is read; -1: on none. */
static int weight_side(const Expr *body) {
  for (int side = 1; side >= 0 && body->kind == E_FN && body->fn == FN_MUL; side--)
    if (body->arg[side]->kind == E_READ && tensor_known(body->arg[side]->tensor)) return side;
  return -1;
}
/* The constant tensor w * a, where a is over the indices at which w is read. NULL if a cannot be told from a place of w. */
static Tensor *weight_scaled(Ctx *c, Graph *g, const Expr *w, Expr *a, const Eq *like) {
  Tensor *t = w->tensor; Indices used = { 0 }, need = { 0 };
  for (int d = 0; d < w->n; d++) expr_indices(c, w->arg[d], &used);
  expr_indices(c, a, &need);
  EACH(Index, x, need) if (!index_in(x, used.at, used.n)) return NULL;
  Index **i = tensor_indices(c, t); Expr **at = index_exprs(c, i, t->rank), **to = NEWN(c, Expr *, used.n);
  if (!eq_solve(c, &(Eq){ .out = t, .place = w->arg, .free = used.at, .nfree = used.n }, at, to)) return NULL;
  a = expr_simplify(c, expr_subst(c, a, used.at, to, used.n));
  if (!expr_reads_inside(c, a)) return NULL;
  Tensor *s = tensor_new(c, g, ctx_printf(c, "%s_scaled", t->name), t->type, t->rank, t->shape, t->pos); s->kind = TK_CONST;
  eq_new(c, g, s, i, t->rank, expr_fn2(c, FN_MUL, expr_read(c, t, at, w->pos), a), like)->constant = true; return s;
}

/* y = a z + b, z = init + sum(x * w): the scale goes into w. */
static bool fold_scale(Ctx *c, Graph *g, Eq *y, Expr *read, Eq *r) {
  Expr *init, *red = eq_reduction(r, &init); Linear l;
  if (!red || red->red != RED_SUM || !type_is_float(red->type) || (init && !expr_constant(init))) return false;
  int side = weight_side(red->arg[0]);
  if (side < 0 || !linear(c, y->rhs, read->tensor, &l) || !l.a || is_one(l.a) || !expr_constant(l.a)) return false;
  Expr *a = over_producer(c, l.a, y, r, read), *w = red->arg[0]->arg[side]; Tensor *s = a ? weight_scaled(c, g, w, a, r) : NULL;
  if (!s) return false;
  Expr *arg[2] = { red->arg[0]->arg[0], red->arg[0]->arg[1] }; arg[side] = expr_read(c, s, w->arg, w->pos);
  Expr *sum = expr_reduce(c, RED_SUM, red->bound, red->nbound, expr_fn(c, FN_MUL, arg, red->pos), red->n > 1 ? red->arg[1] : NULL, red->pos);
  r->rhs = init ? expr_fn2(c, FN_ADD, expr_fn2(c, FN_MUL, init, a), sum) : sum;
  y->rhs = expr_convert(c, CV_PLAIN, y->out->type, expr_simplify(c, add(c, read, l.b)), y->pos);
  ledger_add(c, "simplify", y->out->name, true, 0, "its scale goes into the weights %s (rounds differently)", w->tensor->name); return true;
}
static bool fold_into(Ctx *c, Graph *g, Eq *y) {
  if (y->constant || expr_has(y->rhs, E_REDUCE) || eq_by_hand(g, y)) return false;
  Uses u = uses_find(c, g);
  READS(r, c, y->rhs) {
    const UseList *l = uses_get(&u, r->tensor);
    if (tensor_removable(g, &u, r->tensor) && l->read.n == 1 && fold_scale(c, g, y, r, l->writer.at[0])) return true;
  }
  return false;
}
int fold_scales(Ctx *c, Graph *g) { int n = 0; EQS(y, g) n += fold_into(c, g, y); return n; }
