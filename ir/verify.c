/* The verifier: what holds at each stage, as rows (at the end). Run between passes: a broken pass is named at once.
 *   internal error: after fuse: one kernel each: 'y' is in 2 kernels (kernels are what runs; an equation in none or two is lost or done twice)
 *   y[i < 4, 2 * (q < 5) + (r < 2)]: f32 = (x[i - 1] or 0)      each index bound once; places 0..3 and 0..9, each element once; x[-1] is guarded */
#include "lin.h"
#include <math.h>
#include <string.h>

/* A row is checked up to the first fault. e, k: the equation and the kernel; known: what holds at the node, scope: what it may name. */
typedef struct Verify {
  Ctx *c; const Graph *g; const char *after, *row, *why; bool broken; const Eq *e; const Kernel *k; Known known; VEC(Index *) scope;
} Verify;

__attribute__((format(printf, 3, 4))) static void broken(Verify *v, Pos p, const char *fmt, ...) {
  va_list ap; va_start(ap, fmt);
  if (!v->broken) diag_error(v->c, p, "internal error: after %s: %s: %s (%s)", v->after, v->row, ctx_vprintf(v->c, fmt, ap), v->why);
  va_end(ap); v->broken = true;
}

static bool among(const void *array, int n, const void *x) { return array_find(array, n, x) >= 0; }
static bool is_graph_dim(const Graph *g, const Index *i) { return among(g->dim, g->ndim, i); }
static bool any_empty(Index *const *i, int n) { for (int k = 0; k < n; k++) if (extent_max(i[k]->ext) == 0) return true; return false; }
static bool is_empty(const Eq *e) { return any_empty(e->free, e->nfree); }
static void each_node(Verify *v, const Expr *x, void check(Verify *, const Expr *)) {
  if (!v->broken) check(v, x);
  for (int k = 0; k < x->n && !v->broken; k++) each_node(v, x->arg[k], check);
}

/* ---- dimensions, tensors */
static void dims(Verify *v) {
  int streams = 0;
  for (int k = 0; k < v->g->ndim; k++) {
    const Index *d = v->g->dim[k]; streams += d->stream;
    if (!d->is_dim || d->lo < 0 || d->hi < d->lo) broken(v, v->g->pos, "'%s' in %lld..%lld", d->name, (long long)d->lo, (long long)d->hi);
  }
  if (streams > 1) broken(v, v->g->pos, "%d stream dimensions", streams);
}

static void tensor_dims(Verify *v, const Tensor *t) {
  for (int d = 0; d < t->rank; d++)
    if (t->shape[d].dim && !is_graph_dim(v->g, t->shape[d].dim)) broken(v, t->pos, "'%s' has an unknown dimension", t->name);
}
static void tensor_names(Verify *v, const Tensor *t) {
  for (int j = 0; v->g->tensor[j] != t; j++) if (!strcmp(t->name, v->g->tensor[j]->name)) broken(v, t->pos, "two tensors are called '%s'", t->name);
}
static void read_names(Verify *v, const Expr *x) {
  if (x->kind == E_READ && !among(v->g->tensor, v->g->ntensor, x->tensor))
    broken(v, v->e->pos, "'%s' reads '%s', which the graph does not hold", v->e->out->name, x->tensor->name);
}
static void eq_names(Verify *v, const Eq *e) {
  if (!among(v->g->tensor, v->g->ntensor, e->out)) broken(v, e->pos, "'%s' is written, but the graph does not hold it", e->out->name);
}

/* The first of the equations that writes t. */
static const Eq *writer_among(Eq *const *eq, int n, const Tensor *t) { for (int k = 0; k < n; k++) if (eq[k]->out == t) return eq[k]; return NULL; }
static bool read_by(Eq *const *eq, int n, const Tensor *t) { for (int k = 0; k < n; k++) if (expr_reads(eq[k]->rhs, t)) return true; return false; }
static void input_kinds(Verify *v) {
  for (int k = 0; k < v->g->nin; k++)
    if (v->g->in[k]->kind != TK_INPUT) broken(v, v->g->in[k]->pos, "the input '%s' is of another kind", v->g->in[k]->name);
}

