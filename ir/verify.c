/* The verifier: what holds at each stage, as rows. Run between passes: a broken pass is named at once.
 *
 *   internal error: after fuse: one kernel each: 'y' is in 2 kernels (kernels are what runs; an equation in none or two is lost or done twice)
 */
#include "verify.h"
#include <string.h>

void row_broken(Verify *v, Pos p, const char *fmt, ...)
{
  char text[1024];
  va_list ap;
  if (v->broken) return;
  v->broken = true;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  diag_error(v->c, p, "internal error: after %s: %s: %s (%s)", v->after, v->row, text, v->why);
}

/* ---- dimensions, tensors */
static void row_dims(Verify *v)
{
  int streams = 0;
  for (int k = 0; k < v->g->ndim; k++) {
    const Index *d = v->g->dim[k];
    streams += d->stream;
    if (!d->is_dim || d->lo < 0 || d->hi < d->lo) row_broken(v, v->g->pos, "'%s' in %lld..%lld", d->name, (long long)d->lo, (long long)d->hi);
  }
  if (streams > 1) row_broken(v, v->g->pos, "%d stream dimensions", streams);
  for (int k = 0; k < v->g->ntensor; k++)
    for (int d = 0; d < v->g->tensor[k]->rank; d++) {
      bool known = !v->g->tensor[k]->shape[d].dim;
      for (int j = 0; j < v->g->ndim && !known; j++) known = v->g->dim[j] == v->g->tensor[k]->shape[d].dim;
      if (!known) row_broken(v, v->g->tensor[k]->pos, "'%s' has an unknown dimension", v->g->tensor[k]->name);
    }
}

static bool in_graph(const Graph *g, const Tensor *t)
{
  for (int k = 0; k < g->ntensor; k++)
    if (g->tensor[k] == t) return true;
  return false;
}

typedef struct Mention { Verify *v; const Eq *e; } Mention;

static bool check_mention(const Expr *x, void *mention)
{
  Mention *m = mention;
  if (x->kind == E_READ && !in_graph(m->v->g, x->tensor)) row_broken(m->v, m->e->pos, "'%s' reads '%s', which the graph does not hold", m->e->out->name, x->tensor->name);
  return !m->v->broken;
}

static void row_names(Verify *v)
{
  for (int k = 0; k < v->g->ntensor; k++)
    for (int j = 0; j < k; j++)
      if (strcmp(v->g->tensor[k]->name, v->g->tensor[j]->name) == 0) row_broken(v, v->g->tensor[k]->pos, "two tensors are called '%s'", v->g->tensor[k]->name);
  for (int k = 0; k < v->g->neq && !v->broken; k++) {
    Mention m = { v, v->g->eq[k] };
    if (!in_graph(v->g, m.e->out)) row_broken(v, m.e->pos, "'%s' is written, but the graph does not hold it", m.e->out->name);
    expr_walk(m.e->rhs, check_mention, &m);
  }
}

static bool is_read(const Graph *g, const Tensor *t)
{
  for (int k = 0; k < g->neq; k++)
    if (expr_reads(g->eq[k]->rhs, t)) return true;
  return false;
}

static void row_kinds(Verify *v)
{
  for (int k = 0; k < v->g->nin; k++)
    if (v->g->in[k]->kind != TK_INPUT) row_broken(v, v->g->in[k]->pos, "the input '%s' is of another kind", v->g->in[k]->name);
  for (int k = 0; k < v->g->ntensor && !v->broken; k++) {
    const Tensor *t = v->g->tensor[k];
    Eq *first = NULL;
    bool writes = graph_writers(v->g, t, &first, 1) > 0, given = t->kind == TK_INPUT || t->kind == TK_PARAM || (t->kind == TK_STATE && !t->history);
    if (writes && given) row_broken(v, t->pos, "'%s' is given, but an equation writes it", t->name);
    if (!writes && t->kind == TK_OUTPUT) row_broken(v, t->pos, "no equation writes the output '%s'", t->name);
    if (!writes && !given && !t->data && is_read(v->g, t)) row_broken(v, t->pos, "'%s' is read, but no equation writes it", t->name);
    if (writes && first->constant != (t->kind == TK_CONST))
      row_broken(v, t->pos, "'%s' is %sa constant, but its equation is %sone", t->name, t->kind == TK_CONST ? "" : "not ", first->constant ? "" : "not ");
  }
}

