/* What an equation is, from its indices alone.
 *
 *   y[n, o, i] = sum(c, k: x[n, c, i + k] * w[o, c, k])      contraction: batch -, m {n, i}, n {o}, k {c, k}
 *   y[c, i]    = sum(k: x[c, i + k] * w[c, k])               contraction: batch {c}, m {i}, n -, k {k}   (each channel by itself)
 *   y[i]       = max(k: x[2 * i + k])                        reduction
 *   y[i]       = x[ids[i]]                                   gather
 *   y[t]       = a * y[t - 1] + x[t]                         scan
 */
#include "builders.h"

static Expr *factor_read(Expr *e) {
  while (e->kind == E_CONVERT || e->kind == E_OR) e = e->arg[0];
  return e->kind == E_READ ? e : NULL;
}

static bool data_known(const Tensor *t) { return t->kind == TK_PARAM || t->kind == TK_CONST; }

/* The two reads of a product under a sum: out->w is the constant one, else the second. */
static bool product_of(const Expr *red, Shape *out) {
  const Expr *b = red->arg[0];
  while (b->kind == E_CONVERT) b = b->arg[0];
  if (red->red != RED_SUM || b->kind != E_FN || b->fn != FN_MUL || b->n != 2) return false;
  Expr *x = factor_read(b->arg[0]), *w = factor_read(b->arg[1]);
  if (!x || !w) return false;
  bool swap = data_known(x->tensor) && !data_known(w->tensor);
  out->x = swap ? w : x;
  out->w = swap ? x : w;
  return true;
}

static bool read_has(const Expr *r, const Index *i) {
  for (int d = 0; d < r->n; d++)
    if (expr_has_index(r->arg[d], i)) return true;
  return false;
}

static void shape_sort(Ctx *c, const Eq *e, const Expr *red, Shape *out) {
  VEC(Index *) b = { 0 }, m = { 0 }, n = { 0 }, k = { 0 };
  for (int i = 0; i < e->nfree; i++) {
    bool x = read_has(out->x, e->free[i]), w = read_has(out->w, e->free[i]);
    if (x && w) PUSH(c, b, e->free[i]);
    else if (w) PUSH(c, n, e->free[i]);
    else PUSH(c, m, e->free[i]);
  }
  for (int i = 0; i < red->nbound; i++) PUSH(c, k, red->bound[i]);
  out->batch = b.at; out->nbatch = b.n;
  out->m = m.at; out->nm = m.n;
  out->n = n.at; out->nn = n.n;
  out->k = k.at; out->nk = k.n;
}

/* A sum whose indices do not all stand in both operands is no contraction: part of it is a plain sum. */
static bool bound_in_both(const Shape *s) {
  for (int i = 0; i < s->nk; i++)
    if (!read_has(s->x, s->k[i]) || !read_has(s->w, s->k[i])) return false;
  return true;
}

typedef struct Found { bool gather; } Found;
static bool inner_read(const Expr *e, void *arg) {
  Found *f = arg;
  f->gather |= e->kind == E_READ;
  return !f->gather;
}
static void place_read(Ctx *c, const Expr *r, void *arg) {
  (void)c;
  for (int d = 0; d < r->n; d++) expr_walk(r->arg[d], inner_read, arg);
}

static bool steps_itself(Ctx *c, const Graph *g, const Eq *e) {
  Circle circle;
  for (int i = 0; i < g->neq; i++)
    if (g->eq[i] == e) return graph_circle(c, g, i, &circle) && circle.dir != 0;
  return false;
}

void shape_plain(Ctx *c, const Eq *e, Shape *out) {
  *out = (Shape){ .kind = CLASS_POINTWISE };
  Expr *red = eq_reduction(e, NULL);
  if (red && product_of(red, out)) {
    shape_sort(c, e, red, out);
    out->kind = bound_in_both(out) ? CLASS_CONTRACTION : CLASS_REDUCTION;
  } else if (red) {
    out->kind = CLASS_REDUCTION;
  } else {
    Found f = { false };
    each_read(c, e->rhs, place_read, &f);
    if (f.gather) out->kind = CLASS_GATHER;
  }
}

void shape_of(Ctx *c, const Graph *g, const Eq *e, Shape *out) {
  shape_plain(c, e, out);
  if (steps_itself(c, g, e)) out->kind = CLASS_SCAN;
}