static void tensor_kinds(Verify *v, const Tensor *t) {
  const Eq *e = writer_among(v->g->eq, v->g->neq, t);
  bool given = t->kind == TK_INPUT || t->kind == TK_PARAM || (t->kind == TK_STATE && !t->history), constant = t->kind == TK_CONST;
  if (e && given) broken(v, t->pos, "'%s' is given, but an equation writes it", t->name);
  if (!e && t->kind == TK_OUTPUT) broken(v, t->pos, "no equation writes the output '%s'", t->name);
  if (!e && !given && !t->data && read_by(v->g->eq, v->g->neq, t)) broken(v, t->pos, "'%s' is read, but no equation writes it", t->name);
  if (e && e->constant != constant)
    broken(v, t->pos, "'%s' is %sa constant, but its equation is %sone", t->name, constant ? "" : "not ", e->constant ? "" : "not ");
}

static void check_constant(Verify *v, const Expr *x) {
  bool reads = x->kind == E_READ && x->tensor->kind != TK_CONST && x->tensor->kind != TK_PARAM;
  if (reads) broken(v, v->e->pos, "'%s' reads '%s'", v->e->out->name, x->tensor->name);
  if (x->kind == E_INDEX && x->index->is_dim) broken(v, v->e->pos, "'%s' depends on '%s'", v->e->out->name, x->index->name);
}
static void node_constant(Verify *v, const Expr *x) { if (v->e->constant) check_constant(v, x); }

static void tensor_states(Verify *v, const Tensor *t) {
  const Tensor *next = t->next; bool fits = !next || (t->kind == TK_STATE && tensors_match(t, next));
  if (!fits) broken(v, t->pos, "'%s' takes the value of '%s', which has another shape", t->name, next->name);
  if (t->init && t->rank && !t->init_index) broken(v, t->pos, "the first value of '%s' has no indices", t->name);
  v->e = NEW_AS(v->c, Eq, .out = (Tensor *)(uintptr_t)t, .pos = t->pos); if (t->init) each_node(v, t->init, check_constant);
  for (int d = 0; d < t->rank && t->history && t->init && !v->broken; d++)
    if (d == t->stream_dim && expr_has_index(t->init, t->init_index[d])) broken(v, t->pos, "what precedes '%s' depends on time", t->name);
}

static void order(Verify *v) {
  Graph g = *v->g; if (!graph_sort(v->c, &g)) broken(v, g.pos, "a circle without a dimension to step through");
  for (int k = 0; k < g.neq; k++)
    if (g.eq[k] != v->g->eq[k]) broken(v, v->g->eq[k]->pos, "'%s' stands where '%s' should", v->g->eq[k]->out->name, g.eq[k]->out->name);
}

/* ---- indices */
static void scope_add(Verify *v, Index *i) {
  const char *name = v->e->out->name; if (i->is_dim) broken(v, v->e->pos, "'%s' binds the dimension '%s'", name, i->name);
  if (among(v->scope.at, v->scope.n, i)) broken(v, v->e->pos, "the index '%s' of '%s' is bound twice", i->name, name);
  if (i->ext.dim && !is_graph_dim(v->g, i->ext.dim)) broken(v, v->e->pos, "the index '%s' of '%s' runs over an unknown dimension", i->name, name);
  PUSH(v->c, v->scope, i);
}

static void check_bound(Verify *v, const Expr *x) {
  int outer = v->scope.n; if (v->broken) return;
  if (x->kind == E_INDEX && !(x->index->is_dim ? is_graph_dim(v->g, x->index) : among(v->scope.at, v->scope.n, x->index)))
    broken(v, v->e->pos, "the index '%s' of '%s' is bound nowhere", x->index->name, v->e->out->name);
  for (int k = 0; x->kind == E_REDUCE && k < x->nbound; k++) scope_add(v, x->bound[k]);
  for (int k = 0; k < x->n; k++) check_bound(v, x->arg[k]);
  v->scope.n = outer;
}
static void eq_indices(Verify *v, const Eq *e) {
  v->scope.n = 0;
  for (int j = 0; j < e->nfree; j++) {
    bool used = false; scope_add(v, e->free[j]); for (int d = 0; d < e->out->rank; d++) used |= expr_has_index(e->place[d], e->free[j]);
    if (!used) broken(v, e->pos, "the index '%s' of '%s' stands in no place", e->free[j]->name, e->out->name);
  }
  for (int d = 0; d < e->out->rank; d++) check_bound(v, e->place[d]);
  check_bound(v, e->rhs);
}