static bool check_constant(const Expr *x, void *mention)
{
  Mention *m = mention;
  if (x->kind == E_READ && x->tensor->kind != TK_CONST && x->tensor->kind != TK_PARAM)
    row_broken(m->v, m->e->pos, "'%s' reads '%s'", m->e->out->name, x->tensor->name);
  if (x->kind == E_INDEX && x->index->is_dim) row_broken(m->v, m->e->pos, "'%s' depends on '%s'", m->e->out->name, x->index->name);
  return !m->v->broken;
}

static void row_constants(Verify *v)
{
  for (int k = 0; k < v->g->neq; k++) {
    Mention m = { v, v->g->eq[k] };
    if (m.e->constant) expr_walk(m.e->rhs, check_constant, &m);
  }
}

static bool same_shape(const Tensor *a, const Tensor *b)
{
  bool same = a->rank == b->rank && a->type == b->type;
  for (int d = 0; d < a->rank && same; d++) same = extent_equal(a->shape[d], b->shape[d]);
  return same;
}

static void row_states(Verify *v)
{
  for (int k = 0; k < v->g->ntensor && !v->broken; k++) {
    const Tensor *t = v->g->tensor[k];
    Mention m = { v, &(Eq){ .out = (Tensor *)(uintptr_t)t, .pos = t->pos } };
    if (t->next && (t->kind != TK_STATE || !same_shape(t, t->next)))
      row_broken(v, t->pos, "'%s' takes the value of '%s', which has another shape", t->name, t->next->name);
    if (t->init && t->rank && !t->init_index) row_broken(v, t->pos, "the first value of '%s' has no indices", t->name);
    if (t->init && !v->broken) expr_walk(t->init, check_constant, &m);
    for (int d = 0; d < t->rank && t->history && t->init && !v->broken; d++)
      if (t->shape[d].dim && t->shape[d].dim->stream && expr_has_index(t->init, t->init_index[d])) row_broken(v, t->pos, "what precedes '%s' depends on time", t->name);
  }
}

static void row_order(Verify *v)
{
  Graph g = *v->g;
  int before = v->c->nerror;
  if (!graph_sort(v->c, &g) || v->c->nerror > before) row_broken(v, g.pos, "a circle without a dimension to step through");
  for (int k = 0; k < g.neq; k++)
    if (g.eq[k] != v->g->eq[k]) row_broken(v, v->g->eq[k]->pos, "'%s' stands where '%s' should", v->g->eq[k]->out->name, g.eq[k]->out->name);
}

/* ---- kernels */
static int kernel_of(const Graph *g, const Eq *e, int *times)
{
  int at = -1;
  *times = 0;
  for (int k = 0; k < g->nkernel; k++)
    for (int j = 0; j < g->kernel[k]->neq; j++)
      if (g->kernel[k]->eq[j] == e) at = k, ++*times;
  return at;
}

static void row_kernels(Verify *v)
{
  for (int k = 0, n; k < v->g->neq && !v->broken; k++) {
    kernel_of(v->g, v->g->eq[k], &n);
    if (n != !v->g->eq[k]->constant) row_broken(v, v->g->eq[k]->pos, "'%s' is in %d kernels", v->g->eq[k]->out->name, n);
  }
  for (int k = 0; k < v->g->nkernel; k++)
    for (int j = 0; j < v->g->kernel[k]->neq; j++) {
      bool known = false;
      for (int m = 0; m < v->g->neq && !known; m++) known = v->g->eq[m] == v->g->kernel[k]->eq[j];
      if (!known)
        row_broken(v, v->g->kernel[k]->pos, "%s holds an equation of '%s' that is not the graph's", v->g->kernel[k]->name, v->g->kernel[k]->eq[j]->out->name);
    }
}

