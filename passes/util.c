/* Small tools of the graph-to-graph passes: who reads what, rebuilding expressions, new tensors. */
#include "util.h"
#include <string.h>

/* ---- maps */
static int pmap_slot(const Map *m, const void *key)
{
  size_t h = (size_t)key >> 4;
  h = (h ^ h >> 15) * 0x9E3779B97F4A7C15u >> 20;
  int at = (int)(h & (size_t)(m->cap - 1));
  while (m->key[at] && m->key[at] != key) at = (at + 1) & (m->cap - 1);
  return at;
}

int pmap_get(const Map *m, const void *key)
{
  if (!m->cap) return -1;
  int at = pmap_slot(m, key);
  return m->key[at] ? m->value[at] : -1;
}

static void pmap_grow(Ctx *c, Map *m)
{
  Map old = *m;
  m->cap = old.cap ? 2 * old.cap : 64;
  m->key = NEWN(c, const void *, m->cap);
  m->value = NEWN(c, int, m->cap);
  m->n = 0;
  for (int k = 0; k < old.cap; k++)
    if (old.key[k]) pmap_set(c, m, old.key[k], old.value[k]);
}

void pmap_set(Ctx *c, Map *m, const void *key, int value)
{
  if (2 * (m->n + 1) > m->cap) pmap_grow(c, m);
  int at = pmap_slot(m, key);
  if (!m->key[at]) m->n++;
  m->key[at] = key;
  m->value[at] = value;
}

/* ---- uses */
static UseList *use_make(Ctx *c, Uses *u, const Tensor *t)
{
  int k = pmap_get(&u->map, t);
  if (k < 0) {
    k = u->list.n;
    pmap_set(c, &u->map, t, k);
    PUSH(c, u->list, (UseList){ 0 });
  }
  return &u->list.at[k];
}

Uses uses_find(Ctx *c, const Graph *g)
{
  Uses u = { 0 };
  for (int k = 0; k < g->ntensor; k++) use_make(c, &u, g->tensor[k]);
  for (int k = 0; k < g->neq; k++) {
    Eq *e = g->eq[k];
    UseList *w = use_make(c, &u, e->out);
    PUSH(c, w->writer, e);
    Exprs reads = { 0 };
    expr_reads_of(c, e->rhs, &reads);
    for (int r = 0; r < reads.n; r++) {
      UseList *l = use_make(c, &u, reads.at[r]->tensor);
      PUSH(c, l->read, ((Use){ e, reads.at[r] }));
    }
  }
  return u;
}

UseList *uses_get(Uses *u, const Tensor *t)
{
  int k = pmap_get(&u->map, t);
  return k < 0 ? NULL : &u->list.at[k];
}

int uses_readers(Uses *u, const Tensor *t, Eq **first)
{
  const UseList *l = uses_get(u, t);
  int n = 0;
  if (first) *first = NULL;
  for (int k = 0; l && k < l->read.n; k++) {
    bool seen = false;
    for (int j = 0; j < k; j++) seen |= l->read.at[j].eq == l->read.at[k].eq;
    if (!n && first) *first = l->read.at[k].eq;
    n += !seen;
  }
  return n;
}

/* ---- indices */
Index *index_new(Ctx *c, const char *name, Extent ext)
{
  Index *i = NEW(c, Index);
  i->name = name;
  i->ext = ext;
  i->id = ++c->nid;
  return i;
}

bool index_stream(const Index *i)
{
  return !i->is_dim && i->ext.dim && i->ext.dim->stream;
}

bool index_in(const Index *i, Index *const *list, int n)
{
  for (int k = 0; k < n; k++)
    if (list[k] == i) return true;
  return false;
}

Index *expr_bare(const Expr *e)
{
  return e->kind == E_INDEX && !e->index->is_dim ? e->index : NULL;
}

double eq_points(const Eq *e)
{
  double n = 1;
  for (int k = 0; k < e->nfree; k++) n *= (double)extent_max(e->free[k]->ext);
  return n;
}

Index *eq_stream(const Eq *e)
{
  for (int k = 0; k < e->nfree; k++)
    if (index_stream(e->free[k])) return e->free[k];
  return NULL;
}

double reduce_points(const Expr *red)
{
  double n = 1;
  for (int k = 0; k < red->nbound; k++) n *= (double)extent_max(red->bound[k]->ext);
  return n;
}

/* ---- expressions */
Expr *expr_rebuild(Ctx *c, const Expr *e, Expr **arg)
{
  switch (e->kind) {
  case E_READ:    return expr_read(c, e->tensor, arg, e->pos);
  case E_FN:      return expr_fn(c, e->fn, arg, e->pos);
  case E_CONVERT: return expr_convert(c, e->mode, e->type, arg[0], e->pos);
  case E_SELECT:  return expr_select(c, arg[0], arg[1], arg[2], e->pos);
  case E_OR:      return expr_or(c, arg[0], arg[1], e->pos);
  case E_REDUCE:  return expr_reduce(c, e->red, e->bound, e->nbound, arg[0], e->n > 1 ? arg[1] : NULL, e->pos);
  default:        return (Expr *)e;
  }
}