/* ---- places */
/* Coefficients from the largest down: each must be larger than all that the smaller ones can reach. */
bool digits_apart(const Aff *a) {
  for (int j = 0; j < a->n; j++) {
    double k = fabs((double)a->k[j]), reach = 0; if (a->index[j]->is_dim || extent_max(a->index[j]->ext) <= 1) continue;
    for (int m = 0; m < a->n; m++) {
      double q = fabs((double)a->k[m]);
      if (m != j && !a->index[m]->is_dim && (q < k || (q == k && m < j))) reach += q * ((double)extent_max(a->index[m]->ext) - 1);
    }
    if (reach >= k) return false;
  }
  return true;
}

static void eq_places(Verify *v, const Eq *e) {
  for (int d = 0; d < e->out->rank && !is_empty(e); d++) {
    Aff a = { 0 }; bool lo, hi, affine = expr_affine(v->c, e->place[d], &a);
    expr_inside(v->c, e->place[d], e->out->shape[d], &(Facts){ 0 }, &lo, &hi);
    const char *fault = !affine ? "is not affine" : !lo || !hi ? "may fall outside" : !digits_apart(&a) ? "is not one to one" : NULL;
    if (fault) broken(v, e->pos, "place %d of '%s' %s: %s", d, e->out->name, fault, eq_print(v->c, e));
  }
}

/* ---- pieces */
bool places_apart(Ctx *c, Expr *a, Expr *b) {
  if (a->kind == E_CONST && b->kind == E_CONST) return a->i != b->i;
  Range x = expr_range(c, expr_fn2(c, FN_SUB, a, b)); Aff p, q; int64_t g = 0; if (x.hi < 0 || x.lo > 0) return true;
  if (!expr_affine(c, a, &p) || !expr_affine(c, b, &q)) return false;
  for (int k = 0; k < p.n + q.n; k++) g = gcd_of(g, k < p.n ? p.k[k] : q.k[k - p.n]);
  return g > 1 && (p.c - q.c) % g != 0;
}

static bool eqs_apart(Ctx *c, const Eq *a, const Eq *b) {
  if (a->out != b->out || is_empty(a) || is_empty(b)) return true;
  for (int d = 0; d < a->out->rank; d++) if (places_apart(c, a->place[d], b->place[d])) return true;
  return false;
}
static void pieces_apart(Verify *v) {
  for (int k = 0; k < v->g->neq && !v->broken; k++)
    for (int j = 0; j < k; j++)
      if (!eqs_apart(v->c, v->g->eq[k], v->g->eq[j]))
        broken(v, v->g->eq[k]->pos, "two equations write the same elements of '%s'", v->g->eq[k]->out->name);
}

/* Do the pieces have as many elements as the tensor, with all dimensions at their least, or at their most? */
static bool pieces_cover(const Graph *g, const Tensor *t, int64_t size(Extent)) {
  double want = 1, have = 0; for (int d = 0; d < t->rank; d++) want *= (double)size(t->shape[d]);
  for (int k = 0; k < g->neq; k++) {
    double n = g->eq[k]->out == t; for (int j = 0; n && j < g->eq[k]->nfree; j++) n *= (double)size(g->eq[k]->free[j]->ext);
    have += n;
  }
  return want == have;
}
static void eq_pieces(Verify *v, const Eq *e) {
  if (!pieces_cover(v->g, e->out, extent_max) || !pieces_cover(v->g, e->out, extent_min))
    broken(v, e->pos, "the equations of '%s' do not write each element once: %s", e->out->name, eq_print(v->c, e));
}

/* ---- types */
static void node_types(Verify *v, const Expr *x) {
  const Expr *cond = x->kind == E_SELECT ? x->arg[0] : x->kind == E_REDUCE && x->n == 2 ? x->arg[1] : NULL; const char *name = v->e->out->name;
  if (x->type == T_NONE) broken(v, v->e->pos, "an expression of '%s' has no type: %s", name, expr_print(v->c, x));
  if (cond && cond->type != T_BOOL) broken(v, v->e->pos, "a condition of '%s' is %s: %s", name, type_name(cond->type), expr_print(v->c, x));
  for (int k = 0; x->kind == E_READ && k < x->n; k++)
    if (!type_is_int(x->arg[k]->type)) broken(v, v->e->pos, "a place in '%s' is %s: %s", name, type_name(x->arg[k]->type), expr_print(v->c, x));
}

