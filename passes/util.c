/* Small tools of the graph-to-graph passes: who reads what, rebuilding expressions, new tensors. */
#include "util.h"

/* ---- uses */
UseList *uses_get(Uses *u, const Tensor *t) { return map_get(u, t); }
static UseList *use_make(Ctx *c, Uses *u, const Tensor *t) { if (!uses_get(u, t)) map_put(c, u, t, NEW(c, UseList)); return uses_get(u, t); }
Uses uses_find(Ctx *c, const Graph *g) {
  Uses u = { 0 };
  for (int k = 0; k < g->ntensor; k++) use_make(c, &u, g->tensor[k]);
  EQS(e, g) {
    UseList *l = use_make(c, &u, e->out); PUSH(c, l->writer, e);
    READS(r, c, e->rhs) { l = use_make(c, &u, r->tensor); PUSH(c, l->read, ((Use){ e, r })); }
  }
  return u;
}
Eqs uses_producers(Ctx *c, Uses *u, const Eq *e) {
  Eqs v = { 0 };
  READS(r, c, e->rhs) EACH(Eq, w, uses_get(u, r->tensor)->writer) PUSH(c, v, w);
  return v;
}

/* ---- indices */
Index *index_new(Ctx *c, const char *name, Extent ext) { return NEW_AS(c, Index, .name = name, .ext = ext, .id = ++c->nid); }
Expr **index_exprs(Ctx *c, Index *const *at, int n) { Expr **e = NEWN(c, Expr *, n); while (n--) e[n] = expr_index(c, at[n]); return e; }
bool index_in(const Index *i, Index *const *list, int n) { return array_find(list, n, i) >= 0; }
bool same_extents(Index *const *a, int na, Index *const *b, int nb) {
  for (int k = 0; k < na && na == nb; k++) if (!extent_equal(a[k]->ext, b[k]->ext)) return false;
  return na == nb;
}
double index_points(Index *const *at, int n) { double x = 1; for (int k = 0; k < n; k++) x *= (double)extent_max(at[k]->ext); return x; }
double eq_points(const Eq *e) { return index_points(e->free, e->nfree); }
double reduce_points(const Expr *red) { return index_points(red->bound, red->nbound); }
Index *expr_bare(const Expr *e) { return e->kind == E_INDEX && !e->index->is_dim ? e->index : NULL; }
static bool is_stream_extent(Extent x) { return x.dim && x.dim->stream; }
Index *eq_stream(const Eq *e) { for (int k = 0; k < e->nfree; k++) if (is_stream_extent(e->free[k]->ext)) return e->free[k]; return NULL; }