static bool among(Tensor *const *at, int n, const Tensor *t)
{
  for (int k = 0; k < n; k++)
    if (at[k] == t) return true;
  return false;
}

static bool computes(const Kernel *k, const Tensor *t)
{
  for (int j = 0; j < k->neq; j++)
    if (k->eq[j]->out == t) return true;
  return false;
}

static void row_kernel_order(Verify *v)
{
  for (int k = 0; k < v->g->nkernel; k++)
    for (int j = k + 1; j < v->g->nkernel; j++)
      for (int w = 0; w < v->g->kernel[j]->neq; w++) {
        const Eq *e = v->g->kernel[j]->eq[w];
        for (int r = 0; r < v->g->kernel[k]->neq && !computes(v->g->kernel[k], e->out); r++)
          if (expr_reads(v->g->kernel[k]->eq[r]->rhs, e->out))
            row_broken(v, e->pos, "%s reads '%s', which %s computes later", v->g->kernel[k]->name, e->out->name, v->g->kernel[j]->name);
      }
}

static bool leaves_kernel(const Graph *g, const Kernel *k, const Tensor *t)
{
  if (t->kind == TK_OUTPUT) return true;
  for (int j = 0; j < g->ntensor; j++)
    if (g->tensor[j]->next == t) return true;
  for (int j = 0; j < g->nkernel; j++)
    for (int r = 0; r < g->kernel[j]->neq && g->kernel[j] != k; r++)
      if (expr_reads(g->kernel[j]->eq[r]->rhs, t)) return true;
  return false;
}

typedef struct Needs { Verify *v; const Kernel *k; } Needs;

static bool check_need(const Expr *x, void *needs)
{
  Needs *n = needs;
  if (x->kind == E_READ && !computes(n->k, x->tensor) && !among(n->k->in, n->k->nin, x->tensor))
    row_broken(n->v, n->k->pos, "%s reads '%s', which is not in its list", n->k->name, x->tensor->name);
  return !n->v->broken;
}

static void row_kernel_lists(Verify *v)
{
  for (int k = 0; k < v->g->nkernel && !v->broken; k++) {
    const Kernel *x = v->g->kernel[k];
    Needs n = { v, x };
    for (int j = 0; j < x->neq; j++) {
      expr_walk(x->eq[j]->rhs, check_need, &n);
      if (leaves_kernel(v->g, x, x->eq[j]->out) && !among(x->out, x->nout, x->eq[j]->out))
        row_broken(v, x->pos, "%s computes '%s', which is read later but not in its list", x->name, x->eq[j]->out->name);
    }
    for (int j = 0; j < x->nout; j++)
      if (!computes(x, x->out[j])) row_broken(v, x->pos, "%s gives '%s', which it does not compute", x->name, x->out[j]->name);
  }
}

/* ---- layouts */
/* The parts of one dimension, outer to inner: each is the rest of a division by what the one before it was divided by. */
static bool layout_whole(const Tensor *t, int d)
{
  int64_t before = 0;
  for (int k = 0; k < t->nlayout; k++) {
    const LayoutDim *l = &t->layout[k];
    int64_t div = l->div ? l->div : 1;
    if (l->dim != d) continue;
    if (l->mod && (before == 0 || l->mod * div != before)) return false;
    if (!l->mod && before) return false;
    before = div;
  }
  return before == 1;
}