static void eq_types(Verify *v, const Eq *e) {
  Type from = e->rhs->type, to = e->out->type; bool fits = from == to || (from == T_WINT && to != T_BOOL) || (from == T_WFLOAT && type_is_float(to));
  if (!fits) broken(v, e->pos, "'%s' is %s, its equation %s", e->out->name, type_name(to), type_name(from));
}

/* ---- reads */
static void check_inside(Verify *v, const Expr *read) {
  for (int d = 0; d < read->n && !v->broken; d++) {
    bool lo, hi; Extent n; if (expr_reads(read->arg[d], NULL)) continue;
    const Expr *at = read_place(v->c, read, d, &n); known_inside(&v->known, at, n, &lo, &hi);
    if (!lo || !hi) broken(v, v->e->pos, "'%s' reads %s, which may be outside in dimension %d", v->e->out->name, expr_print(v->c, read), d);
  }
}

/* The alternative of `or` counts where arg[0] is missed: if only one end of one read may fail, it does. */
static void check_reads(Verify *v, const Expr *x, bool guarded) {
  bool or = x->kind == E_OR, reduces = x->kind == E_REDUCE; if (v->broken || (reduces && any_empty(x->bound, x->nbound))) return;
  if (x->kind == E_READ && !guarded) check_inside(v, x);
  Miss miss = or ? known_miss(&v->known, x->arg[0]) : (Miss){ 0 };
  for (int k = 0; k < x->n && (!or || !k || miss.open); k++) {
    Mark m = known_mark(&v->known); known_add(&v->known, expr_condition(x, k), k == 2);
    if (or && k && miss.open == 1) known_add_lin(&v->known, miss.lin);
    check_reads(v, x->arg[k], !reduces && (guarded || (or && !k))); known_back(&v->known, m);
  }
}
static void eq_reads(Verify *v, const Eq *e) { v->known = (Known){ .c = v->c }; if (!is_empty(e)) check_reads(v, e->rhs, false); }

/* ---- the normal form after split */
static void eq_normal(Verify *v, const Eq *e) {
  int n = e->constant ? 0 : expr_count(e->rhs, E_REDUCE); bool normal = n == 0 || (n == 1 && eq_reduction(e, NULL));
  if (!normal) broken(v, e->pos, "the reduction of '%s' is not alone at the root: %s", e->out->name, eq_print(v->c, e));
}

/* ---- kernels */
static void eq_kernels(Verify *v, const Eq *e) {
  int n = 0; for (int k = 0; k < v->g->nkernel; k++) for (int j = 0; j < v->g->kernel[k]->neq; j++) n += v->g->kernel[k]->eq[j] == e;
  if (n != !e->constant) broken(v, e->pos, "'%s' is in %d kernels", e->out->name, n);
}
static void kernel_eqs(Verify *v, const Kernel *k) {
  for (Eq **e = k->eq; e < k->eq + k->neq; e++)
    if (!among(v->g->eq, v->g->neq, *e)) broken(v, k->pos, "%s holds an equation of '%s' that is not the graph's", k->name, (*e)->out->name);
}
static bool computes(const Kernel *k, const Tensor *t) { return writer_among(k->eq, k->neq, t) != NULL; }
static bool kernel_reads(const Kernel *k, const Tensor *t) { return read_by(k->eq, k->neq, t); }

static void kernel_order(Verify *v) {
  for (int k = 0; k < v->g->nkernel; k++)
    for (int j = k + 1; j < v->g->nkernel; j++)
      for (int w = 0; w < v->g->kernel[j]->neq; w++) {
        const Kernel *x = v->g->kernel[k], *y = v->g->kernel[j]; const Tensor *t = y->eq[w]->out;
        if (!computes(x, t) && kernel_reads(x, t)) broken(v, y->eq[w]->pos, "%s reads '%s', which %s computes later", x->name, t->name, y->name);
      }
}

static bool leaves_kernel(const Graph *g, const Kernel *k, const Tensor *t) {
  if (t->kind == TK_OUTPUT) return true;
  for (int j = 0; j < g->ntensor; j++) if (g->tensor[j]->next == t) return true;
  for (int j = 0; j < g->nkernel; j++) if (g->kernel[j] != k && kernel_reads(g->kernel[j], t)) return true;
  return false;
}

