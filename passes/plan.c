/* plan: a place in scratch for every tensor between kernels, a place in the state for what outlives the call.
 *
 *   before  h: f32[n = 1, c = 32];           after  h at scratch + 8192;
 *
 * needs   kernels in their order of execution; final layouts
 * keeps   what lives in one kernel only: the lowering places it behind scratch_bytes, and histories behind state_bytes
 * never   lets two tensors overlap while both are needed (in-place writes excepted, below)
 *
 * A tensor lives from the kernel that writes it to the last that reads it. Largest first, each at the lowest gap between those that
 * live at the same time. A pointwise kernel writes in place of an operand that dies in it.
 */
#include "builders.h"
#include <stdlib.h>

typedef struct Life { Tensor *t; int first, last; int64_t bytes, at; int in_place; bool set; } Life;
typedef struct Lives { Life *at; int n, cap; } Lives;

static int64_t round_up(int64_t v, int64_t to) { return (v + to - 1) / to * to; }

/* The bytes that a tensor takes: layouts pad their components. Sizes of whole pages are staggered, or buffers share cache sets. */
static int64_t tensor_room(const Tensor *t)
{
  int64_t n = tensor_size(t) > 0 ? 1 : 0;
  if (!t->layout) n = tensor_size(t);
  for (int i = 0; i < t->nlayout; i++) {
    LayoutDim l = t->layout[i];
    int64_t div = l.div > 1 ? l.div : 1, e = (extent_max(t->shape[l.dim]) + div - 1) / div;
    n *= l.mod && l.mod < e ? l.mod : e;
  }
  int64_t bytes = round_up(n * type_bytes(t->type), 64);
  return bytes >= 4096 && bytes % 4096 == 0 ? bytes + 192 : bytes;
}

static bool kernel_reads(const Kernel *k, const Tensor *t)
{
  for (int i = 0; i < k->neq; i++)
    if (expr_reads(k->eq[i]->rhs, t)) return true;
  return false;
}

static bool kernel_writes(const Kernel *k, const Tensor *t)
{
  for (int i = 0; i < k->neq; i++)
    if (k->eq[i]->out == t) return true;
  return false;
}

static bool is_next(const Graph *g, const Tensor *t)
{
  for (int i = 0; i < g->ntensor; i++)
    if (g->tensor[i]->kind == TK_STATE && g->tensor[i]->next == t) return true;
  return false;
}

/* Temporaries that one kernel writes and another reads, or a state takes at the end of the call. */
static Lives lives_of(Ctx *c, const Graph *g)
{
  Lives v = { 0 };
  for (int i = 0; i < g->ntensor; i++) {
    Life l = { .t = g->tensor[i], .first = -1, .last = -1, .in_place = -1 };
    bool outside = is_next(g, l.t);
    if (l.t->kind != TK_TEMP) continue;
    for (int k = 0; k < g->nkernel; k++) {
      bool w = kernel_writes(g->kernel[k], l.t), r = kernel_reads(g->kernel[k], l.t);
      if (!w && !r) continue;
      if (l.first < 0) l.first = k;
      if (l.last >= 0 && l.last != k) outside = true;
      l.last = k;
    }
    if (l.first < 0 || !outside) continue;
    if (is_next(g, l.t)) l.last = g->nkernel;
    l.bytes = tensor_room(l.t);
    PUSH(c, v, l);
  }
  return v;
}

static int life_compare(const void *a, const void *b)
{
  const Life *x = a, *y = b;
  if (x->bytes != y->bytes) return x->bytes < y->bytes ? 1 : -1;
  if (x->first != y->first) return x->first < y->first ? -1 : 1;
  return strcmp(x->t->name, y->t->name);
}

/* ---- in place: kernel k is pointwise, w is written by its last equation that reads r, and r is read at w's own place */
static bool kernel_pointwise(const Kernel *k)
{
  for (int i = 0; i < k->neq; i++)
    if (eq_reduction(k->eq[i], NULL)) return false;
  return true;
}

typedef struct Same { const Tensor *t; const Eq *e; bool ok; } Same;
static void same_read(Ctx *c, const Expr *r, void *arg)
{
  (void)c;
  Same *s = arg;
  if (r->tensor != s->t) return;
  for (int d = 0; d < r->n && s->ok; d++) s->ok = expr_equal(r->arg[d], s->e->place[d]);
}

