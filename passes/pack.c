/* pack: constant operands laid out as the innermost loops read them.
 *
 *   before  z[o, t] = sum(c, k: x[c, t + k] * w[o, c, k]);          o runs in tiles of 8, then k, c
 *   after   const w_pack[o < 16, c < 2, k < 3]: f32 = w[o, c, k];   w_pack as [o / 8, k, c, o % 8]
 *           z[o, t] = sum(c, k: x[c, t + k] * w_pack[o, c, k]);
 *
 * The copy runs over the indices of the read, so composite, flipped and shifted places vanish from the loops as well.
 */
#include "pack.h"

typedef struct Collect { Ctx *c; Indices v; bool bad; } Collect;
static bool collect_node(const Expr *e, void *arg)
{
  Collect *k = arg;
  if (e->kind == E_READ || e->kind == E_OR || e->kind == E_REDUCE) k->bad = true;
  if (e->kind != E_INDEX) return !k->bad;
  if (e->index->is_dim || e->index->ext.dim) k->bad = true;
  for (int i = 0; i < k->v.n; i++)
    if (k->v.at[i] == e->index) return true;
  PUSH(k->c, k->v, e->index);
  return true;
}

/* The indices of a read's places, in the order of the equation; false if one is symbolic or a place reads data. */
static bool read_indices(Ctx *c, const Eq *e, const Expr *read, Indices *out)
{
  Collect k = { .c = c };
  Expr *red = eq_reduction(e, NULL);
  for (int d = 0; d < read->n; d++) expr_walk(read->arg[d], collect_node, &k);
  if (k.bad) return false;
  for (int i = 0; i < e->nfree; i++)
    for (int j = 0; j < k.v.n; j++)
      if (k.v.at[j] == e->free[i]) PUSH(c, *out, k.v.at[j]);
  for (int i = 0; red && i < red->nbound; i++)
    for (int j = 0; j < k.v.n; j++)
      if (k.v.at[j] == red->bound[i]) PUSH(c, *out, k.v.at[j]);
  return out->n == k.v.n;
}

static int named(const Indices *v, const char *name)
{
  for (int i = 0; i < v->n; i++)
    if (name_same(v->at[i]->name, name)) return i;
  return -1;
}

/* Components outer to inner: what no loop order mentions, the outer loops, panels, reductions, the place in the panel. */
static LayoutDim *layout_of(Ctx *c, const Indices *v, const PackOrder *o, int *n)
{
  LayoutDim *l = NEWN(c, LayoutDim, v->n + 2);
  bool *used = NEWN(c, bool, v->n + 1);
  int panel = o->panel ? named(v, o->panel) : -1, tail = 0, at = 0;
  bool split = panel >= 0 && o->width > 0 && extent_max(v->at[panel]->ext) > o->width;
  if (panel >= 0) used[panel] = true;
  for (int i = 0; i < o->nk; i++)
    if (named(v, o->k[i]) >= 0) used[named(v, o->k[i])] = true;
  for (int i = 0; i < o->nouter; i++) {
    int d = named(v, o->outer[i]);
    if (d < 0 || used[d]) continue;
    used[d] = true;
    l[at++] = (LayoutDim){ d, 1, 0 };
  }
  for (int d = 0; d < v->n; d++)
    if (!used[d]) l[at++] = (LayoutDim){ d, 1, 0 };
  if (split) l[at++] = (LayoutDim){ panel, o->width, 0 };
  for (tail = 0; tail < o->nk; tail++)
    if (named(v, o->k[tail]) >= 0 && named(v, o->k[tail]) != panel) l[at++] = (LayoutDim){ named(v, o->k[tail]), 1, 0 };
  if (panel >= 0) l[at++] = (LayoutDim){ panel, 1, split ? o->width : 0 };
  *n = at;
  return l;
}

/* Would the packed copy be the tensor as it is? */
static bool is_natural(const Expr *read, const Indices *v, const LayoutDim *l, int nl)
{
  int d = 0;
  if (read->tensor->layout) return false;
  for (int i = 0; i < nl; i++, d++) {
    while (d < read->n && read->tensor->shape[d].n == 1 && !read->tensor->shape[d].dim) d++;
    if (l[i].mod || l[i].div > 1 || d >= read->n) return false;
    if (read->arg[d]->kind != E_INDEX || read->arg[d]->index != v->at[l[i].dim]) return false;
  }
  return true;
}

static Tensor *copy_of(Ctx *c, Graph *g, const Eq *e, const Expr *read, const Indices *v)
{
  Extent *shape = NEWN(c, Extent, v->n + 1);
  Index **to = NEWN(c, Index *, v->n + 1);
  Expr **at = NEWN(c, Expr *, v->n + 1), **place = NEWN(c, Expr *, read->n + 1);
  for (int i = 0; i < v->n; i++) {
    shape[i] = v->at[i]->ext;
    to[i] = index_new(c, v->at[i]->name, v->at[i]->ext);
    at[i] = expr_index(c, to[i]);
  }
  for (int d = 0; d < read->n; d++) place[d] = expr_subst(c, read->arg[d], v->at, at, v->n);
  Tensor *t = tensor_new(c, g, ctx_printf(c, "%s_pack", read->tensor->name), read->tensor->type, v->n, shape, read->tensor->pos);
  t->kind = TK_CONST;
  eq_new(c, g, t, to, v->n, expr_read(c, read->tensor, place, read->pos), e)->constant = true;
  return t;
}

typedef struct Swap { const Expr *from; Expr *to; } Swap;
static Expr *swap_node(Ctx *c, Expr *e, void *arg)
{
  Swap *s = arg;
  (void)c;
  return e->kind == E_READ && e->tensor == s->from->tensor && expr_equal(e, s->from) ? s->to : e;
}

static bool or_reads(const Expr *e, void *arg)
{
  const Tensor **t = arg;
  if (*t && e->kind == E_OR && expr_reads(e, *t)) *t = NULL;
  return *t != NULL;
}

bool pack_read(Ctx *c, Graph *g, Eq *e, const Expr *read, const PackOrder *order)
{
  Indices v = { 0 };
  const Tensor *t = read->tensor;
  double points = 1;
  expr_walk(e->rhs, or_reads, &t);
  if (!t || !read_indices(c, e, read, &v) || v.n == 0) return false;
  for (int i = 0; i < v.n; i++) points *= (double)extent_max(v.at[i]->ext);
  if (points > 2 * (double)tensor_size(t) + 1024) return false;
  int nl;
  LayoutDim *l = layout_of(c, &v, order, &nl);
  if (is_natural(read, &v, l, nl)) return false;
  Tensor *copy = copy_of(c, g, e, read, &v);
  Expr **at = NEWN(c, Expr *, v.n);
  for (int i = 0; i < v.n; i++) at[i] = expr_index(c, v.at[i]);
  copy->layout = l;
  copy->nlayout = nl;
  Swap s = { read, expr_read(c, copy, at, read->pos) };
  e->rhs = expr_map(c, e->rhs, swap_node, &s);
  return true;
}