static void row_layouts(Verify *v)
{
  for (int k = 0; k < v->g->ntensor && !v->broken; k++) {
    const Tensor *t = v->g->tensor[k];
    for (int j = 0; j < t->nlayout; j++)
      if (t->layout[j].dim < 0 || t->layout[j].dim >= t->rank) row_broken(v, t->pos, "'%s' lays out dimension %d", t->name, t->layout[j].dim);
    for (int d = 0; d < t->rank && t->layout; d++)
      if (!layout_whole(t, d)) row_broken(v, t->pos, "the parts of dimension %d of '%s' do not make it up", d, t->name);
    if (t->layout && (t->kind == TK_INPUT || t->kind == TK_OUTPUT)) row_broken(v, t->pos, "the argument '%s' has a layout of its own", t->name);
  }
}

/* ---- trees */
static bool eq_has_word(const Eq *e, const char *word);

static bool binds_word(const Expr *x, void *word)
{
  const char **w = word;
  for (int k = 0; x->kind == E_REDUCE && k < x->nbound && *w; k++)
    if (strcmp(x->bound[k]->name, *w) == 0) *w = NULL;
  return *w != NULL;
}

static bool eq_has_word(const Eq *e, const char *word)
{
  for (int k = 0; k < e->nfree; k++)
    if (strcmp(e->free[k]->name, word) == 0) return true;
  expr_walk(e->rhs, binds_word, &word);
  return word == NULL;
}

/* Does an equation of the kernel have the index? tensor NULL: any equation. */
static bool kernel_has_word(const Kernel *k, const char *tensor, const char *word)
{
  for (int j = 0; j < k->neq; j++)
    if ((!tensor || strcmp(k->eq[j]->out->name, tensor) == 0) && eq_has_word(k->eq[j], word)) return true;
  return false;
}

static bool kernel_makes(const Kernel *k, const char *tensor)
{
  for (int j = 0; j < k->neq; j++)
    if (strcmp(k->eq[j]->out->name, tensor) == 0) return true;
  return false;
}

static void check_tree(Verify *v, const Kernel *k, const Tree *t)
{
  for (; t && !v->broken; t = t->next) {
    bool leaf = t->kind == TREE_LEAF;
    if (t->kind == TREE_FOR && !kernel_has_word(k, NULL, t->name)) row_broken(v, t->pos, "%s loops over '%s', which no equation has", k->name, t->name);
    if (leaf && !kernel_makes(k, t->name)) row_broken(v, t->pos, "%s has a leaf '%s', which it does not compute", k->name, t->name);
    for (int j = 0; leaf && j < t->nleaf; j++)
      if (!kernel_has_word(k, t->name, t->leaf[j].index)) row_broken(v, t->pos, "the leaf '%s' orders '%s', which its equation does not have", t->name, t->leaf[j].index);
    if (t->kind == TREE_LET && !graph_tensor(v->g, t->name)) row_broken(v, t->pos, "%s stores '%s', which is no tensor", k->name, t->name);
    if (t->kind == TREE_LET && t->storage == ST_ALIAS && (!t->other || !graph_tensor(v->g, t->other))) row_broken(v, t->pos, "'%s' shares the place of an unknown tensor", t->name);
    if (t->kind == TREE_PREFETCH && !graph_tensor(v->g, t->name)) row_broken(v, t->pos, "%s prefetches '%s', which is no tensor", k->name, t->name);
    if (t->kind == TREE_FOR) check_tree(v, k, t->body);
  }
}

static bool has_leaf(const Tree *t, const char *tensor)
{
  for (; t; t = t->next)
    if ((t->kind == TREE_LEAF && strcmp(t->name, tensor) == 0) || (t->kind == TREE_FOR && has_leaf(t->body, tensor))) return true;
  return false;
}

static void row_trees(Verify *v)
{
  for (int k = 0; k < v->g->nkernel && !v->broken; k++) {
    const Kernel *x = v->g->kernel[k];
    if (!x->tree) row_broken(v, x->pos, "%s has none", x->name);
    check_tree(v, x, x->tree);
    for (int j = 0; j < x->neq; j++)
      if (!has_leaf(x->tree, x->eq[j]->out->name)) row_broken(v, x->pos, "%s computes '%s' nowhere", x->name, x->eq[j]->out->name);
  }
}