static bool takes_place(Ctx *c, const Kernel *k, const Life *w, const Life *r)
{
  const Eq *writer = NULL;
  if (w->t->type != r->t->type || w->t->rank != r->t->rank || w->t->layout || r->t->layout) return false;
  for (int d = 0; d < w->t->rank; d++)
    if (!extent_equal(w->t->shape[d], r->t->shape[d])) return false;
  for (int i = 0; i < k->neq; i++) {
    if (k->eq[i]->out == w->t && writer) return false;
    if (k->eq[i]->out == w->t) writer = k->eq[i];
    else if (expr_reads(k->eq[i]->rhs, r->t)) return false;
  }
  Same s = { r->t, writer, writer != NULL };
  if (writer) each_read(c, writer->rhs, same_read, &s);
  return s.ok;
}

/* Of a pair only one is taken over once: chains are resolved by following in_place. */
static void find_in_place(Ctx *c, const Graph *g, Lives *v)
{
  for (int i = 0; i < v->n; i++) {
    int k = v->at[i].first;
    if (k >= g->nkernel || !kernel_pointwise(g->kernel[k])) continue;
    for (int j = 0; j < v->n && v->at[i].in_place < 0; j++) {
      bool taken = i == j || v->at[j].last != k || v->at[j].first >= k;
      for (int o = 0; o < v->n && !taken; o++) taken = v->at[o].in_place == j;
      if (!taken && takes_place(c, g->kernel[k], &v->at[i], &v->at[j])) v->at[i].in_place = j;
    }
  }
}

static int root_of(const Lives *v, int i)
{
  while (v->at[i].in_place >= 0) i = v->at[i].in_place;
  return i;
}

/* One block of memory for a chain of tensors that take each other's place. */
static void merge_chains(Lives *v)
{
  for (int i = 0; i < v->n; i++) {
    Life *r = &v->at[root_of(v, i)];
    if (v->at[i].first < r->first) r->first = v->at[i].first;
    if (v->at[i].last > r->last) r->last = v->at[i].last;
  }
}

static int64_t lowest_gap(const Lives *v, const Life *l)
{
  int64_t at = 0;
  for (bool moved = true; moved;) {
    moved = false;
    for (int i = 0; i < v->n; i++) {
      const Life *o = &v->at[i];
      bool both = o->set && o->in_place < 0 && o->first <= l->last && l->first <= o->last;
      if (!both || o->at + o->bytes <= at || at + l->bytes <= o->at) continue;
      at = o->at + o->bytes;
      moved = true;
    }
  }
  return at;
}

static int64_t place_scratch(Ctx *c, const Graph *g)
{
  Lives v = lives_of(c, g);
  int64_t top = 0;
  if (v.n) qsort(v.at, (size_t)v.n, sizeof *v.at, life_compare);
  find_in_place(c, g, &v);
  merge_chains(&v);
  for (int i = 0; i < v.n; i++) {
    Life *l = &v.at[i];
    if (l->in_place >= 0) continue;
    l->at = lowest_gap(&v, l);
    l->set = true;
    if (l->at + l->bytes > top) top = l->at + l->bytes;
  }
  for (int i = 0; i < v.n; i++) {
    v.at[i].t->where = AT_SCRATCH;
    v.at[i].t->offset = v.at[root_of(&v, i)].at;
  }
  return top;
}

static int64_t place_state(Graph *g)
{
  int64_t top = 0;
  for (int i = 0; i < g->ntensor; i++) {
    Tensor *t = g->tensor[i];
    if (t->kind != TK_STATE) continue;
    t->where = AT_STATE;
    t->offset = top;
    top += tensor_room(t);
  }
  return top;
}

int pass_plan(Ctx *c, Graph *g, const Target *t)
{
  (void)t;
  g->scratch_bytes = place_scratch(c, g);
  g->state_bytes = place_state(g);
  int n = 0;
  for (int i = 0; i < g->ntensor; i++) n += g->tensor[i]->where != AT_NONE;
  return n;
}
