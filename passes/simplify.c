/* simplify: rules, folding, equal equations, dead code, constants, scales into weights, conditions solved.
 *
 *   before   z = sum(k: x[i, k] * w[k, j]);  y = z * s[j] * 1;  u = z * s[j];        after   z = sum(k: x[i, k] * w_scaled[k, j]);
 *
 * needs   split
 * keeps   the value of every tensor up to what the ledger names; circles and their order
 * never   touches kernels written by hand
 */
#include "util.h"
#include <string.h>

/* ---- dead code */
static void live_tensor(Ctx *c, Uses *u, Map *live, const Tensor *t);

static void live_expr(Ctx *c, Uses *u, Map *live, const Expr *e) {
  if (!e) return;
  if (e->kind == E_READ) live_tensor(c, u, live, e->tensor);
  for (int k = 0; k < e->n; k++) live_expr(c, u, live, e->arg[k]);
}

static void live_tensor(Ctx *c, Uses *u, Map *live, const Tensor *t) {
  if (pmap_get(live, t) >= 0) return;
  pmap_set(c, live, t, 1);
  const UseList *l = uses_get(u, t);
  live_expr(c, u, live, t->init);
  for (int k = 0; l && k < l->writer.n; k++) live_expr(c, u, live, l->writer.at[k]->rhs);
  if (t->next) live_tensor(c, u, live, t->next);
}

static void live_roots(Ctx *c, const Graph *g, Uses *u, Map *live) {
  for (int k = 0; k < g->nout; k++) live_tensor(c, u, live, g->out[k]);
  for (int k = 0; k < g->ntensor; k++)
    if (g->tensor[k]->kind == TK_STATE || g->tensor[k]->kind == TK_OUTPUT) live_tensor(c, u, live, g->tensor[k]);
  for (int k = 0; k < g->nkernel; k++)
    for (int j = 0; j < g->kernel[k]->neq; j++) live_tensor(c, u, live, g->kernel[k]->eq[j]->out);
}

int dead_code(Ctx *c, Graph *g) {
  Uses u = uses_find(c, g);
  Map live = { 0 };
  int n = 0, keep = 0, kept = 0;
  live_roots(c, g, &u, &live);
  for (int k = 0; k < g->neq; k++) {
    if (pmap_get(&live, g->eq[k]->out) >= 0) g->eq[keep++] = g->eq[k];
    else ledger_add(c, "simplify", g->eq[k]->out->name, true, tensor_size(g->eq[k]->out) * type_bytes(g->eq[k]->out->type), "dead: nobody reads it");
  }
  n = g->neq - keep;
  g->neq = keep;
  for (int k = 0; k < g->ntensor; k++) {
    Tensor *t = g->tensor[k];
    if ((t->kind != TK_TEMP && t->kind != TK_CONST) || pmap_get(&live, t) >= 0) g->tensor[kept++] = t;
  }
  g->ntensor = kept;
  return n;
}

/* ---- constants */
static bool eqs_constant(const UseList *l) {
  for (int k = 0; k < l->writer.n; k++)
    if (!expr_constant(l->writer.at[k]->rhs)) return false;
  return l->writer.n > 0;
}

static bool constant_pays(Ctx *c, const UseList *l, const Tensor *t) {
  int64_t out = tensor_size(t) * type_bytes(t->type), in = 0;
  bool work = false;
  for (int k = 0; k < l->writer.n; k++) {
    Exprs reads = { 0 };
    expr_reads_of(c, l->writer.at[k]->rhs, &reads);
    work |= reads.n > 0 || expr_costly(l->writer.at[k]->rhs);
    for (int r = 0; r < reads.n; r++) in += tensor_size(reads.at[r]->tensor) * type_bytes(reads.at[r]->tensor->type);
  }
  return work && (out <= 65536 || out <= 4 * in);
}

static void constant_set(UseList *l, Tensor *t) {
  t->kind = TK_CONST;
  for (int k = 0; k < l->writer.n; k++) l->writer.at[k]->constant = true;
}

int const_mark(Ctx *c, Graph *g) {
  Uses u = uses_find(c, g);
  int n = 0;
  for (int k = 0; k < g->neq; k++) {
    Tensor *t = g->eq[k]->out;
    UseList *l = uses_get(&u, t);
    if (t->kind != TK_TEMP || t->history || t->stream_dim >= 0 || graph_is_out(g, t) || eq_by_hand(g, g->eq[k])) continue;
    if (!eqs_constant(l) || !constant_pays(c, l, t)) continue;
    constant_set(l, t);
    ledger_add(c, "simplify", t->name, true, 0, "constant: computed when the model is compiled");
    n++;
  }
  return n;
}

bool const_force(Ctx *c, Graph *g, Expr *e) {
  Exprs reads = { 0 };
  expr_reads_of(c, e, &reads);
  for (int k = 0; k < reads.n; k++) {
    Tensor *t = reads.at[k]->tensor;
    if (t->kind == TK_PARAM || t->kind == TK_CONST) continue;
    if (t->kind != TK_TEMP || t->history || t->stream_dim >= 0) return false;
    Uses u = uses_find(c, g);
    UseList *l = uses_get(&u, t);
    for (int w = 0; l && w < l->writer.n; w++)
      if (l->writer.at[w]->rhs == e || !const_force(c, g, l->writer.at[w]->rhs)) return false;
    if (!l || !eqs_constant(l)) return false;
    constant_set(l, t);
  }
  return true;
}