/* ---- places in memory */
static void row_plan(Verify *v)
{
  for (int k = 0; k < v->g->ntensor && !v->broken; k++) {
    const Tensor *t = v->g->tensor[k];
    int64_t room = t->where == AT_SCRATCH ? v->g->scratch_bytes : t->where == AT_STATE ? v->g->state_bytes : 0;
    if (t->where == AT_NONE) continue;
    if (t->offset < 0 || t->offset % type_bytes(t->type)) row_broken(v, t->pos, "'%s' lies at %lld", t->name, (long long)t->offset);
    if (room && t->offset >= room) row_broken(v, t->pos, "'%s' lies at %lld of %lld bytes", t->name, (long long)t->offset, (long long)room);
  }
}

typedef struct Row { Stage from, to; const char *name; RowFn *fn; const char *why; } Row;
static const Row rows[] = {
  { STAGE_EXPAND,   STAGE_PLAN, "ranks", row_ranks, "all that follows walks arguments by these counts" },
  { STAGE_EXPAND,   STAGE_PLAN, "dimensions", row_dims, "they are arguments of the artefact, at most one of them is time" },
  { STAGE_EXPAND,   STAGE_PLAN, "names", row_names, "the text form knows tensors by name" },
  { STAGE_EXPAND,   STAGE_PLAN, "kinds", row_kinds, "what is given is not computed, what is read exists" },
  { STAGE_EXPAND,   STAGE_PLAN, "indices", row_indices, "every index has exactly one range" },
  { STAGE_EXPAND,   STAGE_PLAN, "places", row_places, "regions are boxes of affine places" },
  { STAGE_EXPAND,   STAGE_PLAN, "one to one", row_one_to_one, "an element written twice has no value" },
  { STAGE_EXPAND,   STAGE_PLAN, "pieces", row_pieces, "each element has one equation" },
  { STAGE_EXPAND,   STAGE_PLAN, "types", row_types, "the printers trust the types" },
  { STAGE_EXPAND,   STAGE_PLAN, "reads", row_reads, "the artefact checks nothing" },
  { STAGE_EXPAND,   STAGE_PLAN, "constants", row_constants, "they are computed before anything runs" },
  { STAGE_EXPAND,   STAGE_PLAN, "states", row_states, "the first value is stored, the next is copied" },
  { STAGE_EXPAND,   STAGE_PLAN, "order", row_order, "producers come first, circles stand together" },
  { STAGE_SIMPLIFY, STAGE_PLAN, "normal form", row_normal, "the lowering opens one accumulator an equation" },
  { STAGE_FUSE,     STAGE_PLAN, "one kernel each", row_kernels, "kernels are what runs; an equation in none or two is lost or done twice" },
  { STAGE_FUSE,     STAGE_PLAN, "order of kernels", row_kernel_order, "they run in this order" },
  { STAGE_FUSE,     STAGE_PLAN, "lists of kernels", row_kernel_lists, "what is not listed may live in registers only" },
  { STAGE_LAYOUT,   STAGE_PLAN, "layouts", row_layouts, "every element has one place" },
  { STAGE_SCHEDULE, STAGE_PLAN, "trees", row_trees, "the lowering follows them by name" },
  { STAGE_PLAN,     STAGE_PLAN, "plan", row_plan, "the printers add these offsets unchecked" },
};

bool graph_verify(Ctx *c, const Graph *g, const char *after)
{
  bool ok = true;
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
    const Row *r = &rows[k];
    Verify v = { c, g, after, r->name, r->why, false };
    if (g->stage < r->from || g->stage > r->to) continue;
    r->fn(&v);
    ok &= !v.broken;
    if (v.broken && k == 0) return false;
  }
  return ok;
}
