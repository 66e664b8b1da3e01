/* Index names of a kernel: one name a loop.
 *
 *   before  z[i] = sum(j: x[j] * w[i, j]);  y[k] = tanh(z[k]) + b[k];
 *   after   z[i] = sum(j: x[j] * w[i, j]);  y[i] = tanh(z[i]) + b[i];
 *
 * needs   indices are objects of their own in every equation
 * keeps   everything but names
 * never   gives two indices of one equation one name, nor indices of different extents (pieces of a tensor excepted: they share a leaf)
 *
 * An index class is joined to another where a tensor is written at a bare index and read at a bare index. Joins that would give one
 * equation the same index twice are left out; the first in equation order wins.
 */
#include "builders.h"

typedef struct Slot { Index *i; int eq, up; } Slot;
typedef struct Names { Ctx *c; Slot *at; int n, cap; } Names;

static int slot_find(const Names *v, const Index *i)
{
  for (int s = 0; s < v->n; s++)
    if (v->at[s].i == i) return s;
  return -1;
}

static int slot_root(const Names *v, int s)
{
  while (v->at[s].up != s) s = v->at[s].up;
  return s;
}

/* Slots of one equation are neighbours. */
static bool slots_clash(const Names *v, int a, int b)
{
  for (int i = 0; i < v->n; i++) {
    if (slot_root(v, i) != a) continue;
    for (int j = i + 1; j < v->n && v->at[j].eq == v->at[i].eq; j++)
      if (slot_root(v, j) == b) return true;
    for (int j = i - 1; j >= 0 && v->at[j].eq == v->at[i].eq; j--)
      if (slot_root(v, j) == b) return true;
  }
  return false;
}

static void slots_join(Names *v, const Index *x, const Index *y, bool any_extent)
{
  int a = slot_find(v, x), b = slot_find(v, y);
  if (a < 0 || b < 0) return;
  a = slot_root(v, a);
  b = slot_root(v, b);
  if (a == b || (!any_extent && !extent_equal(x->ext, y->ext)) || slots_clash(v, a, b)) return;
  if (a < b) v->at[b].up = a;
  else v->at[a].up = b;
}

static void slots_add(Names *v, Index **at, int n, int eq)
{
  for (int i = 0; i < n; i++) {
    v->at = ctx_grow(v->c, v->at, v->n, &v->cap, sizeof *v->at);
    v->at[v->n] = (Slot){ at[i], eq, v->n };
    v->n++;
  }
}

/* In a sorted list only a recurrence reads itself or what comes later. Its equations: from the reader on to what it reads. */
static bool reads_ahead(const Kernel *k, int i)
{
  for (int r = 0; r <= i; r++)
    for (int w = i; w < k->neq; w++)
      if (expr_reads(k->eq[r]->rhs, k->eq[w]->out)) return true;
  return false;
}

/* The index that stands in a place alone or with a constant. */
static Index *place_index(Ctx *c, const Expr *e, bool bare)
{
  Aff a;
  if (e->kind == E_INDEX) return e->index->is_dim ? NULL : e->index;
  if (bare || !expr_affine(c, e, &a) || a.n != 1 || a.k[0] != 1) return NULL;
  return a.index[0]->is_dim ? NULL : a.index[0];
}

typedef struct Join { Names *v; const Kernel *k; } Join;
static void join_read(Ctx *c, const Expr *r, void *arg)
{
  Join *j = arg;
  for (int i = 0; i < j->k->neq; i++) {
    const Eq *w = j->k->eq[i];
    if (w->out != r->tensor) continue;
    for (int d = 0; d < r->n; d++) {
      Index *a = place_index(c, w->place[d], true), *b = place_index(c, r->arg[d], true);
      if (a && b) slots_join(j->v, a, b, false);
    }
  }
}

/* The equations of a recurrence step through it in one loop. */
static void join_circles(Names *v, const Graph *g, const Kernel *k)
{
  const Index *first = NULL;
  for (int i = 0; i < k->neq; i++) {
    Index *step = reads_ahead(k, i) ? eq_step(v->c, g, k->eq[i]) : NULL;
    if (!first) first = step;
    else if (step) slots_join(v, first, step, false);
  }
}

