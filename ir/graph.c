/* Graphs as lists: tensors, equations, and the normal form of an equation.
 *
 *   graph_fresh(c, g, "h")      h, or h1, h2, ... where h is taken
 *   eq_reduction(y = b + sum(...), &init)   the sum; init is b
 */
#include "ir.h"
#include <string.h>

int64_t tensor_size(const Tensor *t)
{
  int64_t n = 1;
  for (int d = 0; d < t->rank; d++)
    if (__builtin_mul_overflow(n, extent_max(t->shape[d]), &n)) return INT64_MAX;
  return n;
}

Tensor *graph_tensor(const Graph *g, const char *name)
{
  for (int k = 0; k < g->ntensor; k++)
    if (strcmp(g->tensor[k]->name, name) == 0) return g->tensor[k];
  return NULL;
}

/* A copy of an array of n pointers with x at its end: passes replace these arrays freely, so no capacity can be trusted. */
static void *append(Ctx *c, void *at, int n, void *x)
{
  void **out = NEWN(c, void *, n + 1);
  if (n) memcpy(out, at, sizeof(void *) * (size_t)n);
  out[n] = x;
  return out;
}

void graph_add_tensor(Ctx *c, Graph *g, Tensor *t)
{
  g->tensor = append(c, g->tensor, g->ntensor, t);
  g->ntensor++;
}

void graph_add_eq(Ctx *c, Graph *g, Eq *e)
{
  g->eq = append(c, g->eq, g->neq, e);
  g->neq++;
}

static bool name_taken(const Graph *g, const char *name)
{
  for (int k = 0; k < g->ndim; k++)
    if (strcmp(g->dim[k]->name, name) == 0) return true;
  return graph_tensor(g, name) != NULL;
}

const char *graph_fresh(Ctx *c, const Graph *g, const char *hint)
{
  const char *name = ctx_intern(c, hint);
  for (int k = 1; name_taken(g, name); k++) name = ctx_intern(c, ctx_printf(c, "%s%d", hint, k));
  return name;
}

int graph_writers(const Graph *g, const Tensor *t, Eq **out, int max)
{
  int n = 0;
  for (int k = 0; k < g->neq; k++) {
    if (g->eq[k]->out != t) continue;
    if (n < max) out[n] = g->eq[k];
    n++;
  }
  return n;
}

/* ---- normal form */
static const Fn combiner[RED_COUNT] = {
#define FN_NONE FN_COUNT
#define R(e, name, fn) FN_##fn,
#include "reduce.def"
#undef R
#undef FN_NONE
};

static bool find_reduction(const Expr *e, void *found)
{
  if (e->kind == E_REDUCE) *(bool *)found = true;
  return !*(bool *)found;
}

static bool has_reduction(const Expr *e)
{
  bool found = false;
  expr_walk(e, find_reduction, &found);
  return found;
}

/* side is a reduction whose combining function is that of root, other holds none: root is in normal form. */
static bool starts_from(const Expr *root, const Expr *side, const Expr *other)
{
  return side->kind == E_REDUCE && combiner[side->red] == root->fn && side->type == root->type && !has_reduction(other);
}

Expr *eq_reduction(const Eq *e, Expr **init)
{
  Expr *r = e->rhs;
  if (init) *init = NULL;
  if (r->kind == E_REDUCE) return r;
  if (r->kind != E_FN || r->n != 2) return NULL;
  for (int k = 0; k < 2; k++)
    if (starts_from(r, r->arg[k], r->arg[1 - k])) {
      if (init) *init = r->arg[1 - k];
      return r->arg[k];
    }
  return NULL;
}
