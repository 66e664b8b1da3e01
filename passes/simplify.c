/* simplify: rules, folding, equal equations, dead code, constants, scales into weights, conditions solved.
 *   before   z = sum(k: x[i, k] * w[k, j]);  y = z * s[j] * 1;  u = z * s[j];        after   z = sum(k: x[i, k] * w_scaled[k, j]);
 * needs   split
 * keeps   the value of every tensor up to what the ledger names; circles and their order; kernels written by hand */
#include "../ir/scalar.h"
#include "util.h"

/* ---- dead code */
typedef struct Live { Ctx *c; Uses uses; Map seen; } Live;

static void live_tensor(Live *l, const Tensor *t);
static bool live_read(const Expr *e, void *l) { if (e->kind == E_READ) live_tensor(l, e->tensor); return true; }
static void live_tensor(Live *l, const Tensor *t) {
  if (pmap_get(&l->seen, t) >= 0) return;
  pmap_set(l->c, &l->seen, t, 1);
  if (t->init) expr_walk(t->init, live_read, l);
  EACH(Eq, e, uses_get(&l->uses, t)->writer) expr_walk(e->rhs, live_read, l);
  if (t->next) live_tensor(l, t->next);
}

int dead_code(Ctx *c, Graph *g) {
  Live l = { c, uses_find(c, g), { 0 } }; int neq = 0, ntensor = 0, before = g->neq;
  for (int k = 0; k < g->nout; k++) live_tensor(&l, g->out[k]);
  for (int k = 0; k < g->ntensor; k++) if (g->tensor[k]->kind == TK_STATE || g->tensor[k]->kind == TK_OUTPUT) live_tensor(&l, g->tensor[k]);
  for (int k = 0; k < g->nkernel; k++) EQS(e, g->kernel[k]) live_tensor(&l, e->out);
  EQS(e, g) {
    if (pmap_get(&l.seen, e->out) >= 0) g->eq[neq++] = e;
    else ledger_add(c, "simplify", e->out->name, true, tensor_bytes(e->out), "dead: nobody reads it");
  }
  for (int k = 0; k < g->ntensor; k++) {
    Tensor *t = g->tensor[k];
    if ((t->kind != TK_TEMP && t->kind != TK_CONST) || pmap_get(&l.seen, t) >= 0) g->tensor[ntensor++] = t;
  }
  g->neq = neq; g->ntensor = ntensor; return before - neq;
}

/* ---- constants */
static bool eqs_constant(const UseList *l) {
  EACH(Eq, e, l->writer) if (!expr_constant(e->rhs)) return false;
  return l->writer.n > 0;
}

/* late: what is still an equation of its own will be stored, so it had better be stored now; before that, cheap ones are inlined. */
static bool constant_pays(Ctx *c, const UseList *l, const Tensor *t, bool late) {
  int64_t out = tensor_bytes(t), in = 0; bool work = late;
  EACH(Eq, e, l->writer) {
    Exprs reads = rhs_reads(c, e); work |= reads.n > 0 || expr_costly(e->rhs);
    EACH(Expr, r, reads) in += tensor_bytes(r->tensor);
  }
  return work && (out <= 65536 || out <= 4 * in);
}

static void constant_set(UseList *l, Tensor *t) { t->kind = TK_CONST; EACH(Eq, e, l->writer) e->constant = true; }
static bool may_be_constant(const Tensor *t) { return t->kind == TK_TEMP && !t->history && t->stream_dim < 0; }

int const_mark(Ctx *c, Graph *g, bool late) {
  Uses u = uses_find(c, g); int n = 0;
  EQS(e, g) {
    Tensor *t = e->out; UseList *l = uses_get(&u, t);
    if (!may_be_constant(t) || graph_is_out(g, t) || eq_by_hand(g, e) || !eqs_constant(l) || !constant_pays(c, l, t, late)) continue;
    constant_set(l, t); n++; ledger_add(c, "simplify", t->name, true, 0, "constant: computed when the model is compiled");
  }
  return n;
}

bool const_force(Ctx *c, Graph *g, Expr *e) {
  Exprs reads = { 0 }; expr_reads_of(c, e, &reads);
  EACH(Expr, r, reads) {
    Tensor *t = r->tensor;
    if (tensor_known(t)) continue;
    if (!may_be_constant(t)) return false;
    Uses u = uses_find(c, g); UseList *l = uses_get(&u, t);
    EACH(Eq, w, l->writer) if (w->rhs == e || !const_force(c, g, w->rhs)) return false;
    if (!eqs_constant(l)) return false;
    constant_set(l, t);
  }
  return true;
}

