/* Index names of a kernel: one name a loop.
 *   before  z[i] = sum(j: x[j] * w[i, j]);  y[k] = tanh(z[k]) + b[k];
 *   after   z[i] = sum(j: x[j] * w[i, j]);  y[i] = tanh(z[i]) + b[i];
 * keeps   everything but names (indices are objects of their own in every equation)
 * never   gives two indices of one equation one name, nor indices of different extents (pieces of a tensor excepted: they share a leaf)
 * Classes are joined where a tensor is written at a bare index and read at a bare index, in equation order, unless an equation got an index twice. */
#include "builders.h"
#include "../ir/lin.h"

/* Slots of one equation are neighbours. up: towards the first slot of its class. */
typedef struct Slot { Index *i; int eq, up; } Slot;
typedef struct Classes { Ctx *c; const Kernel *k; VEC(Slot) slot; Exprs *reads; } Classes;

static void slot_add(Classes *v, Index *i, int eq) { Slot s = { i, eq, v->slot.n }; PUSH(v->c, v->slot, s); }
static int slot_root(const Classes *v, int s) { return v->slot.at[s].up == s ? s : slot_root(v, v->slot.at[s].up); }
/* The class of an index, -1: it is not of these equations. */
static int class_of(const Classes *v, const Index *i) {
  for (int s = 0; s < v->slot.n && i; s++) if (v->slot.at[s].i == i) return slot_root(v, s);
  return -1;
}

static bool classes_clash(const Classes *v, int a, int b) {
  bool has_a = false, has_b = false;
  for (int s = 0; s < v->slot.n && !(has_a && has_b); s++) {
    int root = slot_root(v, s);
    if (s && v->slot.at[s].eq != v->slot.at[s - 1].eq) has_a = has_b = false;
    has_a |= root == a; has_b |= root == b;
  }
  return has_a && has_b;
}

static void join(Classes *v, const Index *x, const Index *y, bool any_extent) {
  int a = class_of(v, x), b = class_of(v, y);
  if (a < 0 || b < 0 || a == b || (!any_extent && !extent_equal(x->ext, y->ext)) || classes_clash(v, a, b)) return;
  v->slot.at[a < b ? b : a].up = a < b ? a : b;
}
/* Where both places of a dimension are bare indices, or composites with the same factors, each once. */
static void join_places(Classes *v, Expr *const *a, Expr *const *b, int n) {
  for (int d = 0; d < n; d++) {
    Aff x, y; bool same = expr_affine(v->c, a[d], &x) && expr_affine(v->c, b[d], &y) && x.n == y.n && !x.c && !y.c;
    same = same && digits_apart(&x) && digits_apart(&y);
    for (int i = 0; same && i < x.n; i++) for (int j = 0; j < y.n; j++) if (x.k[i] == y.k[j]) join(v, x.index[i], y.index[j], false);
  }
}

/* All indices over the stream; the equations of a recurrence step through it in one loop. */
static void join_steps(Classes *v, const Graph *g) {
  const Index *t = NULL, *step = NULL; bool any = kernel_circles(v->k);
  for (int s = 0; s < v->slot.n; s++) {
    const Index *i = v->slot.at[s].i;
    if (is_stream(i) && !i->ext.n) { join(v, t, i, false); t = t ? t : i; }
  }
  if (any) EQS(e, v->k) { const Index *x = eq_step(v->c, g, e); join(v, step, x, false); step = step ? step : x; }
}

/* The index that stands in a place alone or with a constant. */
static Index *place_index(Ctx *c, const Expr *e) {
  Aff a;
  if (e->kind == E_INDEX) return expr_bare(e);
  return expr_affine(c, e, &a) && a.n == 1 && a.k[0] == 1 && !a.index[0]->is_dim ? a.index[0] : NULL;
}
static void join_pieces(Classes *v, const Eq *e) {
  const int rank = e->out->rank; Ctx *c = v->c;
  EQS(o, v->k) for (int d = 0; o != e && o->out == e->out && d < rank; d++) join(v, place_index(c, e->place[d]), place_index(c, o->place[d]), true);
}
static bool name_taken(const Classes *v, const Graph *g, int root, const char *s) {
  const Index *x = v->slot.at[root].i;
  for (int i = 0; i < root; i++) if (slot_root(v, i) == i && name_same(v->slot.at[i].i->name, s)) return true;
  for (int i = 0; i < g->ndim; i++) if (name_same(g->dim[i]->name, s) && !(is_stream(x) && x->ext.dim == g->dim[i])) return true;
  return graph_tensor(g, s) != NULL;
}
static const char *name_fresh(const Classes *v, const Graph *g, int root) {
  const Index *i = v->slot.at[root].i;
  const char *hint = is_stream(i) && !i->ext.n ? i->ext.dim->name : i->name, *s = hint;
  for (int n = 1; name_taken(v, g, root, s); n++) s = ctx_printf(v->c, "%s%d", hint, n);
  return ctx_intern(v->c, s);
}
void kernel_unify(Ctx *c, const Graph *g, Kernel *k) {
  Classes v = { .c = c, .k = k, .reads = NEWN(c, Exprs, k->neq) };
  for (int i = 0; i < k->neq; i++) {
    const Eq *e = k->eq[i]; const Expr *red = eq_reduction(e, NULL); v.reads[i] = rhs_reads(c, e);
    for (int j = 0; j < e->nfree; j++) slot_add(&v, e->free[j], i);
    for (int j = 0; red && j < red->nbound; j++) slot_add(&v, red->bound[j], i);
  }
  join_steps(&v, g);
  for (int i = 0; i < k->neq; i++) {                       /* each reads at what its tensors are written at */
    EACH(Expr, r, v.reads[i]) EQS(w, k) if (w->out == r->tensor) join_places(&v, w->place, r->arg, r->n);
    join_pieces(&v, k->eq[i]);
  }
  for (int i = 0; i < k->neq && k->neq <= 32; i++)         /* those that read the same tensor run along it together */
    EACH(Expr, a, v.reads[i])
      for (int j = 0; j < k->neq && !tensor_known(a->tensor); j++)
        EACH(Expr, b, v.reads[j]) if (b->tensor == a->tensor) join_places(&v, a->arg, b->arg, a->n);
  EQS(b, k) {                                             /* independent ones over spaces of the same extents run along the same loops */
    const Eq *a = k->eq[0]; bool same = a->out != b->out && same_extents(a->free, a->nfree, b->free, b->nfree);
    for (int d = 0; d < a->nfree && same; d++) join(&v, a->free[d], b->free[d], false);
  }
  for (int i = 0; i < v.slot.n; i++) if (slot_root(&v, i) == i) v.slot.at[i].i->name = name_fresh(&v, g, i);
  for (int i = 0; i < v.slot.n; i++) v.slot.at[i].i->name = v.slot.at[slot_root(&v, i)].i->name;
}