/* ---- expressions */
void expr_reads_of(Ctx *c, Expr *e, Exprs *out) {
  if (e->kind == E_READ) PUSH(c, *out, e);
  for (int k = 0; k < e->n; k++) expr_reads_of(c, e->arg[k], out);
}
Exprs reads_in(Ctx *c, Expr *e) { Exprs v = { 0 }; expr_reads_of(c, e, &v); return v; }
Exprs rhs_reads(Ctx *c, const Eq *e) { return reads_in(c, e->rhs); }
static bool is_kind(const Expr *e, const void *kind) { return e->kind == *(const ExprKind *)kind; }
bool expr_has(const Expr *e, ExprKind kind) { return expr_some(e, is_kind, &kind); }
static bool is_costly(const Expr *e, const void *arg) {
  static const bool costly[FN_COUNT] = { [FN_EXP] = 1, [FN_EXPM1] = 1, [FN_LOG] = 1, [FN_LOG1P] = 1, [FN_SQRT] = 1, [FN_SIN] = 1, [FN_COS] = 1,
                                         [FN_ATAN] = 1, [FN_TANH] = 1, [FN_ERF] = 1, [FN_NORMTAIL] = 1, [FN_POW] = 1 };
  (void)arg;
  return e->kind == E_REDUCE || (e->kind == E_FN && (costly[e->fn] || (e->fn == FN_DIV && type_is_float(e->type) && !expr_is_const(e->arg[1]))));
}
bool expr_costly(const Expr *e) { return expr_some(e, is_costly, NULL); }
int expr_ops(const Expr *e) {
  int n = e->kind == E_FN || e->kind == E_SELECT || e->kind == E_CONVERT;
  for (int k = 0; e->kind != E_READ && k < e->n; k++) n += expr_ops(e->arg[k]);
  return n;
}
static bool varies(const Expr *e, const void *arg) {
  (void)arg; return e->kind == E_READ ? !tensor_known(e->tensor) : e->kind == E_INDEX && (e->index->is_dim || e->index->ext.dim);
}
bool expr_constant(const Expr *e) { return !expr_some(e, varies, NULL); }
bool place_static(const Expr *e) { return !expr_has(e, E_READ) && !expr_has(e, E_REDUCE); }
bool place_inside(Ctx *c, const Expr *place, Extent n) { bool lo, hi; expr_inside(c, place, n, &(Facts){ 0 }, &lo, &hi); return lo && hi; }
bool dim_inside(Ctx *c, const Expr *read, int d) { return place_static(read->arg[d]) && place_inside(c, read->arg[d], read->tensor->shape[d]); }
bool read_inside(Ctx *c, const Expr *read) {
  for (int d = 0; d < read->n; d++) if (!(d == read->tensor->stream_dim && read->tensor->history) && !dim_inside(c, read, d)) return false;
  return true;
}
bool read_static(const Expr *read) { for (int d = 0; d < read->n; d++) if (!place_static(read->arg[d])) return false; return true; }
int read_dim(const Expr *read, const Index *i) {
  int at = -1, n = 0;
  for (int d = 0; d < read->n; d++) if (expr_has_index(read->arg[d], i)) n++, at = expr_bare(read->arg[d]) == i ? d : -1;
  return n == 1 ? at : -1;
}
bool expr_reads_inside(Ctx *c, Expr *e) { READS(r, c, e) if (!read_inside(c, r)) return false; return true; }
void expr_indices(Ctx *c, const Expr *e, Indices *out) {
  if (e->kind == E_INDEX && !index_in(e->index, out->at, out->n)) PUSH(c, *out, e->index);
  for (int k = 0; k < e->n; k++) expr_indices(c, e->arg[k], out);
}
Expr *expr_sum(Ctx *c, Expr *const *at, int n) { Expr *e = NULL; for (; n--; at++) e = e ? expr_fn2(c, FN_ADD, e, *at) : *at; return e; }
void expr_terms(Ctx *c, Fn fn, Expr *e, Exprs *out) {
  if (e->kind == E_FN && e->fn == fn) expr_terms(c, fn, e->arg[0], out), expr_terms(c, fn, e->arg[1], out);
  else PUSH(c, *out, e);
}
typedef struct Reread { Tensor *from, *to; } Reread;
static Expr *reread(Ctx *c, Expr *e, void *arg) {
  const Reread *r = arg; return e->kind == E_READ && e->tensor == r->from ? expr_read(c, r->to, e->arg, e->pos) : e;
}
Expr *expr_reread(Ctx *c, Expr *e, Tensor *from, Tensor *to) { return expr_map(c, e, reread, &(Reread){ from, to }); }