/* ---- equal equations */
static uint64_t shape_hash(const Expr *e) {
  uint64_t h = (uint64_t)e->kind * 31 + (uint64_t)e->type * 7 + (uint64_t)e->n;
  if (e->kind == E_READ) h ^= (uint64_t)(uintptr_t)e->tensor;
  if (e->kind == E_FN) h += (uint64_t)e->fn * 1009;
  if (e->kind == E_REDUCE) h += (uint64_t)e->red * 2003 + (uint64_t)e->nbound;
  for (int k = 0; k < e->n; k++) h = (h ^ h >> 29) * 0x9E3779B97F4A7C15u + shape_hash(e->arg[k]);
  return h;
}

static bool eq_same(Ctx *c, const Eq *a, const Eq *b) {
  if (a->nfree != b->nfree || a->out->rank != b->out->rank || a->out->type != b->out->type || a->constant != b->constant) return false;
  Expr **to = NEWN(c, Expr *, a->nfree);
  for (int k = 0; k < a->nfree; k++) {
    if (!extent_equal(a->free[k]->ext, b->free[k]->ext)) return false;
    to[k] = expr_index(c, a->free[k]);
  }
  for (int d = 0; d < a->out->rank; d++) {
    if (!extent_equal(a->out->shape[d], b->out->shape[d])) return false;
    if (!expr_equal(a->place[d], expr_subst(c, b->place[d], b->free, to, b->nfree))) return false;
  }
  return expr_equal(a->rhs, expr_subst(c, b->rhs, b->free, to, b->nfree));
}

typedef struct Rename { Tensor *from, *to; } Rename;

static Expr *rename_read(Ctx *c, Expr *e, void *arg) {
  const Rename *r = arg;
  return e->kind == E_READ && e->tensor == r->from ? expr_read(c, r->to, e->arg, e->pos) : e;
}

static bool cse_candidate(const Graph *g, Uses *u, const Tensor *t) {
  const UseList *l = uses_get(u, t);
  return (t->kind == TK_TEMP || t->kind == TK_CONST) && !t->history && l && l->writer.n == 1 && !eq_by_hand(g, l->writer.at[0]);
}

static void cse_merge(Ctx *c, Graph *g, UseList *readers, Eq *keep, Eq *gone) {
  Rename r = { gone->out, keep->out };
  for (int k = 0; k < readers->read.n; k++) {
    Eq *e = readers->read.at[k].eq;
    e->rhs = expr_map(c, e->rhs, rename_read, &r);
  }
  keep->label = label_union(c, keep->label, gone->label);
  ledger_add(c, "simplify", gone->out->name, true, tensor_size(gone->out) * type_bytes(gone->out->type), "equal to %s", keep->out->name);
  eq_remove(g, gone);
}

/* One merge changes reads, so hashes of later equations: the caller repeats until there is none. */
static int cse(Ctx *c, Graph *g) {
  Uses u = uses_find(c, g);
  uint64_t *h = NEWN(c, uint64_t, g->neq);
  for (int k = 0; k < g->neq; k++) h[k] = shape_hash(g->eq[k]->rhs);
  for (int b = 1; b < g->neq; b++)
    for (int a = 0; a < b; a++) {
      Eq *x = g->eq[a], *y = g->eq[b];
      if (h[a] != h[b] || x->out == y->out || graph_is_out(g, y->out) || graph_is_out(g, x->out)) continue;
      if (!cse_candidate(g, &u, x->out) || !cse_candidate(g, &u, y->out) || !eq_same(c, x, y)) continue;
      bool hand = false;
      UseList *readers = uses_get(&u, y->out);
      for (int k = 0; k < readers->read.n; k++) hand |= eq_by_hand(g, readers->read.at[k].eq);
      if (hand) continue;
      cse_merge(c, g, readers, x, y);
      return 1;
    }
  return 0;
}

/* ---- the pass */
static int simplify_rhs(Ctx *c, Graph *g, const Rules *r) {
  int n = 0;
  for (int k = 0; k < g->neq; k++) {
    Eq *e = g->eq[k];
    if (eq_by_hand(g, e)) continue;
    e->rhs = rules_apply(c, r, expr_simplify(c, e->rhs), &n);
    if (n) e->rhs = expr_simplify(c, e->rhs);
  }
  return n;
}

int pass_simplify(Ctx *c, Graph *g, const Target *t) {
  const Rules *r = rules_load(c);
  int n = simplify_rhs(c, g, r);
  (void)t;
  n += dead_code(c, g);
  n += inline_views(c, g);
  while (cse(c, g)) n++;
  n += const_mark(c, g);
  n += solve_conditions(c, g);
  n += fold_scales(c, g);
  n += hoist_invariants(c, g);
  n += dead_code(c, g);
  return n && !graph_sort(c, g) ? -1 : n;
}
