/* plan: a place in scratch for every tensor between kernels, a place in the state for what outlives the call.
 *   before  h: f32[n = 1, c = 32];           after  h at scratch + 8192;
 * needs   kernels in their order of execution; final layouts     never   lets two tensors overlap while both are needed (in-place writes excepted)
 * keeps   what lives in one kernel only: the lowering places it behind scratch_bytes, and histories behind state_bytes
 * A tensor lives from the kernel that writes it to the last that reads it. Largest first, each at the lowest gap between those that live at the
 * same time. A pointwise kernel writes in place of an operand that dies in it. */
#include "builders.h"
#include <stdlib.h>

typedef struct Life { Tensor *t; int first, last; int64_t bytes, at; int in_place; bool set; } Life;
typedef VEC(Life) Lives;

/* The bytes that a tensor takes: layouts pad their components. Sizes of whole pages are staggered, or buffers share cache sets. */
static int64_t tensor_room(const Tensor *t) {
  int64_t n = t->layout ? tensor_size(t) > 0 : tensor_size(t);
  for (int i = 0; i < t->nlayout; i++) n *= part_extent(t, t->layout[i]);
  int64_t bytes = (n * type_bytes(t->type) + 63) / 64 * 64; return bytes >= 4096 && bytes % 4096 == 0 ? bytes + 192 : bytes;
}
/* Temporaries that one kernel writes and another reads, or a state takes at the end of the call. */
static Lives lives_of(Ctx *c, const Graph *g) {
  Lives v = { 0 };
  for (int i = 0; i < g->ntensor; i++) {
    Life l = { .t = g->tensor[i], .first = -1, .in_place = -1, .bytes = tensor_room(g->tensor[i]) };
    for (int k = 0; k < g->nkernel; k++)
      EQS(e, g->kernel[k]) if (e->out == l.t || expr_reads(e->rhs, l.t)) { l.first = l.first < 0 ? k : l.first; l.last = k; }
    if (tensor_is_next(g, l.t)) l.last = g->nkernel;
    if (l.t->kind == TK_TEMP && l.first >= 0 && l.first < l.last) PUSH(c, v, l);
  }
  return v;
}

static int life_compare(const void *a, const void *b) {
  const Life *x = a, *y = b;
  if (x->bytes != y->bytes) return x->bytes < y->bytes ? 1 : -1;
  return x->first != y->first ? (x->first < y->first ? -1 : 1) : strcmp(x->t->name, y->t->name);
}

/* ---- in place: kernel k is pointwise, w is written by its last equation that reads r, and r is read at w's own place */
static bool takes_place(Ctx *c, const Kernel *k, const Life *w, const Life *r) {
  const Eq *writer = NULL;
  if (!tensors_alike(w->t, r->t)) return false;
  EQS(e, k) {
    if (e->out == w->t ? writer != NULL : expr_reads(e->rhs, r->t)) return false;
    if (e->out == w->t) writer = e;
  }
  if (writer) READS(e, c, writer->rhs) for (int d = 0; e->tensor == r->t && d < e->n; d++) if (!expr_equal(e->arg[d], writer->place[d])) return false;
  return writer;
}

/* Each is taken over once at most: chains are resolved by following in_place. */
static void find_in_place(Ctx *c, const Graph *g, Lives *v) {
  for (int i = 0; i < v->n; i++) {
    int k = v->at[i].first; bool pointwise = true;
    EQS(e, g->kernel[k]) pointwise &= !eq_reduction(e, NULL);
    for (int j = 0; j < v->n && pointwise && v->at[i].in_place < 0; j++) {
      bool taken = i == j || v->at[j].last != k || v->at[j].first >= k;
      for (int o = 0; o < v->n && !taken; o++) taken = v->at[o].in_place == j;
      if (!taken && takes_place(c, g->kernel[k], &v->at[i], &v->at[j])) v->at[i].in_place = j;
    }
  }
}
/* Whose memory it is, of a chain of tensors that take each other's place. */
static Life *root_of(Lives *v, int i) { return v->at[i].in_place < 0 ? &v->at[i] : root_of(v, v->at[i].in_place); }
static int64_t lowest_gap(const Lives *v, const Life *l) {
  int64_t at = 0;
  for (int i = 0; i < v->n; i++) {
    const Life *o = &v->at[i];
    if (!o->set || o->first > l->last || l->first > o->last || o->at + o->bytes <= at || at + l->bytes <= o->at) continue;
    at = o->at + o->bytes; i = -1;                         /* it may now overlap one before */
  }
  return at;
}
static int64_t place_scratch(Ctx *c, const Graph *g) {
  Lives v = lives_of(c, g); int64_t top = 0;
  if (v.n) qsort(v.at, (size_t)v.n, sizeof *v.at, life_compare);
  find_in_place(c, g, &v);
  for (int i = 0; i < v.n; i++) {
    Life *r = root_of(&v, i); const Life *l = &v.at[i];
    r->first = l->first < r->first ? l->first : r->first; r->last = l->last > r->last ? l->last : r->last;
  }
  for (Life *l = v.at; l < v.at + v.n; l++)
    if (l->in_place < 0) { l->at = lowest_gap(&v, l); l->set = true; top = l->at + l->bytes > top ? l->at + l->bytes : top; }
  for (int i = 0; i < v.n; i++) { v.at[i].t->where = AT_SCRATCH; v.at[i].t->offset = root_of(&v, i)->at; }
  return top;
}
int pass_plan(Ctx *c, Graph *g, const Target *t) {
  int placed = 0, before = c->nerror;
  for (int i = 0; i < g->ntensor && t->index_bits == 32; i++) {      /* counters and offsets of 32 bits reach 2^31 - 1 bytes */
    const Tensor *x = g->tensor[i]; long long n = tensor_room(x);
    if (n > INT32_MAX) diag_error(c, x->pos, "'%s' has %lld bytes, more than the 2^31 - 1 that the 32-bit target %s reaches", x->name, n, t->name);
  }
  if (c->nerror > before) return -1;
  g->scratch_bytes = place_scratch(c, g); g->state_bytes = 0;
  for (int i = 0; i < g->ntensor; i++) {
    Tensor *s = g->tensor[i];
    if (s->kind == TK_STATE) { s->where = AT_STATE; s->offset = g->state_bytes; g->state_bytes += tensor_room(s); }
    placed += s->where != AT_NONE;
  }
  return placed;
}