/* A read of small constant integers that are all one number, as the zero points of channels are: the number. (Floats stay: layers that differ
 * in them alone share their code.) */
static Expr *uniform(Ctx *c, Expr *e, void *uses) {
  const Tensor *t = e->kind == E_READ ? e->tensor : NULL; int64_t n = t ? tensor_size(t) : 0, k = 1;
  if (!t || !tensor_known(t) || !type_is_int(t->type) || n < 1 || n > 4096 || !read_inside(c, e)) return e;
  const UseList *l = uses_get(uses, t); const Eq *w = l->writer.n == 1 ? l->writer.at[0] : NULL; size_t bytes = (size_t)type_bytes(t->type);
  if (w && expr_is_const(w->rhs) && eq_points(w) == (double)n) return expr_convert(c, CV_PLAIN, t->type, w->rhs, e->pos);
  while (t->data && k < n && !memcmp(t->data, (const char *)t->data + (size_t)k * bytes, bytes)) k++;
  if (!t->data || k < n) return e;
  Num v = value_load(t->data, t->type, 0); return expr_const(c, t->type, v.f, v.i);
}

/* ---- equal equations */
static bool eq_same(Ctx *c, const Eq *a, const Eq *b) {
  const Tensor *x = a->out, *y = b->out;
  if (x->rank != y->rank || x->type != y->type || a->constant != b->constant || !same_extents(a->free, a->nfree, b->free, b->nfree)) return false;
  Expr **to = index_exprs(c, a->free, a->nfree);
  for (int d = 0; d < x->rank; d++)
    if (!extent_equal(x->shape[d], y->shape[d]) || !expr_equal(a->place[d], expr_subst(c, b->place[d], b->free, to, b->nfree))) return false;
  return expr_equal(a->rhs, expr_subst(c, b->rhs, b->free, to, b->nfree));
}

static bool cse_candidate(const Graph *g, Uses *u, const Tensor *t) {
  const UseList *l = uses_get(u, t);
  return (t->kind == TK_TEMP || t->kind == TK_CONST) && !t->history && l->writer.n == 1 && !eq_by_hand(g, l->writer.at[0]) && !graph_is_out(g, t);
}
static bool read_by_hand(const Graph *g, const UseList *l) {
  for (int k = 0; k < l->read.n; k++) if (eq_by_hand(g, l->read.at[k].eq)) return true;
  return false;
}

static void cse_merge(Ctx *c, Graph *g, const UseList *readers, Eq *keep, Eq *gone) {
  for (const Use *u = readers->read.at; readers->read.n && u < readers->read.at + readers->read.n; u++)
    u->eq->rhs = expr_reread(c, u->eq->rhs, gone->out, keep->out);
  keep->label = label_union(c, keep->label, gone->label);
  ledger_add(c, "simplify", gone->out->name, true, tensor_bytes(gone->out), "equal to %s", keep->out->name);
  eq_remove(g, gone);
}

/* One merge changes reads, so shapes of later equations: the caller repeats until there is none. */
static int cse(Ctx *c, Graph *g) {
  Uses u = uses_find(c, g);
  for (int b = 1; b < g->neq; b++)
    for (int a = 0; a < b; a++) {
      Eq *x = g->eq[a], *y = g->eq[b];
      if (x->rhs->shape != y->rhs->shape || x->out == y->out || !cse_candidate(g, &u, x->out) || !cse_candidate(g, &u, y->out)) continue;
      const UseList *readers = uses_get(&u, y->out);
      if (!eq_same(c, x, y) || read_by_hand(g, readers)) continue;
      cse_merge(c, g, readers, x, y); return 1;
    }
  return 0;
}

/* ---- the pass */
int pass_simplify(Ctx *c, Graph *g, const Target *t) {
  int n = 0; (void)t; Uses uses = uses_find(c, g);
  EQS(e, g) if (!eq_by_hand(g, e)) {
    e->rhs = expr_map(c, e->rhs, uniform, &uses);
    e->rhs = expr_rules(c, expr_simplify(c, e->rhs), &n);
    if (n) e->rhs = expr_simplify(c, e->rhs);
  }
  n += dead_code(c, g); n += inline_views(c, g);
  while (cse(c, g)) n++;
  n += const_mark(c, g, false); n += solve_conditions(c, g);
  n += fold_scales(c, g); n += hoist_invariants(c, g);
  n += dead_code(c, g); return n && !graph_sort(c, g) ? -1 : n;
}