static void read_listed(Verify *v, const Expr *x) {
  if (x->kind == E_READ && !computes(v->k, x->tensor) && !among(v->k->in, v->k->nin, x->tensor))
    broken(v, v->k->pos, "%s reads '%s', which is not in its list", v->k->name, x->tensor->name);
}
static void kernel_lists(Verify *v, const Kernel *k) {
  for (int j = 0; j < k->neq; j++) {
    const Tensor *t = k->eq[j]->out; each_node(v, k->eq[j]->rhs, read_listed);
    bool listed = among(k->out, k->nout, t) || !leaves_kernel(v->g, k, t);
    if (!listed) broken(v, k->pos, "%s computes '%s', which is read later but not in its list", k->name, t->name);
  }
  for (int j = 0; j < k->nout; j++)
    if (!computes(k, k->out[j])) broken(v, k->pos, "%s gives '%s', which it does not compute", k->name, k->out[j]->name);
}

/* ---- layouts, places in memory */
/* The parts of one dimension, outer to inner: each is the rest of a division by what the one before it was divided by. */
static bool layout_whole(const Tensor *t, int d) {
  int64_t before = 0;
  for (int k = 0; k < t->nlayout; k++) {
    const LayoutDim *l = &t->layout[k]; int64_t div = l->div ? l->div : 1; if (l->dim != d) continue;
    if (l->mod ? before == 0 || l->mod * div != before : before != 0) return false;
    before = div;
  }
  return before == 1;
}
static void tensor_layouts(Verify *v, const Tensor *t) {
  for (int j = 0; j < t->nlayout; j++)
    if (t->layout[j].dim < 0 || t->layout[j].dim >= t->rank) broken(v, t->pos, "'%s' lays out dimension %d", t->name, t->layout[j].dim);
  for (int d = 0; d < t->rank && t->layout; d++)
    if (!layout_whole(t, d)) broken(v, t->pos, "the parts of dimension %d of '%s' do not make it up", d, t->name);
  if (t->layout && (t->kind == TK_INPUT || t->kind == TK_OUTPUT)) broken(v, t->pos, "the argument '%s' has a layout of its own", t->name);
}

static void tensor_plan(Verify *v, const Tensor *t) {
  int64_t room = t->where == AT_SCRATCH ? v->g->scratch_bytes : t->where == AT_STATE ? v->g->state_bytes : 0; if (t->where == AT_NONE) return;
  if (t->offset < 0 || t->offset % type_bytes(t->type)) broken(v, t->pos, "'%s' lies at %lld", t->name, (long long)t->offset);
  if (room && t->offset >= room) broken(v, t->pos, "'%s' lies at %lld of %lld bytes", t->name, (long long)t->offset, (long long)room);
}

/* ---- trees */
static bool has_name(Index *const *i, int n, const char *s) { for (int k = 0; k < n; k++) if (!strcmp(i[k]->name, s)) return true; return false; }
static bool binds(const Expr *x, const void *name) { return x->kind == E_REDUCE && has_name(x->bound, x->nbound, name); }

/* Does an equation of the kernel have the index? t NULL: any equation. Of joined ones the lowering says. */
static bool kernel_has_index(const Kernel *k, const Tensor *t, const char *name) {
  if (strchr(name, '.')) return true;
  for (int j = 0; j < k->neq; j++)
    if ((!t || k->eq[j]->out == t) && (has_name(k->eq[j]->free, k->eq[j]->nfree, name) || expr_some(k->eq[j]->rhs, binds, name))) return true;
  return false;
}
static void check_tree(Verify *v, const Kernel *k, const Tree *t) {
  for (; t && !v->broken; t = t->next) {
    bool loop = t->kind == TREE_FOR, leaf = t->kind == TREE_LEAF, alias = t->kind == TREE_LET && t->storage == ST_ALIAS;
    const Tensor *of = loop ? NULL : graph_tensor(v->g, t->name);
    if (loop && !kernel_has_index(k, NULL, t->name)) broken(v, t->pos, "%s loops over '%s', which no equation has", k->name, t->name);
    if (leaf && !(of && computes(k, of))) broken(v, t->pos, "%s has a leaf '%s', which it does not compute", k->name, t->name);
    for (int j = 0; leaf && j < t->nleaf; j++)
      if (!kernel_has_index(k, of, t->leaf[j].index))
        broken(v, t->pos, "the leaf '%s' orders '%s', which its equation does not have", t->name, t->leaf[j].index);
    if (alias && !(t->other && graph_tensor(v->g, t->other))) broken(v, t->pos, "'%s' shares the place of an unknown tensor", t->name);
    if (!loop && !of) broken(v, t->pos, "the schedule of %s names '%s', which is no tensor", k->name, t->name);
    if (loop) check_tree(v, k, t->body);
  }
}

