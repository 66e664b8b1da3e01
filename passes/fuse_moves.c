/* Which groups may become one kernel: decided by the indices at which one reads the other.
 *
 *   z[i, j] = sum(k: x[i, k] * w[k, j]);   y[i, j] = tanh(z[i, j]);         vertical: y reads z at home, equal spaces
 *   e[i, j] = exp(x[i, j] - m[i]);         s[i] = sum(j: e[i, j]);          rows: equal rows i, equal columns j
 *   q = sum(k: x[i, k] * wq[k, j]);        v = sum(k: x[i, k] * wv[k, j]);  horizontal: a common operand at equal places
 */
#include "builders.h"
#include "fuse.h"

/* ---- one class a loop: indices of all equations of a candidate kernel */
typedef struct Loops { Ctx *c; Uses *uses; Map of; int n; } Loops;

static int loop_of(Loops *l, const Index *i)
{
  int k = pmap_get(&l->of, i);
  if (k >= 0) return k;
  pmap_set(l->c, &l->of, i, l->n);
  return l->n++;
}

static const Eq *writer_in(const Eqs *eq, const Tensor *t)
{
  for (int k = 0; k < eq->n; k++)
    if (eq->at[k]->out == t) return eq->at[k];
  return NULL;
}

/* Joins the indices at which `read` reads w's tensor with those at which w writes it. False: it reads elsewhere than at home. */
static bool loops_join(Loops *l, const Eq *w, const Expr *read)
{
  for (int d = 0; d < read->n; d++) {
    const Index *i = expr_bare(w->place[d]), *j = expr_bare(read->arg[d]);
    if (!i && !j && expr_equal(w->place[d], read->arg[d])) continue;
    if (!i || !j || !extent_equal(i->ext, j->ext)) return false;
    int have = pmap_get(&l->of, j), want = loop_of(l, i);
    if (have >= 0 && have != want) return false;
    pmap_set(l->c, &l->of, j, want);
  }
  return true;
}

/* Every read of a member's tensor is at home. False also if that tensor has pieces: a reader needs all of it. */
static bool loops_find(Loops *l, const Eqs *eq)
{
  for (int k = 0; k < eq->n; k++) {
    Exprs reads = { 0 };
    for (int j = 0; j < k; j++)
      if (eq->at[j]->out == eq->at[k]->out) return false;
    expr_reads_of(l->c, eq->at[k]->rhs, &reads);
    for (int r = 0; r < reads.n; r++) {
      const Eq *w = writer_in(eq, reads.at[r]->tensor);
      if (w && (uses_get(l->uses, w->out)->writer.n > 1 || !loops_join(l, w, reads.at[r]))) return false;
    }
    for (int i = 0; i < eq->at[k]->nfree; i++) loop_of(l, eq->at[k]->free[i]);
  }
  return true;
}

static bool has_loop(Loops *l, Index *const *at, int n, int loop)
{
  for (int k = 0; k < n; k++)
    if (loop_of(l, at[k]) == loop) return true;
  return false;
}

static bool same_loops(Loops *l, const Eq *a, const Eq *b)
{
  if (a->nfree != b->nfree) return false;
  for (int k = 0; k < a->nfree; k++)
    if (!has_loop(l, b->free, b->nfree, loop_of(l, a->free[k]))) return false;
  return true;
}

/* ---- kinds */
static bool place_gathers(const Expr *e)
{
  for (int k = 0; k < e->n; k++)
    if ((e->kind == E_READ && !place_static(e->arg[k])) || place_gathers(e->arg[k])) return true;
  return false;
}

GroupKind fuse_kind(Fuse *f, const Eq *e)
{
  Shape s;
  Expr *init, *red = eq_reduction(e, &init);
  if (place_gathers(e->rhs)) return GROUP_OTHER;
  if (!red) return expr_has(e->rhs, E_REDUCE) ? GROUP_OTHER : GROUP_POINT;
  shape_plain(f->c, e, &s);
  if (s.contracts && (s.nm || s.nn)) return GROUP_CONTRACTION;
  return red->red == RED_ARGMAX || red->red == RED_ARGMIN ? GROUP_OTHER : GROUP_ROWS;
}