/* ---- tensors and equations */
void tensor_find_stream(Tensor *t) { t->stream_dim = -1; for (int d = 0; d < t->rank; d++) if (is_stream_extent(t->shape[d])) t->stream_dim = d; }
Tensor *tensor_new(Ctx *c, Graph *g, const char *hint, Type type, int rank, const Extent *shape, Pos pos) {
  Tensor *t = NEW_AS(c, Tensor, .name = graph_fresh(c, g, hint), .type = type_strong(type), .rank = rank, .kind = TK_TEMP, .pos = pos);
  t->shape = ctx_copy(c, shape, sizeof *shape * (size_t)rank); tensor_find_stream(t); graph_add_tensor(c, g, t); return t;
}
Eq *eq_new(Ctx *c, Graph *g, Tensor *out, Index **free, int nfree, Expr *rhs, const Eq *like) {
  Eq *e = NEW_AS(c, Eq, .out = out, .nfree = nfree, .rhs = rhs, .pos = like ? like->pos : out->pos, .id = ++c->nid);
  e->label = like ? like->label : NULL; e->place = index_exprs(c, free, nfree);
  e->free = ctx_copy(c, free, sizeof *free * (size_t)nfree); graph_add_eq(c, g, e); return e;
}
int eq_at(const Graph *g, const Eq *e) { return array_find(g->eq, g->neq, e); }
int eq_circle(Ctx *c, const Graph *g, const Eq *e, Circle *x) {
  int at = eq_at(g, e); return at >= 0 && graph_circle(c, g, at, x) && x->dir ? at - x->first : -1;
}
void eq_insert(Ctx *c, Graph *g, int at, Eq *e) {
  graph_add_eq(c, g, e); memmove(g->eq + at + 1, g->eq + at, sizeof *g->eq * (size_t)(g->neq - 1 - at)); g->eq[at] = e;
}
void eq_remove(Graph *g, const Eq *e) { int k = eq_at(g, e); if (k >= 0) memmove(g->eq + k, g->eq + k + 1, sizeof e * (size_t)(--g->neq - k)); }
Index **tensor_indices(Ctx *c, const Tensor *t) {
  Index **i = NEWN(c, Index *, t->rank); const Extent *x = t->shape;
  for (int d = 0; d < t->rank; d++) i[d] = index_new(c, ctx_intern(c, x[d].dim && !x[d].n ? x[d].dim->name : ctx_printf(c, "i%d", d)), x[d]);
  return i;
}
Tensor *tensor_copy(Ctx *c, Graph *g, Tensor *t, const char *hint, Eq **eq) {
  Tensor *n = tensor_new(c, g, hint, t->type, t->rank, t->shape, t->pos); Index **i = tensor_indices(c, t);
  *eq = eq_new(c, g, n, i, t->rank, expr_read(c, t, index_exprs(c, i, t->rank), t->pos), NULL); return n;
}
void tensor_add(Ctx *c, Tensors *v, Tensor *t) { if (array_find(v->at, v->n, t) < 0) PUSH(c, *v, t); }
void kernel_inputs(Ctx *c, Kernel *k) {
  Tensors in = { 0 }, own = { 0 };
  EQS(e, k) tensor_add(c, &own, e->out);
  EQS(e, k) READS(r, c, e->rhs) if (array_find(own.at, own.n, r->tensor) < 0) tensor_add(c, &in, r->tensor);
  k->in = in.at; k->nin = in.n;
}

/* ---- what is so in a graph */
bool tensor_known(const Tensor *t) { return t->kind == TK_PARAM || t->kind == TK_CONST; }
bool eq_by_hand(const Graph *g, const Eq *e) {
  for (int k = 0; k < g->nkernel; k++) if (array_find(g->kernel[k]->eq, g->kernel[k]->neq, e) >= 0) return true;
  return false;
}
bool tensor_is_next(const Graph *g, const Tensor *t) { for (int k = 0; k < g->ntensor; k++) if (g->tensor[k]->next == t) return true; return false; }
bool graph_is_out(const Graph *g, const Tensor *t) { return array_find(g->out, g->nout, t) >= 0 || t->kind == TK_OUTPUT || tensor_is_next(g, t); }
bool graph_streams(const Graph *g) { for (int k = 0; k < g->ndim; k++) if (g->dim[k]->stream) return true; return false; }
bool tensor_removable(const Graph *g, Uses *u, const Tensor *t) {
  const UseList *l = uses_get(u, t);
  if (t->kind != TK_TEMP || t->history || !l || l->writer.n != 1 || graph_is_out(g, t) || eq_by_hand(g, l->writer.at[0])) return false;
  for (int k = 0; k < l->read.n; k++) if (eq_by_hand(g, l->read.at[k].eq)) return false;
  return true;
}
static void words_add(Text *t, const char *s) {
  for (size_t n, m; s && *s; s += n + (s[n] == '+')) {
    bool known = (n = strcspn(s, "+")) == 0;
    for (const char *p = t->s; p && *p && !known; p += m + (p[m] == '+')) known = (m = strcspn(p, "+")) == n && !strncmp(p, s, n);
    if (!known) text_add(t, "%s%.*s", t->n ? "+" : "", (int)n, s);
  }
}
const char *label_union(Ctx *c, const char *a, const char *b) {
  Text t = { .c = c }; words_add(&t, a); words_add(&t, b); return t.n ? ctx_intern(c, t.s) : NULL;
}
bool *circles_maybe(Ctx *c, const Graph *g) {
  bool *in = NEWN(c, bool, g->neq + 1); Uses u = uses_find(c, g); Map at = { 0 };
  for (int k = 0; k < g->neq; k++) pmap_set(c, &at, g->eq[k], k);
  for (int k = 0; k < g->neq; k++) {
    Eqs from = uses_producers(c, &u, g->eq[k]); EACH(Eq, w, from) for (int j = pmap_get(&at, w); j >= k; j--) in[j] = true;
  }
  return in;
}
