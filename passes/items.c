/* A kernel as its builders see it: one item a leaf, and where its reads and writes lie in memory.
 *   y[o < 8, t] = sum(c, k: x[c, t + k] * w[o, c, k])        access_stride of x along t: 1, along c: the row length, of w along t: 0 */
#include "builders.h"
#include "../ir/scalar.h"

bool is_stream(const Index *i) { return i->ext.dim && i->ext.dim->stream; }
bool is_fixed(const Index *i) { return !i->ext.dim; }
int64_t count_max(const Index *i) { return extent_max(i->ext); }
bool name_in(const NameList *v, const char *name) {
  for (int i = 0; i < v->n; i++) if (name_same(v->at[i], name)) return true;
  return false;
}
void name_add(Ctx *c, NameList *v, const char *name) { if (!name_in(v, name)) PUSH(c, *v, name); }

/* ---- items */
Index *index_named(Index *const *at, int n, const char *name) {
  for (int i = 0; i < n; i++) if (name_same(at[i]->name, name)) return at[i];
  return NULL;
}
Index *index_largest(Index *const *at, int n) {
  Index *best = NULL;
  for (int i = 0; i < n; i++) if (is_fixed(at[i]) && (!best || count_max(at[i]) >= count_max(best))) best = at[i];
  return best;
}
Index *item_free(const Item *it, const char *name) { return index_named(it->free, it->nfree, name); }
Index *item_bound(const Item *it, const char *name) { return index_named(it->k, it->nk, name); }
bool item_reads(const Item *it, const Tensor *t) {
  EACH(Expr, r, it->reads) if (r->tensor == t) return true;
  return false;
}
bool same_space(const Item *a, const Item *b) {
  bool same = a->nfree == b->nfree && a->neq == 1 && b->neq == 1; const Index *j;
  for (int i = 0; i < a->nfree && same; i++) same = (j = item_free(b, a->free[i]->name)) && extent_equal(j->ext, a->free[i]->ext);
  return same;
}

static bool place_same(const Expr *a, const Expr *b) {
  return a->kind == b->kind && (a->kind == E_INDEX ? name_same(a->index->name, b->index->name) : a->kind == E_CONST && a->i == b->i);
}
bool reads_near(const Item *reader, const Item *it, const NameList *col) {
  EACH(Expr, e, reader->reads) {
    if (e->tensor == it->t && it->neq > 1) return false;
    for (int d = 0; e->tensor == it->t && d < e->n; d++) {
      const Index *i = col && expr_is_const(e->arg[d]) ? expr_bare(it->eq[0]->place[d]) : NULL;
      if (!place_same(e->arg[d], it->eq[0]->place[d]) && !(i && name_in(col, i->name))) return false;
    }
  }
  return true;
}
bool reads_at_home(const Item *reader, const Item *it) { return reads_near(reader, it, NULL); }

static Item item_of(Ctx *c, const Kernel *k, Tensor *t) {
  Eqs v = { 0 }; Item it = { .t = t, .circle = -1 };
  EQS(e, k) if (e->out == t) { PUSH(c, v, e); expr_reads_of(c, e->rhs, &it.reads); }
  it.eq = v.at; it.neq = v.n; it.free = v.at[0]->free; it.nfree = v.at[0]->nfree; it.red = eq_reduction(v.at[0], NULL);
  if (it.red) { it.k = it.red->bound; it.nk = it.red->nbound; }
  return it;
}

/* An item stands where its last piece stands: its readers come later, and all that its pieces read came before. */
Items items_of(Ctx *c, const Kernel *k) {
  Items v = { 0 };
  for (int i = 0; i < k->neq; i++) {
    bool last = true;
    for (int j = i + 1; j < k->neq && last; j++) last = k->eq[j]->out != k->eq[i]->out;
    if (last) PUSH(c, v, item_of(c, k, k->eq[i]->out));
  }
  return v;
}

