/* pack: constant operands laid out as the innermost loops read them.
 *
 *   before  z[o, t] = sum(c, k: x[c, t + k] * w[o, c, k]);          o runs in tiles of 8, then k, c
 *   after   const w_pack[o < 16, c < 2, k < 3]: f32 = w[o, c, k];   w_pack as [o / 8, k, c, o % 8]
 *           z[o, t] = sum(c, k: x[c, t + k] * w_pack[o, c, k]);
 *
 * The copy runs over the indices of the read, so composite, flipped and shifted places vanish from the loops as well. */
#include "builders.h"

/* The indices of a read's places, in the order of the equation; false if one is symbolic or a place reads data. */
static bool read_indices(Ctx *c, const Eq *e, const Expr *read, Indices *out) {
  Indices v = { 0 };
  const Expr *red = eq_reduction(e, NULL);
  for (int d = 0; d < read->n; d++) {
    if (!place_static(read->arg[d]) || expr_has(read->arg[d], E_OR)) return false;
    expr_indices(c, read->arg[d], &v);
  }
  for (int i = 0; i < v.n; i++)
    if (v.at[i]->is_dim || v.at[i]->ext.dim) return false;
  for (int i = 0; i < e->nfree; i++)
    if (index_in(e->free[i], v.at, v.n)) PUSH(c, *out, e->free[i]);
  for (int i = 0; red && i < red->nbound; i++)
    if (index_in(red->bound[i], v.at, v.n)) PUSH(c, *out, red->bound[i]);
  return out->n == v.n;
}

static int named(const Indices *v, const char *name) {
  int i = v->n - 1;
  while (i >= 0 && !(name && name_same(v->at[i]->name, name))) i--;
  return i;
}

/* Components outer to inner: the outer loops, what no loop order mentions, panels, reductions, the place in the panel. */
static int layout_of(Ctx *c, const Indices *v, const PackOrder *o, LayoutDim *l) {
  bool *used = NEWN(c, bool, v->n + 1);
  int panel = named(v, o->panel), n = 0;
  bool split = panel >= 0 && o->width > 0 && extent_max(v->at[panel]->ext) > o->width;
  if (panel >= 0) used[panel] = true;
  for (int i = 0; i < o->nk; i++)
    if (named(v, o->k[i]) >= 0) used[named(v, o->k[i])] = true;
  for (int i = 0; i < o->nouter + v->n; i++) {
    int d = i < o->nouter ? named(v, o->outer[i]) : i - o->nouter;
    if (d < 0 || used[d]) continue;
    used[d] = true;
    l[n++] = (LayoutDim){ d, 1, 0 };
  }
  if (split) l[n++] = (LayoutDim){ panel, o->width, 0 };
  for (int i = 0; i < o->nk; i++)
    if (named(v, o->k[i]) >= 0 && named(v, o->k[i]) != panel) l[n++] = (LayoutDim){ named(v, o->k[i]), 1, 0 };
  if (panel >= 0) l[n++] = (LayoutDim){ panel, 1, split ? o->width : 0 };
  return n;
}

/* Would the packed copy be the tensor as it is? */
static bool is_natural(const Expr *read, const Indices *v, const LayoutDim *l, int nl) {
  int d = 0;
  if (read->tensor->layout) return false;
  for (int i = 0; i < nl; i++, d++) {
    while (d < read->n && read->tensor->shape[d].n == 1 && !read->tensor->shape[d].dim) d++;
    if (l[i].mod || l[i].div > 1 || d >= read->n) return false;
    if (read->arg[d]->kind != E_INDEX || read->arg[d]->index != v->at[l[i].dim]) return false;
  }
  return true;
}

static Tensor *copy_of(Ctx *c, Graph *g, const Eq *e, const Expr *read, const Indices *v) {
  Extent *shape = NEWN(c, Extent, v->n);
  Index **to = NEWN(c, Index *, v->n);
  Expr **at = NEWN(c, Expr *, v->n), **place = NEWN(c, Expr *, read->n);
  for (int i = 0; i < v->n; i++) {
    shape[i] = v->at[i]->ext;
    to[i] = index_new(c, v->at[i]->name, shape[i]);
    at[i] = expr_index(c, to[i]);
  }
  for (int d = 0; d < read->n; d++) place[d] = expr_subst(c, read->arg[d], v->at, at, v->n);
  Tensor *t = tensor_new(c, g, ctx_printf(c, "%s_pack", read->tensor->name), read->tensor->type, v->n, shape, read->tensor->pos);
  t->kind = TK_CONST;
  eq_new(c, g, t, to, v->n, expr_read(c, read->tensor, place, read->pos), e)->constant = true;
  return t;
}

typedef struct Swap { const Expr *from; Expr *to; } Swap;
static Expr *swap_node(Ctx *c, Expr *e, void *arg) {
  Swap *s = arg;
  (void)c;
  return e->kind == E_READ && e->tensor == s->from->tensor && expr_equal(e, s->from) ? s->to : e;
}

static bool or_reads(const Expr *e, const Tensor *t) {
  if (e->kind == E_OR && expr_reads(e, t)) return true;
  for (int k = 0; k < e->n; k++)
    if (or_reads(e->arg[k], t)) return true;
  return false;
}

bool pack_read(Ctx *c, Graph *g, Eq *e, const Expr *read, const PackOrder *order) {
  Indices v = { 0 };
  if (or_reads(e->rhs, read->tensor) || !read_indices(c, e, read, &v) || v.n == 0) return false;
  if (index_points(v.at, v.n) > 2 * (double)tensor_size(read->tensor) + 1024) return false;
  LayoutDim *l = NEWN(c, LayoutDim, v.n + 1);
  int nl = layout_of(c, &v, order, l);
  if (is_natural(read, &v, l, nl)) return false;
  Tensor *copy = copy_of(c, g, e, read, &v);
  Expr **at = NEWN(c, Expr *, v.n);
  for (int i = 0; i < v.n; i++) at[i] = expr_index(c, v.at[i]);
  copy->layout = l; copy->nlayout = nl;
  e->rhs = expr_map(c, e->rhs, swap_node, &(Swap){ read, expr_read(c, copy, at, read->pos) });
  return true;
}
