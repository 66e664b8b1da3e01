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

/* Classes as trees of slots (up: the parent, a root is its own); slots of one equation are neighbours. read: the one whose fellows join it. */
typedef struct Slot { Index *i; int eq, up; } Slot;
typedef struct Names { Ctx *c; const Kernel *k; const Expr *read; VEC(Slot) slot; } Names;

static int slot_root(const Names *v, int s) {
  while (v->slot.at[s].up != s) s = v->slot.at[s].up;
  return s;
}

static int root_of(const Names *v, const Index *i) {
  for (int s = 0; s < v->slot.n; s++)
    if (v->slot.at[s].i == i) return slot_root(v, s);
  return -1;
}

static bool slots_clash(const Names *v, int a, int b) {
  const Slot *at = v->slot.at;
  for (int i = 0; i < v->slot.n; i++) {
    if (slot_root(v, i) != a) continue;
    for (int step = -1; step <= 1; step += 2)
      for (int j = i + step; j >= 0 && j < v->slot.n && at[j].eq == at[i].eq; j += step)
        if (slot_root(v, j) == b) return true;
  }
  return false;
}

static void slots_join(Names *v, const Index *x, const Index *y, bool any_extent) {
  int a = root_of(v, x), b = root_of(v, y);
  if (a < 0 || b < 0 || a == b || (!any_extent && !extent_equal(x->ext, y->ext)) || slots_clash(v, a, b)) return;
  v->slot.at[a < b ? b : a].up = a < b ? a : b;
}

static void slots_add(Names *v, Index **at, int n, int eq) {
  for (int i = 0, self = v->slot.n; i < n; i++, self++) PUSH(v->c, v->slot, ((Slot){ at[i], eq, self }));
}

/* The index that stands in a place alone or with a constant. */
static Index *place_index(Ctx *c, const Expr *e, bool bare) {
  Aff a;
  if (e->kind == E_INDEX) return e->index->is_dim ? NULL : e->index;
  if (bare || !expr_affine(c, e, &a) || a.n != 1 || a.k[0] != 1) return NULL;
  return a.index[0]->is_dim ? NULL : a.index[0];
}

/* Joins the indices that stand in the same place; pieces: also with a constant, and of different extents. */
static void join_places(Names *v, Expr *const *a, Expr *const *b, int n, bool pieces) {
  for (int d = 0; d < n; d++) {
    Index *x = place_index(v->c, a[d], !pieces), *y = place_index(v->c, b[d], !pieces);
    if (x && y) slots_join(v, x, y, pieces);
  }
}

static void join_read(Ctx *c, const Expr *r, void *arg) {
  Names *v = arg;
  (void)c;
  for (int i = 0; i < v->k->neq; i++)
    if (v->k->eq[i]->out == r->tensor) join_places(v, v->k->eq[i]->place, r->arg, r->n, false);
}

static void join_fellow(Ctx *c, const Expr *r, void *arg) {
  Names *v = arg;
  (void)c;
  if (r->tensor == v->read->tensor) join_places(v, v->read->arg, r->arg, r->n, false);
}

/* Equations that read the same tensor run along it together. */
static void join_common(Ctx *c, const Expr *r, void *arg) {
  Names *v = arg;
  if (r->tensor->kind == TK_PARAM || r->tensor->kind == TK_CONST) return;
  v->read = r;
  for (int i = 0; i < v->k->neq; i++) each_read(c, v->k->eq[i]->rhs, join_fellow, v);
}

static void join_pieces(Names *v, const Kernel *k, const Eq *e) {
  for (int i = 0; i < k->neq; i++)
    if (k->eq[i] != e && k->eq[i]->out == e->out) join_places(v, e->place, k->eq[i]->place, e->out->rank, true);
}

static void join_streams(Names *v) {
  const Index *first = NULL;
  for (int s = 0; s < v->slot.n; s++) {
    const Index *i = v->slot.at[s].i;
    if (!is_stream(i) || i->ext.n) continue;
    if (first) slots_join(v, first, i, false);
    else first = i;
  }
}

/* Independent equations over spaces of the same extents in the same order run along the same loops. */
static void join_spaces(Names *v, const Kernel *k) {
  const Eq *a = k->eq[0];
  for (int i = 1; i < k->neq; i++) {
    const Eq *b = k->eq[i];
    bool same = a->nfree == b->nfree && a->out != b->out;
    for (int d = 0; d < a->nfree && same; d++) same = extent_equal(a->free[d]->ext, b->free[d]->ext);
    for (int d = 0; d < a->nfree && same; d++) slots_join(v, a->free[d], b->free[d], false);
  }
}

static bool name_taken(const Names *v, const Graph *g, int root, const char *s) {
  const Index *of = v->slot.at[root].i;
  for (int i = 0; i < root; i++)
    if (slot_root(v, i) == i && name_same(v->slot.at[i].i->name, s)) return true;
  for (int i = 0; i < g->ndim; i++)
    if (name_same(g->dim[i]->name, s) && !(is_stream(of) && of->ext.dim == g->dim[i])) return true;
  return graph_tensor(g, s) != NULL;
}

static const char *name_fresh(const Names *v, const Graph *g, int root) {
  const Index *i = v->slot.at[root].i;
  const char *hint = is_stream(i) && !i->ext.n ? i->ext.dim->name : i->name, *s = hint;
  for (int n = 1; name_taken(v, g, root, s); n++) s = ctx_printf(v->c, "%s%d", hint, n);
  return ctx_intern(v->c, s);
}

/* In a sorted list only a recurrence reads itself or what comes later. Its equations: from the reader on to what it reads. */
static bool reads_ahead(const Kernel *k, int i) {
  for (int r = 0; r <= i; r++)
    for (int w = i; w < k->neq; w++)
      if (expr_reads(k->eq[r]->rhs, k->eq[w]->out)) return true;
  return false;
}

/* The equations of a recurrence step through it in one loop. */
static void join_circles(Names *v, const Graph *g, const Kernel *k) {
  const Index *first = NULL;
  for (int i = 0; i < k->neq; i++) {
    Index *step = reads_ahead(k, i) ? eq_step(v->c, g, k->eq[i]) : NULL;
    if (!first) first = step;
    else if (step) slots_join(v, first, step, false);
  }
}

void kernel_unify(Ctx *c, const Graph *g, Kernel *k) {
  Names v = { .c = c, .k = k };
  for (int i = 0; i < k->neq; i++) {
    Expr *red = eq_reduction(k->eq[i], NULL);
    slots_add(&v, k->eq[i]->free, k->eq[i]->nfree, i);
    if (red) slots_add(&v, red->bound, red->nbound, i);
  }
  join_streams(&v);
  join_circles(&v, g, k);
  for (int i = 0; i < k->neq; i++) {
    each_read(c, k->eq[i]->rhs, join_read, &v);
    join_pieces(&v, k, k->eq[i]);
  }
  for (int i = 0; i < k->neq && k->neq <= 32; i++) each_read(c, k->eq[i]->rhs, join_common, &v);
  if (k->neq > 1) join_spaces(&v, k);
  for (int i = 0; i < v.slot.n; i++)
    if (slot_root(&v, i) == i) v.slot.at[i].i->name = name_fresh(&v, g, i);
  for (int i = 0; i < v.slot.n; i++) v.slot.at[i].i->name = v.slot.at[slot_root(&v, i)].i->name;
}