/* ---- joined indices: every pair that stands side by side in a place, if all places agree
 *   y[i, j, o] = max(sum(c: x[i, j, c] * w[o, c]), 0)        rows i.j */
static const Kernel *join_all(Ctx *c, const Kernel *k, const Target *t) {
  NameList tried = { 0 }, dots = { 0 }; const Kernel *from = kernel_stream(k) || kernel_circles(k) ? k : NULL, *to; const Index *dot;
  EQS(e, k) if ((dot = group_index(c, t, e))) name_add(c, &dots, dot->name);      /* an instruction takes these */
  while (from != k) {
    from = k;
    EQS(e, from) {
      Exprs at = rhs_reads(c, e); PUSH(c, at, expr_read(c, e->out, e->place, e->pos));
      EACH(Expr, r, at) for (int d = 0; d + 1 < r->n && k == from; d++) {
        const Index *i = expr_bare(r->arg[d]), *j = expr_bare(r->arg[d + 1]);
        const char *name = i && j ? ctx_intern(c, ctx_printf(c, "%s.%s", i->name, j->name)) : NULL;
        if (!name || name_in(&tried, name) || name_in(&dots, i->name) || name_in(&dots, j->name)) continue;
        PUSH(c, tried, name); if ((to = kernel_join(c, k, i->name, j->name))) k = to;
      }
    }
  }
  return k;
}
Build build_of(Ctx *c, const Graph *g, const Kernel *k, const Target *t) {
  const Kernel *to = join_all(c, k, t); return (Build){ c, g, to, k, t, items_of(c, to), kernel_lanes(k, t) };
}

/* ---- groups
 *   z = sum(...)  a = tanh(z)  h = sum(a ...)  s = s0 + a        groups: { z, a, s }, { h }     (s moves up to its producer)
 * A contraction starts a group; pointwise items of its space join it as long as they read its members at home; a second contraction joins if a later
 * item of the group reads both (gates). The equations of a recurrence stay together as they are.
 * Where a pointwise item may move up to: behind its last producer and the pointwise items of the same space there. */
static int home_of(const Item *at, int i) {
  const Item *it = &at[i]; int last = i - 1;
  while (last >= 0 && !item_reads(it, at[last].t)) last--;
  if (it->red || it->neq != 1 || it->circle >= 0 || last < 0 || at[last].circle >= 0) return i;
  if (!same_space(it, &at[last]) || !reads_at_home(it, &at[last])) return i;
  for (last++; last < i && !at[last].red && at[last].circle < 0 && same_space(it, &at[last]); last++) {}
  return last;
}

void items_move(Item *at, int from, int to) { Item it = at[from]; memmove(at + to + 1, at + to, sizeof *at * (size_t)(from - to)); at[to] = it; }

static bool reads_two(const Items *its, const Item *a, const Item *b) {
  for (const Item *it = b + 1; it < its->at + its->n; it++)
    if (!it->red && same_space(it, a) && item_reads(it, a->t) && item_reads(it, b->t)) return true;
  return false;
}
static bool group_joins(const Items *its, const Group *g, const Item *it) {
  const Item *head = &its->at[g->first];
  if (it->circle >= 0 || g->circle) return it->circle == head->circle;
  if (!same_space(head, it)) return false;
  for (const Item *o = head; o < it; o++) if (item_reads(it, o->t) && (it->red || !reads_at_home(it, o))) return false;
  return !it->red || (head->red && g->ncon < 4 && reads_two(its, head, it));
}

Groups groups_of(Build *b) {
  Groups v = { 0 }; Circle x; bool any = kernel_circles(b->k);
  ITEMS(it, b) if (any && eq_circle(b->c, b->g, it->eq[0], &x) >= 0) it->circle = x.first;
  for (int i = 1; i < b->its.n; i++) items_move(b->its.at, i, home_of(b->its.at, i));
  for (int i = 0; i < b->its.n; i++) {
    Item *it = &b->its.at[i];
    if (!v.n || !group_joins(&b->its, &v.at[v.n - 1], it)) PUSH(b->c, v, ((Group){ .first = i, .circle = it->circle >= 0 }));
    it->group = v.n - 1; v.at[it->group].end = i + 1; v.at[it->group].ncon += it->red != NULL;
  }
  return v;
}

