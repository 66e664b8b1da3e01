/* Graphs as lists: tensors, equations, and the normal form of an equation.
 *   graph_fresh(c, g, "h")                  h, or h1, h2, ... where h is taken
 *   eq_reduction(y = b + sum(...), &init)   the sum; init is b */
#include "ir.h"
#include <string.h>

int64_t tensor_size(const Tensor *t) {
  int64_t n = 1; for (int d = 0; d < t->rank; d++) if (__builtin_mul_overflow(n, extent_max(t->shape[d]), &n)) return INT64_MAX; return n;
}
int64_t tensor_bytes(const Tensor *t) { return tensor_size(t) * type_bytes(t->type); }
bool tensors_match(const Tensor *a, const Tensor *b) { return a->type == b->type && extents_equal(a->shape, a->rank, b->shape, b->rank); }

enum { LITERAL_MOST = 64 };
bool tensor_is_literal(const Graph *g, const Tensor *t) {
  if (t->kind != TK_CONST || tensor_size(t) > LITERAL_MOST) return false;
  for (int k = 0; k < g->neq; k++) if (g->eq[k]->out == t && expr_count(g->eq[k]->rhs, E_READ)) return false;
  return true;
}

Tensor *graph_tensor(const Graph *g, const char *name) {
  for (int k = 0; k < g->ntensor; k++) if (strcmp(g->tensor[k]->name, name) == 0) return g->tensor[k];
  return NULL;
}

/* Passes replace these arrays freely, so no capacity can be trusted. */
void graph_add_tensor(Ctx *c, Graph *g, Tensor *t) { APPEND(c, g->tensor, g->ntensor, t); }
void graph_add_eq(Ctx *c, Graph *g, Eq *e) { APPEND(c, g->eq, g->neq, e); }
static bool name_taken(const Graph *g, const char *name) {
  bool dim = false; for (int k = 0; k < g->ndim; k++) dim |= !strcmp(g->dim[k]->name, name); return dim || graph_tensor(g, name);
}
const char *graph_fresh(Ctx *c, const Graph *g, const char *hint) {
  const char *name = ctx_intern(c, hint); for (int k = 1; name_taken(g, name); k++) name = ctx_intern(c, ctx_printf(c, "%s%d", hint, k)); return name;
}

/* ---- normal form */
static const Fn combiner[RED_COUNT] = {
#define FN_NONE FN_COUNT
#define R(e, name, fn) FN_##fn,
#include "reduce.def"
};

Expr *eq_reduction(const Eq *e, Expr **init) {
  Expr *r = e->rhs, *none; init = init ? init : &none; *init = NULL; if (r->kind == E_REDUCE) return r;
  for (int k = 0; r->kind == E_FN && r->n == 2 && k < 2; k++) {
    Expr *side = r->arg[k], *rest = r->arg[1 - k];
    if (side->kind != E_REDUCE || combiner[side->red] != r->fn || side->type != r->type || expr_count(rest, E_REDUCE)) continue;
    *init = rest; return side;
  }
  return NULL;
}

/* ---- loop trees */
bool tree_computes(const Tree *t, const char *tensor) {
  while (t && !(t->kind == TREE_LEAF ? !strcmp(t->name, tensor) : t->kind == TREE_FOR && tree_computes(t->body, tensor))) t = t->next;
  return t != NULL;
}
