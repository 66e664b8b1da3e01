/* A kernel as its builders see it: one item a leaf, and where its reads and writes lie in memory.
 *
 *   y[o < 8, t] = sum(c, k: x[c, t + k] * w[o, c, k])        access_stride of x along t: 1, along c: the row length, of w along t: 0
 */
#include "builders.h"

bool name_same(const char *a, const char *b) { return a == b || (a && b && !strcmp(a, b)); }
bool is_stream(const Index *i) { return i->ext.dim && i->ext.dim->stream; }
bool is_fixed(const Index *i) { return !i->ext.dim; }
int64_t count_max(const Index *i) { return extent_max(i->ext); }

static Index *index_named(Index **at, int n, const char *name) {
  for (int i = 0; i < n; i++)
    if (name_same(at[i]->name, name)) return at[i];
  return NULL;
}
Index *item_free(const Item *it, const char *name) { return index_named(it->free, it->nfree, name); }
Index *item_bound(const Item *it, const char *name) { return index_named(it->k, it->nk, name); }

bool item_reads(const Item *it, const Tensor *t) {
  for (int i = 0; i < it->neq; i++)
    if (expr_reads(it->eq[i]->rhs, t)) return true;
  return false;
}

bool same_space(const Item *a, const Item *b) {
  if (a->nfree != b->nfree || a->neq != 1 || b->neq != 1) return false;
  for (int i = 0; i < a->nfree; i++) {
    Index *j = item_free(b, a->free[i]->name);
    if (!j || !extent_equal(j->ext, a->free[i]->ext)) return false;
  }
  return true;
}

static Item item_of(Ctx *c, const Kernel *k, Tensor *t) {
  VEC(Eq *) v = { 0 };
  for (int i = 0; i < k->neq; i++)
    if (k->eq[i]->out == t) PUSH(c, v, k->eq[i]);
  Item it = { .t = t, .eq = v.at, .neq = v.n, .red = eq_reduction(v.at[0], NULL), .free = v.at[0]->free, .nfree = v.at[0]->nfree };
  if (it.red) it.k = it.red->bound, it.nk = it.red->nbound;
  return it;
}

/* An item stands where its last piece stands: its readers come later, and all that its pieces read came before. */
Items items_of(Ctx *c, const Kernel *k) {
  VEC(Item) v = { 0 };
  for (int i = 0; i < k->neq; i++) {
    bool last = true;
    for (int j = i + 1; j < k->neq && last; j++) last = k->eq[j]->out != k->eq[i]->out;
    if (last) PUSH(c, v, item_of(c, k, k->eq[i]->out));
  }
  return (Items){ v.at, v.n };
}

/* ---- reads */
void each_read(Ctx *c, const Expr *e, ReadFn *fn, void *arg) {
  if (e->kind == E_READ) fn(c, e, arg);
  for (int k = 0; k < e->n; k++) each_read(c, e->arg[k], fn, arg);
}

static bool place_same(const Expr *a, const Expr *b) {
  if (a->kind == E_INDEX && b->kind == E_INDEX) return name_same(a->index->name, b->index->name);
  return a->kind == E_CONST && b->kind == E_CONST && a->i == b->i;
}

/* Does e read t at these places only? */
static bool reads_at(const Expr *e, const Tensor *t, Expr *const *place) {
  bool same = true;
  bool here = e->kind == E_READ && e->tensor == t;
  for (int d = 0; d < e->n && same; d++) same = reads_at(e->arg[d], t, place) && (!here || place_same(e->arg[d], place[d]));
  return same;
}

bool reads_at_home(const Item *reader, const Item *it) {
  bool home = it->neq == 1 || !item_reads(reader, it->t);
  for (int i = 0; i < reader->neq && home && it->neq == 1; i++) home = reads_at(reader->eq[i]->rhs, it->t, it->eq[0]->place);
  return home;
}

bool is_local(const Kernel *k, const Tensor *t) {
  if (t->kind != TK_TEMP) return false;
  for (int i = 0; i < k->nout; i++)
    if (k->out[i] == t) return false;
  return true;
}

int kernel_lanes(const Kernel *k, const Target *t) {
  int bytes = 4;                                          /* narrow types compute in 32 bits */
  for (int i = 0; i < k->neq; i++)
    if (type_bytes(k->eq[i]->out->type) > bytes) bytes = type_bytes(k->eq[i]->out->type);
  return t->vector_bytes ? target_lanes(t, bytes) : 1;
}

/* ---- strides. A layout lists its components outer to inner; without one the last dimension is the innermost. */
static int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
static int64_t part_extent(const Tensor *t, LayoutDim l) {
  int64_t n = ceil_div(extent_max(t->shape[l.dim]), l.div > 1 ? l.div : 1);
  return l.mod && l.mod < n ? l.mod : n;
}

static int64_t dim_stride(const Tensor *t, int d) {
  int64_t s = 1;
  if (!t->layout) {
    for (int i = t->rank - 1; i > d; i--) s *= extent_max(t->shape[i]);
    return s;
  }
  for (int i = t->nlayout - 1; i >= 0; i--) {
    if (t->layout[i].dim == d && t->layout[i].div <= 1) return s;
    s *= part_extent(t, t->layout[i]);
  }
  return s;
}

static bool has_name(const Expr *e, const char *name) {
  bool found = e->kind == E_INDEX && name_same(e->index->name, name);
  for (int k = 0; k < e->n && !found; k++) found = has_name(e->arg[k], name);
  return found;
}

int64_t access_stride(Ctx *c, const Tensor *t, Expr *const *place, const char *name) {
  int64_t s = 0;
  for (int d = 0; d < t->rank; d++) {
    Aff a;
    if (!expr_affine(c, place[d], &a)) {
      if (has_name(place[d], name)) return -1;
      continue;
    }
    int i = 0;
    while (i < a.n && !name_same(a.index[i]->name, name)) i++;
    if (i < a.n) s += a.k[i] * dim_stride(t, d);
  }
  return s < 0 ? -1 : s;
}

/* ---- the lanes that suit an item: stride 1 in what it writes and reads */
typedef struct Score { Ctx *c; const char *name; double v; } Score;
static void score_read(Ctx *c, const Expr *r, void *arg) {
  Score *s = arg;
  int64_t k = access_stride(c, r->tensor, r->arg, s->name);
  s->v += k == 1 ? 2 : k == 0 ? 0 : -3;
}

static double lane_score(Ctx *c, const Item *it, const Index *i, bool bound) {
  Score s = { c, i->name, 0 };
  for (int k = 0; k < it->neq; k++) {
    const Eq *e = it->eq[k];
    if (!bound) s.v += access_stride(c, e->out, e->place, i->name) == 1 ? 3 : -4;
    each_read(c, e->rhs, score_read, &s);
  }
  return s.v + (count_max(i) < 2 ? -2 : 0);
}

const char *lane_best(Ctx *c, const Kernel *k, const Item *it, bool bound) {
  const char *best = NULL;
  double most = -1e9;
  (void)k;
  for (int i = (bound ? it->nk : it->nfree) - 1; i >= 0; i--) {
    const Index *x = (bound ? it->k : it->free)[i];
    double v = lane_score(c, it, x, bound);
    if (v > most) most = v, best = x->name;
  }
  return best;
}