Index *eq_step(Ctx *c, const Graph *g, const Eq *e) {
  Circle x; Aff a; int k = eq_circle(c, g, e, &x);
  return k >= 0 && expr_affine(c, e->place[x.dim[k]], &a) && a.n == 1 ? a.index[0] : NULL;
}
const char *group_step(const Build *b, const Group *g) {
  const Index *step = NULL;
  for (const Item *it = b->its.at + g->first; it < b->its.at + g->end; it++) EQS(e, it) step = step ? step : eq_step(b->c, b->g, e);
  return step ? step->name : NULL;
}

/* ---- kernels */
bool is_local(const Kernel *k, const Tensor *t) { return t->kind == TK_TEMP && array_find(k->out, k->nout, t) < 0; }
/* In a sorted list only a recurrence reads itself or what comes later. */
bool kernel_circles(const Kernel *k) {
  for (int r = 0; r < k->neq; r++) for (int w = r; w < k->neq; w++) if (expr_reads(k->eq[r]->rhs, k->eq[w]->out)) return true;
  return false;
}
Index *kernel_stream(const Kernel *k) {
  EQS(e, k) if (eq_stream(e)) return eq_stream(e);
  return NULL;
}
int kernel_lanes(const Kernel *k, const Target *t) {
  int bytes = 4;                                          /* narrow types compute in 32 bits */
  EQS(e, k) if (type_bytes(e->out->type) > bytes && !(e->rhs->kind == E_REDUCE && red_is_place(e->rhs->red))) bytes = type_bytes(e->out->type);
  return t->vector_bytes ? target_lanes(t, bytes) : 1;
}
bool tensors_alike(const Tensor *a, const Tensor *b) {
  bool same = a->rank == b->rank && a->type == b->type && !a->layout && !b->layout;
  for (int d = 0; d < a->rank && same; d++) same = extent_equal(a->shape[d], b->shape[d]);
  return same;
}

void each_read(Ctx *c, const Expr *e, ReadFn *fn, void *arg) {
  if (e->kind == E_READ) fn(c, e, arg);
  for (int k = 0; k < e->n; k++) each_read(c, e->arg[k], fn, arg);
}

/* ---- strides. A layout lists its components outer to inner; without one the last dimension is the innermost. */
int64_t part_extent(const Tensor *t, LayoutDim l) {
  int64_t div = l.div > 1 ? l.div : 1, n = (extent_max(t->shape[l.dim]) + div - 1) / div;
  return l.mod && l.mod < n ? l.mod : n;
}
static int64_t dim_stride(const Tensor *t, int d) {
  int64_t s = 1;
  for (int i = t->rank - 1; i > d && !t->layout; i--) s *= extent_max(t->shape[i]);
  for (int i = t->layout ? t->nlayout - 1 : -1; i >= 0; i--) {
    if (t->layout[i].dim == d && t->layout[i].div <= 1) return s;
    s *= part_extent(t, t->layout[i]);
  }
  return s;
}

static bool is_named(const Expr *e, const void *name) { return e->kind == E_INDEX && name_same(e->index->name, name); }
int64_t access_stride(Ctx *c, const Tensor *t, Expr *const *place, const char *name) {
  int64_t s = 0;
  for (int d = 0; d < t->rank; d++) {
    Aff a = { 0 }; int i = 0;
    if (!expr_affine(c, place[d], &a) && expr_some(place[d], is_named, name)) return -1;
    while (i < a.n && !name_same(a.index[i]->name, name)) i++;
    if (i < a.n) s += a.k[i] * dim_stride(t, d);
  }
  return s < 0 ? -1 : s;
}

