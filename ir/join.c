/* Indices that run side by side through memory as one.
 *   z[i, j, o] = sum(c: x[i, j, c] * w[o, c])        i.j:  z[i.j, o] = sum(c: x[i.j, c] * w[o, c])       z and x: views, two dimensions as one
 * needs   every place that has i or j has both: in one dimension, or in two that are neighbours in memory, so that a step of i is all steps of j
 * never   where they are values, or where a place may be outside (a window's border)
 * Trees name joined indices so; equations stay as they are, a copy of the kernel is what the builders plan and the lowering computes. */
#include "ir.h"
#include <string.h>

const char *name_part(Ctx *c, const char **rest) {
  const char *s = *rest; size_t n = s ? strcspn(s, ".") : 0;
  if (s) *rest = s[n] ? s + n + 1 : NULL;
  return s ? ctx_internn(c, s, n) : NULL;
}

/* a, b: the two in the equation at hand, NULL: it has neither; ab: both as one. view: of each tensor, dim: Tensor -> the dimension that its view
 * joins with the one before it, + 1. w: extent of b. */
typedef struct Join { Ctx *c; const char *i, *j, *name; Index *a, *b, *ab, **bound; int nbound; Map dim, view; int64_t w; bool ok, any; } Join;

/* The list with both as one; they stand side by side in it. */
static Index **list_joined(Join *x, Index *const *at, int *n) {
  Index **to = NEWN(x->c, Index *, *n + 1); int m = 0;
  for (int k = 0; k < *n; k++) {
    bool pair = name_same(at[k]->name, x->i) && k + 1 < *n && name_same(at[k + 1]->name, x->j);
    if (pair) {
      Extent e = at[k]->ext, f = at[k + 1]->ext; x->ok &= !x->a && !e.dim && !f.dim && e.n > 1 && f.n > 1 && (!x->any || x->w == f.n);
      x->a = at[k++]; x->b = at[k]; x->w = f.n; x->any = true; x->ab = NEW_AS(x->c, Index, x->name, extent_of(e.n * f.n), .id = ++x->c->nid);
    } else x->ok &= !name_same(at[k]->name, x->i) && !name_same(at[k]->name, x->j);
    to[m++] = pair ? x->ab : at[k];
  }
  *n = m; return to;
}