static void kernel_trees(Verify *v, const Kernel *k) {
  if (!k->tree) broken(v, k->pos, "%s has none", k->name);
  check_tree(v, k, k->tree);
  for (int j = 0; j < k->neq; j++)
    if (!tree_computes(k->tree, k->eq[j]->out->name)) broken(v, k->pos, "%s computes '%s' nowhere", k->name, k->eq[j]->out->name);
}

/* ---- the rows: from which stage on; what is checked of the graph, each tensor, each equation, each node of one, each kernel */
typedef struct Row {
  Stage from; const char *name, *why; void (*graph)(Verify *), (*tensor)(Verify *, const Tensor *), (*kernel)(Verify *, const Kernel *);
  void (*eq)(Verify *, const Eq *), (*node)(Verify *, const Expr *);
} Row;
static const Row rows[] = {
  { STAGE_EXPAND, "dimensions", "they are arguments of the artefact, at most one of them is time", .graph = dims, .tensor = tensor_dims },
  { STAGE_EXPAND, "names", "the text form knows tensors by name", .tensor = tensor_names, .eq = eq_names, .node = read_names },
  { STAGE_EXPAND, "kinds", "what is given is not computed, what is read exists", .graph = input_kinds, .tensor = tensor_kinds },
  { STAGE_EXPAND, "indices", "every index has exactly one range", .eq = eq_indices },
  { STAGE_EXPAND, "places", "regions are boxes of affine places, and an element written twice has no value", .eq = eq_places },
  { STAGE_EXPAND, "pieces", "each element has one equation", .graph = pieces_apart, .eq = eq_pieces },
  { STAGE_EXPAND, "types", "the printers trust the types", .eq = eq_types, .node = node_types },
  { STAGE_EXPAND, "reads", "the artefact checks nothing", .eq = eq_reads },
  { STAGE_EXPAND, "constants", "they are computed before anything runs", .node = node_constant },
  { STAGE_EXPAND, "states", "the first value is stored, the next is copied", .tensor = tensor_states },
  { STAGE_EXPAND, "order", "producers come first, circles stand together", .graph = order },
  { STAGE_SIMPLIFY, "normal form", "the lowering opens one accumulator an equation", .eq = eq_normal },
  { STAGE_FUSE, "one kernel each", "kernels are what runs; an equation in none or two is lost or done twice",
    .kernel = kernel_eqs, .eq = eq_kernels },
  { STAGE_FUSE, "order of kernels", "they run in this order", .graph = kernel_order },
  { STAGE_FUSE, "lists of kernels", "what is not listed may live in registers only", .kernel = kernel_lists },
  { STAGE_LAYOUT, "layouts", "every element has one place", .tensor = tensor_layouts },
  { STAGE_SCHEDULE, "trees", "the lowering follows them by name", .kernel = kernel_trees },
  { STAGE_PLAN, "plan", "the printers add these offsets unchecked", .tensor = tensor_plan },
};

static bool verify_row(Verify *v, const Row *r) {
  if (r->graph) r->graph(v);
  for (int k = 0; r->tensor && k < v->g->ntensor && !v->broken; k++) r->tensor(v, v->g->tensor[k]);
  for (int k = 0; (r->eq || r->node) && k < v->g->neq && !v->broken; k++) {
    v->e = v->g->eq[k]; if (r->eq) r->eq(v, v->e); for (int d = 0; r->node && d < v->e->out->rank; d++) each_node(v, v->e->place[d], r->node);
    if (r->node) each_node(v, v->e->rhs, r->node);
  }
  for (int k = 0; r->kernel && k < v->g->nkernel && !v->broken; k++) r->kernel(v, v->k = v->g->kernel[k]);
  return !v->broken;
}
bool graph_verify(Ctx *c, const Graph *g, const char *after) {
  bool ok = true;
  for (const Row *r = rows; r < rows + sizeof rows / sizeof *rows; r++)
    if (g->stage >= r->from) ok &= verify_row(&(Verify){ .c = c, .g = g, .after = after, .row = r->name, .why = r->why }, r);
  return ok;
}