/* Equations that read the same tensor run along it together. */
typedef struct Also { Join *j; const Expr *r; } Also;
static void join_also(Ctx *c, const Expr *r, void *arg)
{
  Also *a = arg;
  for (int d = 0; r->tensor == a->r->tensor && d < r->n; d++) {
    Index *x = place_index(c, a->r->arg[d], true), *y = place_index(c, r->arg[d], true);
    if (x && y) slots_join(a->j->v, x, y, false);
  }
}

static void join_common(Ctx *c, const Expr *r, void *arg)
{
  Also a = { arg, r };
  if (r->tensor->kind == TK_PARAM || r->tensor->kind == TK_CONST) return;
  for (int i = 0; i < a.j->k->neq; i++) each_read(c, a.j->k->eq[i]->rhs, join_also, &a);
}

static void join_pieces(Names *v, const Kernel *k, const Eq *e)
{
  for (int i = 0; i < k->neq; i++)
    for (int d = 0; k->eq[i] != e && k->eq[i]->out == e->out && d < e->out->rank; d++) {
      Index *a = place_index(v->c, e->place[d], false), *b = place_index(v->c, k->eq[i]->place[d], false);
      if (a && b) slots_join(v, a, b, true);
    }
}

static void join_streams(Names *v)
{
  int first = -1;
  for (int i = 0; i < v->n; i++) {
    if (!is_stream(v->at[i].i) || v->at[i].i->ext.n) continue;
    if (first < 0) first = i;
    else slots_join(v, v->at[first].i, v->at[i].i, false);
  }
}

/* Independent equations over spaces of the same extents in the same order run along the same loops. */
static void join_spaces(Names *v, const Kernel *k)
{
  const Eq *a = k->eq[0];
  for (int i = 1; i < k->neq; i++) {
    const Eq *b = k->eq[i];
    bool same = a->nfree == b->nfree && a->out != b->out;
    for (int d = 0; d < a->nfree && same; d++) same = extent_equal(a->free[d]->ext, b->free[d]->ext);
    for (int d = 0; d < a->nfree && same; d++) slots_join(v, a->free[d], b->free[d], false);
  }
}

static bool name_taken(const Names *v, const Graph *g, int root, const char *s)
{
  for (int i = 0; i < v->n; i++)
    if (slot_root(v, i) == i && i < root && name_same(v->at[i].i->name, s)) return true;
  for (int i = 0; i < g->ndim; i++)
    if (name_same(g->dim[i]->name, s) && !(is_stream(v->at[root].i) && v->at[root].i->ext.dim == g->dim[i])) return true;
  return graph_tensor(g, s) != NULL;
}

static const char *name_fresh(const Names *v, const Graph *g, int root)
{
  const Index *i = v->at[root].i;
  const char *hint = is_stream(i) && !i->ext.n ? i->ext.dim->name : i->name, *s = hint;
  for (int n = 1; name_taken(v, g, root, s); n++) s = ctx_printf(v->c, "%s%d", hint, n);
  return ctx_intern(v->c, s);
}

void kernel_unify(Ctx *c, const Graph *g, Kernel *k)
{
  Names v = { .c = c };
  for (int i = 0; i < k->neq; i++) {
    Expr *red = eq_reduction(k->eq[i], NULL);
    slots_add(&v, k->eq[i]->free, k->eq[i]->nfree, i);
    if (red) slots_add(&v, red->bound, red->nbound, i);
  }
  Join j = { &v, k };
  join_streams(&v);
  join_circles(&v, g, k);
  for (int i = 0; i < k->neq; i++) {
    each_read(c, k->eq[i]->rhs, join_read, &j);
    join_pieces(&v, k, k->eq[i]);
  }
  for (int i = 0; i < k->neq && k->neq <= 32; i++) each_read(c, k->eq[i]->rhs, join_common, &j);
  if (k->neq > 1) join_spaces(&v, k);
  for (int i = 0; i < v.n; i++)
    if (slot_root(&v, i) == i) v.at[i].i->name = name_fresh(&v, g, i);
  for (int i = 0; i < v.n; i++) v.at[i].i->name = v.at[slot_root(&v, i)].i->name;
}