/* Are dimensions d - 1 and d neighbours in memory, and both places inside? */
static bool side_by_side(Join *x, const Tensor *t, Expr *const *place, int d) {
  bool yes = d > 0 && !t->layout, lo, hi;
  for (int k = 0; k + 1 < t->nlayout; k++) {
    const LayoutDim *l = t->layout + k; yes |= l->dim == d - 1 && l[1].dim == d && l->div <= 1 && !l->mod && l[1].div <= 1 && !l[1].mod;
  }
  yes = yes && d > 0 && !t->history && t->kind != TK_STATE && !t->shape[d - 1].dim && !t->shape[d].dim;
  for (int k = d - 1; k <= d && yes; k++) { expr_inside(x->c, place[k], t->shape[k], &(Facts){ 0 }, &lo, &hi); yes = lo && hi; }
  return yes;
}
/* The tensor with dimension d joined to the one before it (0: as it is): the same wherever it is read and written. */
static Tensor *view_of(Join *x, Tensor *t, int d) {
  int old = (int)(intptr_t)map_get(&x->dim, t), n = 0; Tensor *v = d ? map_get(&x->view, t) : t;
  x->ok &= !old || old == d + 1; map_put(x->c, &x->dim, t, (void *)(intptr_t)(d + 1));
  if (v) return v;
  v = ctx_copy(x->c, t, sizeof *t); map_put(x->c, &x->view, t, v); v->whole = t->whole ? t->whole : t; v->rank--; v->stream_dim -= t->stream_dim > d;
  v->shape = ctx_copy(x->c, t->shape, sizeof *t->shape * (size_t)t->rank); v->shape[d - 1].n *= v->shape[d].n;
  memmove(v->shape + d, v->shape + d + 1, sizeof *v->shape * (size_t)(v->rank - d)); v->layout = t->layout ? NEWN(x->c, LayoutDim, t->nlayout) : NULL;
  for (int k = 0; k < t->nlayout; k++) if (t->layout[k].dim != d) v->layout[n] = t->layout[k], v->layout[n++].dim -= t->layout[k].dim > d;
  v->nlayout = n; return v;
}
/* What does not fit keeps the indices. */
static Expr **places_joined(Join *x, Tensor **t, Expr *const *place) {
  Expr **to = NEWN(x->c, Expr *, (*t)->rank + 1), *e; int join = 0, n = 0; Aff f; int64_t m;
  for (int d = 0; d < (*t)->rank; d++) {
    to[n++] = e = place[d];
    if (!x->a || !expr_affine(x->c, e, &f) || !(m = aff_coef(&f, x->b))) continue;
    if (!aff_coef(&f, x->a) && !join && side_by_side(x, *t, place, d)) {
      e = expr_fn2(x->c, FN_ADD, expr_fn2(x->c, FN_MUL, place[d - 1], expr_int(x->c, (*t)->shape[d].n)), e); expr_affine(x->c, e, &f); join = d; n--;
    }
    int64_t k = aff_coef(&f, x->a); int r = 0;
    for (int s = 0; s < f.n; s++) if (f.index[s] != x->a && f.index[s] != x->b) f.index[r] = f.index[s], f.k[r++] = f.k[s];
    f.n = r; e = expr_fn2(x->c, FN_ADD, expr_fn2(x->c, FN_MUL, expr_int(x->c, m), expr_index(x->c, x->ab)), aff_expr(x->c, &f));
    if (k % x->w == 0 && k / x->w == m) to[n - 1] = e; else x->ok = false;
  }
  *t = view_of(x, *t, join); return to;
}
static Expr *node_joined(Ctx *c, Expr *e, void *arg) {
  Join *x = arg; Tensor *t = e->kind == E_READ ? e->tensor : NULL;
  if (t) { Expr **to = places_joined(x, &t, e->arg); return expr_read(c, t, to, e->pos); }
  return e->kind != E_REDUCE || !x->nbound ? e : expr_reduce(c, e->red, x->bound, x->nbound, e->arg[0], e->n > 1 ? e->arg[1] : NULL, e->pos);
}
static void eq_joined(Join *x, Eq *e) {
  const Expr *red = eq_reduction(e, NULL); x->a = x->b = NULL; x->nbound = red ? red->nbound : 0;
  e->free = list_joined(x, e->free, &e->nfree); x->bound = list_joined(x, red ? red->bound : NULL, &x->nbound);
  e->place = places_joined(x, &e->out, e->place); e->rhs = expr_map(x->c, e->rhs, node_joined, x);
  for (int d = 0; d < e->out->rank && x->a; d++) x->ok &= !expr_has_index(e->place[d], x->a) && !expr_has_index(e->place[d], x->b);
  x->ok &= !x->a || (!expr_has_index(e->rhs, x->a) && !expr_has_index(e->rhs, x->b));
}

const Kernel *kernel_join(Ctx *c, const Kernel *k, const char *i, const char *j) {
  Join x = { .c = c, .i = i, .j = j, .name = ctx_intern(c, ctx_printf(c, "%s.%s", i, j)), .ok = true }; Kernel *to = ctx_copy(c, k, sizeof *k);
  to->eq = ctx_copy(c, k->eq, sizeof *k->eq * (size_t)k->neq); to->in = NEWN(c, Tensor *, k->nin + 1); to->out = NEWN(c, Tensor *, k->nout + 1);
  for (int n = 0; n < k->neq && x.ok; n++) eq_joined(&x, to->eq[n] = ctx_copy(c, k->eq[n], sizeof *k->eq[n]));
  for (int n = 0; n < k->nin; n++) to->in[n] = (to->in[n] = map_get(&x.view, k->in[n])) ? to->in[n] : k->in[n];
  for (int n = 0; n < k->nout; n++) to->out[n] = (to->out[n] = map_get(&x.view, k->out[n])) ? to->out[n] : k->out[n];
  return !x.ok ? NULL : x.any ? to : k;
}
const Kernel *kernel_joined(Ctx *c, const Kernel *k, const char *name) {
  const char *rest = name, *head = name_part(c, &rest), *next;
  for (; k && (next = name_part(c, &rest)); head = ctx_intern(c, ctx_printf(c, "%s.%s", head, next))) k = kernel_join(c, k, head, next);
  return k;
}