void expr_reads_of(Ctx *c, Expr *e, Exprs *out)
{
  if (e->kind == E_READ) PUSH(c, *out, e);
  for (int k = 0; k < e->n; k++) expr_reads_of(c, e->arg[k], out);
}

bool expr_costly(const Expr *e)
{
  static const bool costly[FN_COUNT] = {
    [FN_EXP] = true, [FN_EXPM1] = true, [FN_LOG] = true, [FN_LOG1P] = true, [FN_SQRT] = true, [FN_SIN] = true, [FN_COS] = true,
    [FN_ATAN] = true, [FN_TANH] = true, [FN_ERF] = true, [FN_POW] = true,
  };
  if (e->kind == E_FN && (costly[e->fn] || (e->fn == FN_DIV && type_is_float(e->type) && !expr_is_const(e->arg[1])))) return true;
  if (e->kind == E_REDUCE) return true;
  for (int k = 0; k < e->n; k++)
    if (expr_costly(e->arg[k])) return true;
  return false;
}

bool expr_has(const Expr *e, ExprKind kind)
{
  if (e->kind == kind) return true;
  for (int k = 0; k < e->n; k++)
    if (expr_has(e->arg[k], kind)) return true;
  return false;
}

int expr_ops(const Expr *e)
{
  int n = e->kind == E_FN || e->kind == E_SELECT || e->kind == E_CONVERT;
  if (e->kind == E_READ) return 0;
  for (int k = 0; k < e->n; k++) n += expr_ops(e->arg[k]);
  return n;
}

bool expr_constant(const Expr *e)
{
  if (e->kind == E_READ && e->tensor->kind != TK_PARAM && e->tensor->kind != TK_CONST) return false;
  if (e->kind == E_INDEX && (e->index->is_dim || e->index->ext.dim)) return false;
  for (int k = 0; k < e->n; k++)
    if (!expr_constant(e->arg[k])) return false;
  return true;
}

bool place_static(const Expr *e)
{
  return !expr_has(e, E_READ) && !expr_has(e, E_REDUCE);
}

bool place_inside(Ctx *c, const Expr *place, Extent n)
{
  bool lo, hi;
  expr_inside(c, place, n, &(Facts){ 0 }, &lo, &hi);
  return lo && hi;
}

bool read_inside(Ctx *c, const Expr *read)
{
  const Tensor *t = read->tensor;
  for (int d = 0; d < t->rank; d++) {
    if (d == t->stream_dim && t->history) continue;
    if (!place_static(read->arg[d]) || !place_inside(c, read->arg[d], t->shape[d])) return false;
  }
  return true;
}

void expr_indices(Ctx *c, const Expr *e, Indices *out)
{
  if (e->kind == E_INDEX && !index_in(e->index, out->at, out->n)) PUSH(c, *out, e->index);
  for (int k = 0; k < e->n; k++) expr_indices(c, e->arg[k], out);
}

bool expr_reads_inside(Ctx *c, Expr *e)
{
  Exprs reads = { 0 };
  expr_reads_of(c, e, &reads);
  for (int k = 0; k < reads.n; k++)
    if (!read_inside(c, reads.at[k])) return false;
  return true;
}

Expr *expr_sum(Ctx *c, Expr *const *at, int n)
{
  Expr *e = NULL;
  for (int k = 0; k < n; k++) e = e ? expr_fn2(c, FN_ADD, e, at[k]) : at[k];
  return e;
}

void expr_addends(Ctx *c, Expr *e, Exprs *out)
{
  if (e->kind == E_FN && e->fn == FN_ADD) {
    expr_addends(c, e->arg[0], out);
    expr_addends(c, e->arg[1], out);
  } else {
    PUSH(c, *out, e);
  }
}

/* ---- graphs */
Tensor *tensor_new(Ctx *c, Graph *g, const char *hint, Type type, int rank, const Extent *shape, Pos pos)
{
  Tensor *t = NEW(c, Tensor);
  t->name = graph_fresh(c, g, hint);
  t->type = type_strong(type);
  t->rank = rank;
  t->shape = NEWN(c, Extent, rank);
  if (rank) memcpy(t->shape, shape, sizeof *shape * (size_t)rank);
  t->kind = TK_TEMP;
  t->pos = pos;
  t->stream_dim = -1;
  for (int d = 0; d < rank; d++)
    if (shape[d].dim && shape[d].dim->stream) t->stream_dim = d;
  graph_add_tensor(c, g, t);
  return t;
}