static Eqs both(Fuse *f, int a, int b)
{
  Eqs eq = { 0 };
  const Cluster *x = &f->group.at[a], *y = &f->group.at[b];
  int i = 0, j = 0;
  while (i < x->eq.n || j < y->eq.n) {                              /* in the graph's order */
    bool left = j == y->eq.n || (i < x->eq.n && pmap_get(&f->of, x->eq.at[i]) >= 0 && eq_at(f->g, x->eq.at[i]) < eq_at(f->g, y->eq.at[j]));
    if (left) PUSH(f->c, eq, x->eq.at[i++]);
    else PUSH(f->c, eq, y->eq.at[j++]);
  }
  return eq;
}

/* ---- rows */
static double column_points(Loops *l, const Eq *e, const Eq *rows)
{
  Expr *init, *red = eq_reduction(e, &init);
  double n = red ? reduce_points(red) : 1;
  for (int k = 0; k < e->nfree; k++)
    if (!has_loop(l, rows->free, rows->nfree, loop_of(l, e->free[k]))) n *= (double)extent_max(e->free[k]->ext);
  return n;
}

static bool has_all_rows(Loops *l, const Eq *e, const Eq *rows)
{
  for (int k = 0; k < rows->nfree; k++)
    if (!has_loop(l, e->free, e->nfree, loop_of(l, rows->free[k]))) return false;
  return true;
}

/* All reductions over the same rows, everything else rows by columns or rows alone. */
static const char *rows_fit(Fuse *f, const Eqs *eq)
{
  Loops l = { .c = f->c, .uses = &f->uses };
  const Eq *rows = NULL;
  Expr *init;
  if (!loops_find(&l, eq)) return "reads the other's result at other indices than it is computed at";
  for (int k = 0; k < eq->n && !rows; k++)
    if (eq_reduction(eq->at[k], &init)) rows = eq->at[k];
  double columns = rows ? reduce_points(eq_reduction(rows, &init)) : 1;
  for (int k = 0; rows && k < eq->n; k++) {
    const Eq *e = eq->at[k];
    double n = column_points(&l, e, rows);
    if (!has_all_rows(&l, e, rows)) return "has other rows";
    if (n != columns && n != 1) return "has other columns";
    if (eq_reduction(e, &init) && e->nfree != rows->nfree) return "its reduction has other rows";
  }
  return NULL;
}

/* ---- vertical: everything over one space */
static const char *space_fits(Fuse *f, const Eqs *eq)
{
  Loops l = { .c = f->c, .uses = &f->uses };
  if (!loops_find(&l, eq)) return "reads the other's result at other indices than it is computed at";
  for (int k = 1; k < eq->n; k++)
    if (!same_loops(&l, eq->at[0], eq->at[k])) return "has another index space";
  return NULL;
}

static bool plain(GroupKind k)
{
  return k == GROUP_POINT || k == GROUP_ROWS || k == GROUP_CONTRACTION;
}

const char *fuse_vertical(Fuse *f, int a, int b, const char **move, GroupKind *kind)
{
  GroupKind x = f->group.at[a].kind, y = f->group.at[b].kind;
  *move = x == GROUP_POINT && y != GROUP_POINT ? "prologue" : "vertical";
  *kind = x;
  if (x == GROUP_HAND || y == GROUP_HAND) return "one of them is written by hand";
  if (x == GROUP_SCAN || y == GROUP_SCAN) return "one of them is a recurrence";
  if (!plain(x) || !plain(y)) return "a read at a computed place stays alone";
  Eqs eq = both(f, a, b);
  if (y == GROUP_POINT && x != GROUP_ROWS) return space_fits(f, &eq);
  if (y == GROUP_CONTRACTION) return x == GROUP_POINT ? "the operand of a product would be computed again for every tile" : "a product needs its operand complete";
  if (x == GROUP_CONTRACTION) return "the rows of a product's result are complete only after all tiles";
  *kind = GROUP_ROWS;
  return rows_fit(f, &eq);
}

