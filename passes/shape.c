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
  if (red->red != RED_SUM || b->kind != E_FN || b->fn != FN_MUL) return false;
  Expr *x = factor_read(b->arg[0]), *w = factor_read(b->arg[1]);
  if (!x || !w) return false;
  bool swap = data_known(x->tensor) && !data_known(w->tensor);
  out->x = swap ? w : x; out->w = swap ? x : w;
  return true;
}

static void shape_sort(Ctx *c, const Eq *e, const Expr *red, Shape *out) {
  out->batch = NEWN(c, Index *, e->nfree); out->m = NEWN(c, Index *, e->nfree); out->n = NEWN(c, Index *, e->nfree);
  out->k = red->bound; out->nk = red->nbound;
  for (int i = 0; i < e->nfree; i++) {
    Index *f = e->free[i];
    bool x = expr_has_index(out->x, f), w = expr_has_index(out->w, f);
    if (x && w) out->batch[out->nbatch++] = f;
    else if (w) out->n[out->nn++] = f;
    else out->m[out->nm++] = f;
  }
}

/* A sum whose indices do not all stand in both operands is no contraction: part of it is a plain sum. */
static bool bound_in_both(const Shape *s) {
  for (int i = 0; i < s->nk; i++)
    if (!expr_has_index(s->x, s->k[i]) || !expr_has_index(s->w, s->k[i])) return false;
  return true;
}

/* Is a place of a read itself read? */
static bool gathers(const Expr *e) {
  bool found = false;
  for (int k = 0; k < e->n && !found; k++) found = e->kind == E_READ ? expr_reads(e->arg[k], NULL) : gathers(e->arg[k]);
  return found;
}

void shape_plain(Ctx *c, const Eq *e, Shape *out) {
  Expr *red = eq_reduction(e, NULL);
  *out = (Shape){ .kind = red ? CLASS_REDUCTION : gathers(e->rhs) ? CLASS_GATHER : CLASS_POINTWISE };
  if (!red || !product_of(red, out)) return;
  shape_sort(c, e, red, out);
  if (bound_in_both(out)) out->kind = CLASS_CONTRACTION;
}

void shape_of(Ctx *c, const Graph *g, const Eq *e, Shape *out) {
  Circle circle;
  shape_plain(c, e, out);
  for (int i = 0; i < g->neq; i++)
    if (g->eq[i] == e && graph_circle(c, g, i, &circle) && circle.dir != 0) out->kind = CLASS_SCAN;
}