Eq *eq_new(Ctx *c, Graph *g, Tensor *out, Index **free, int nfree, Expr *rhs, const Eq *like)
{
  Eq *e = NEW(c, Eq);
  e->out = out;
  e->free = NEWN(c, Index *, nfree);
  e->nfree = nfree;
  e->place = NEWN(c, Expr *, nfree);
  for (int k = 0; k < nfree; k++) {
    e->free[k] = free[k];
    e->place[k] = expr_index(c, free[k]);
  }
  e->rhs = rhs;
  e->label = like ? like->label : NULL;
  e->pos = like ? like->pos : out->pos;
  e->id = ++c->nid;
  graph_add_eq(c, g, e);
  return e;
}

int eq_at(const Graph *g, const Eq *e)
{
  for (int k = 0; k < g->neq; k++)
    if (g->eq[k] == e) return k;
  return -1;
}

void eq_insert(Ctx *c, Graph *g, int at, Eq *e)
{
  graph_add_eq(c, g, e);
  memmove(g->eq + at + 1, g->eq + at, sizeof *g->eq * (size_t)(g->neq - 1 - at));
  g->eq[at] = e;
}

void eq_remove(Graph *g, const Eq *e)
{
  int at = eq_at(g, e);
  if (at < 0) return;
  g->neq--;
  memmove(g->eq + at, g->eq + at + 1, sizeof *g->eq * (size_t)(g->neq - at));
}

static const char *copy_index_name(Ctx *c, Extent x, int d)
{
  return x.dim && !x.n ? x.dim->name : ctx_printf(c, "i%d", d);
}

Tensor *tensor_copy(Ctx *c, Graph *g, Tensor *t, const char *hint, Eq **eq)
{
  Tensor *n = tensor_new(c, g, hint, t->type, t->rank, t->shape, t->pos);
  Index **i = NEWN(c, Index *, t->rank);
  Expr **at = NEWN(c, Expr *, t->rank);
  for (int d = 0; d < t->rank; d++) {
    i[d] = index_new(c, ctx_intern(c, copy_index_name(c, t->shape[d], d)), t->shape[d]);
    at[d] = expr_index(c, i[d]);
  }
  *eq = eq_new(c, g, n, i, t->rank, expr_read(c, t, at, t->pos), NULL);
  return n;
}

bool eq_by_hand(const Graph *g, const Eq *e)
{
  for (int k = 0; k < g->nkernel; k++)
    for (int j = 0; j < g->kernel[k]->neq; j++)
      if (g->kernel[k]->eq[j] == e) return true;
  return false;
}

bool tensor_is_next(const Graph *g, const Tensor *t)
{
  for (int k = 0; k < g->ntensor; k++)
    if (g->tensor[k]->next == t) return true;
  return false;
}

bool graph_is_out(const Graph *g, const Tensor *t)
{
  for (int k = 0; k < g->nout; k++)
    if (g->out[k] == t) return true;
  return t->kind == TK_OUTPUT || tensor_is_next(g, t);
}

bool tensor_removable(const Graph *g, Uses *u, const Tensor *t)
{
  const UseList *l = uses_get(u, t);
  if (t->kind != TK_TEMP || t->history || !l || l->writer.n != 1 || graph_is_out(g, t)) return false;
  if (eq_by_hand(g, l->writer.at[0])) return false;
  for (int k = 0; k < l->read.n; k++)
    if (eq_by_hand(g, l->read.at[k].eq)) return false;
  return true;
}

/* Adds the words of s that are not yet in the text. */
static void label_words(Ctx *c, Text *t, const char *s)
{
  while (s && *s) {
    size_t n = strcspn(s, "+");
    bool seen = false;
    for (const char *p = t->s; p && *p && n;) {
      size_t m = strcspn(p, "+");
      seen |= m == n && !strncmp(p, s, n);
      p += m + (p[m] == '+');
    }
    if (n && !seen) text_add(t, "%s%.*s", t->n ? "+" : "", (int)n, s);
    s += n + (s[n] == '+');
  }
  (void)c;
}

const char *label_union(Ctx *c, const char *a, const char *b)
{
  Text t = { .c = c };
  label_words(c, &t, a);
  label_words(c, &t, b);
  return t.n ? ctx_intern(c, t.s) : NULL;
}

bool *circles_maybe(Ctx *c, const Graph *g)
{
  bool *in = NEWN(c, bool, g->neq + 1);
  Uses u = uses_find(c, g);
  Map at = { 0 };
  for (int k = 0; k < g->neq; k++) pmap_set(c, &at, g->eq[k], k);
  for (int k = 0; k < g->neq; k++) {
    Exprs reads = { 0 };
    expr_reads_of(c, g->eq[k]->rhs, &reads);
    for (int r = 0; r < reads.n; r++) {
      const UseList *l = uses_get(&u, reads.at[r]->tensor);
      for (int w = 0; l && w < l->writer.n; w++)
        for (int j = pmap_get(&at, l->writer.at[w]); j >= k; j--) in[j] = true;
    }
  }
  return in;
}