/* ---- the lanes that suit an item: stride 1 in what it writes and reads */
static double lane_score(Ctx *c, const Item *it, const Index *i, bool bound) {
  double v = count_max(i) < 2 ? -2 : 0; int64_t k;
  for (int e = 0; e < it->neq && !bound; e++) v += access_stride(c, it->t, it->eq[e]->place, i->name) == 1 ? 3 : -4;
  EACH(Expr, r, it->reads) v += (k = access_stride(c, r->tensor, r->arg, i->name)) == 1 ? 2 : k == 0 ? 0 : -3;
  return v;
}
const char *lane_best(Ctx *c, const Item *it, bool bound) {
  const char *best = NULL; double most = -1e9;
  for (int i = (bound ? it->nk : it->nfree) - 1; i >= 0; i--) {
    const Index *x = (bound ? it->k : it->free)[i]; double v = lane_score(c, it, x, bound);
    if (v > most) { most = v; best = x->name; }
  }
  return best;
}

/* ---- shapes of sums of products
 *   y[n, o, i] = sum(c, k: x[n, c, i + k] * w[o, c, k])      batch -, m {n, i}, n {o}, k {c, k}
 *   y[c, i]    = sum(k: x[c, i + k] * w[c, k])               batch {c}, m {i}, n -, k {k}   (each channel by itself) */
static Expr *factor_read(Expr *e) {
  while (e->kind == E_CONVERT || e->kind == E_OR) e = e->arg[0];
  return e->kind == E_READ ? e : NULL;
}
static bool read_has(const Expr *r, const Index *i) {
  for (int d = 0; d < r->n; d++) if (expr_has_index(r->arg[d], i)) return true;
  return false;
}
const Index *group_index(Ctx *c, const Target *t, const Eq *e) {
  Shape s = shape_of(c, e); const Index *q = s.nk ? s.k[s.nk - 1] : NULL; const Expr *red = eq_reduction(e, NULL);
  if (!s.contracts || q->ext.dim || q->ext.n < 2 || red->n > 1 || !tensor_known(s.w->tensor)) return NULL;
  Type x = s.x->tensor->type, w = s.w->tensor->type;
  for (int d = 0; d < s.x->n; d++) if (expr_has_index(s.x->arg[d], q) && !place_inside(c, s.x->arg[d], s.x->tensor->shape[d])) return NULL;
  return read_dim(s.w, q) >= 0 && (dot_kind(t, x, w, q->ext.n) >= 0 || dot_kind(t, w, x, q->ext.n) >= 0) ? q : NULL;
}
void shape_plain(Ctx *c, const Eq *e, Shape *out) {
  Indices v[4] = { 0 };                                   /* by the operands that have them: x alone, w alone, both */
  *out = (Shape){ 0 };
  const Expr *red = eq_reduction(e, NULL), *b = red ? red->arg[0] : NULL;
  while (b && b->kind == E_CONVERT) b = b->arg[0];
  if (!red || red->red != RED_SUM || b->kind != E_FN || b->fn != FN_MUL || b->n != 2) return;
  Expr *x = factor_read(b->arg[0]), *w = factor_read(b->arg[1]);
  if (!x || !w) return;
  bool swap = tensor_known(x->tensor) && !tensor_known(w->tensor);
  *out = (Shape){ .contracts = true, .x = swap ? w : x, .w = swap ? x : w, .k = red->bound, .nk = red->nbound };
  for (int i = 0; i < red->nbound; i++) out->contracts &= read_has(x, red->bound[i]) && read_has(w, red->bound[i]);
  for (int i = 0; i < e->nfree; i++) {
    int in = read_has(out->x, e->free[i]) + 2 * read_has(out->w, e->free[i]);
    PUSH(c, v[in ? in : 1], e->free[i]);                  /* in neither: as if in x */
  }
  out->m = v[1].at; out->nm = v[1].n; out->n = v[2].at; out->nn = v[2].n; out->batch = v[3].at; out->nbatch = v[3].n;
}