/* ---- horizontal */
static const Eq *contraction_in(Fuse *f, const Cluster *g)
{
  for (int k = 0; k < g->eq.n; k++)
    if (fuse_kind(f, g->eq.at[k]) == GROUP_CONTRACTION) return g->eq.at[k];
  return NULL;
}

static bool same_extents(Index *const *a, Index *const *b, int n)
{
  for (int k = 0; k < n; k++)
    if (!extent_equal(a[k]->ext, b[k]->ext)) return false;
  return true;
}

/* The streamed operands are one tensor at places that are equal once b's indices are called as a's. */
static const char *common_operand(Fuse *f, const Eq *a, const Eq *b)
{
  Shape s, t;
  Expr *init, *ra = eq_reduction(a, &init), *rb = eq_reduction(b, &init);
  if (a->nfree != b->nfree || !same_extents(a->free, b->free, a->nfree)) return "they have different index spaces";
  if (ra->nbound != rb->nbound || !same_extents(ra->bound, rb->bound, ra->nbound)) return "they sum over different extents";
  shape_plain(f->c, a, &s);
  shape_plain(f->c, b, &t);
  if (s.x->tensor != t.x->tensor || s.nm != t.nm || s.nn != t.nn) return "they have no operand in common";
  int n = b->nfree + rb->nbound;
  Index **from = NEWN(f->c, Index *, n);
  Expr **to = NEWN(f->c, Expr *, n);
  for (int k = 0; k < n; k++) {
    from[k] = k < b->nfree ? b->free[k] : rb->bound[k - b->nfree];
    to[k] = expr_index(f->c, k < b->nfree ? a->free[k] : ra->bound[k - b->nfree]);
  }
  for (int d = 0; d < s.x->n; d++)
    if (!expr_equal(s.x->arg[d], expr_subst(f->c, t.x->arg[d], from, to, n))) return "they read the common operand at different places";
  return NULL;
}

static bool shares_operand(Fuse *f, const Cluster *a, const Cluster *b)
{
  Exprs x = { 0 }, y = { 0 };
  for (int k = 0; k < a->eq.n; k++) expr_reads_of(f->c, a->eq.at[k]->rhs, &x);
  for (int k = 0; k < b->eq.n; k++) expr_reads_of(f->c, b->eq.at[k]->rhs, &y);
  for (int i = 0; i < x.n; i++)
    for (int j = 0; j < y.n; j++)
      if (x.at[i]->tensor == y.at[j]->tensor && x.at[i]->tensor->kind != TK_PARAM && x.at[i]->tensor->kind != TK_CONST) return true;
  return false;
}

enum { SIBLINGS = 4, SMALL = 4096, SMALL_MAX = 256 };   /* products that share a tile; points of a small equation; equations a kernel */

const char *fuse_horizontal(Fuse *f, int a, int b)
{
  const Cluster *x = &f->group.at[a], *y = &f->group.at[b];
  if (x->kind != y->kind || (x->kind != GROUP_POINT && x->kind != GROUP_CONTRACTION)) return "they are of different kinds";
  if (x->kind == GROUP_CONTRACTION) {
    int n = 0;
    for (int k = 0; k < x->eq.n; k++) n += fuse_kind(f, x->eq.at[k]) == GROUP_CONTRACTION;
    return n >= SIBLINGS ? "the tile's registers are full" : common_operand(f, contraction_in(f, x), contraction_in(f, y));
  }
  const Eq *p = x->eq.at[0], *q = y->eq.at[0];
  if (p->nfree != q->nfree || !same_extents(p->free, q->free, p->nfree)) return "they have different index spaces";
  if (x->eq.n + y->eq.n > SMALL_MAX) return "the kernel is full";
  return eq_points(p) <= SMALL || shares_operand(f, x, y) ? NULL : "large, and nothing in common";
}
