/* Expressions as trees: equality by content, rebuilding, walking. Constructors bound depth and size, so plain recursion is safe. */
#include "lin.h"
#include <string.h>

/* Bound indices of the reductions around, innermost first: a reduction of x and its match in the other expression. */
typedef struct Scope { Index *const *x, *const *y; int n; const struct Scope *outer; } Scope;

static bool index_matches(const Index *a, const Index *b, const Scope *s) {
  for (; s; s = s->outer)
    for (int k = 0; k < s->n; k++)
      if (s->x[k] == a || s->y[k] == b) return s->x[k] == a && s->y[k] == b;
  return a == b;
}

static bool bounds_match(const Expr *a, const Expr *b) {
  bool same = a->red == b->red && a->nbound == b->nbound;
  for (int k = 0; same && k < a->nbound; k++) same = extent_equal(a->bound[k]->ext, b->bound[k]->ext);
  return same;
}

static bool heads_equal(const Expr *a, const Expr *b, const Scope *s) {
  switch (a->kind) {
  case E_CONST: return !memcmp(&a->i, &b->i, sizeof a->i);               /* bits: -0 is not 0 */
  case E_INDEX: return index_matches(a->index, b->index, s);
  case E_READ: return a->tensor == b->tensor;
  case E_FN: return a->fn == b->fn;
  case E_CONVERT: return a->mode == b->mode;
  case E_REDUCE: return bounds_match(a, b);
  case E_SELECT: case E_OR: return true;
  }
  return false;
}

static bool equal_in(const Expr *a, const Expr *b, const Scope *s) {
  if (a == b && !s) return true;
  if (a->kind != b->kind || a->type != b->type || a->n != b->n || !heads_equal(a, b, s)) return false;
  Scope inner = a->kind == E_REDUCE ? (Scope){ a->bound, b->bound, a->nbound, s } : (Scope){ 0 };
  for (int k = 0; k < a->n; k++)
    if (!equal_in(a->arg[k], b->arg[k], inner.n ? &inner : s)) return false;
  return true;
}

bool expr_equal(const Expr *a, const Expr *b) { return equal_in(a, b, NULL); }

/* ---- rebuilding */
Expr *expr_with(Ctx *c, Expr *e, Expr **arg) {
  switch (e->kind) {
  case E_READ: return expr_read(c, e->tensor, arg, e->pos);
  case E_FN: return expr_fn(c, e->fn, arg, e->pos);
  case E_CONVERT: return expr_convert(c, e->mode, e->type, arg[0], e->pos);
  case E_SELECT: return expr_select(c, arg[0], arg[1], arg[2], e->pos);
  case E_OR: return expr_or(c, arg[0], arg[1], e->pos);
  case E_REDUCE: return expr_reduce(c, e->red, e->bound, e->nbound, arg[0], e->n == 2 ? arg[1] : NULL, e->pos);
  case E_CONST: case E_INDEX: break;
  }
  return e;
}

Expr *expr_map_args(Ctx *c, Expr *e, Expr *(*fn)(Ctx *, Expr *, void *), void *arg) {
  Expr *room[16], **a = e->n <= 16 ? room : NEWN(c, Expr *, e->n);
  bool changed = false;
  for (int k = 0; k < e->n; k++) {
    a[k] = fn(c, e->arg[k], arg);
    changed |= a[k] != e->arg[k];
  }
  return changed ? expr_with(c, e, a) : e;
}

typedef struct Map { Expr *(*fn)(Ctx *, Expr *, void *); void *arg; } Map;

static Expr *map_node(Ctx *c, Expr *e, void *map) { return ((Map *)map)->fn(c, expr_map_args(c, e, map_node, map), ((Map *)map)->arg); }
Expr *expr_map(Ctx *c, Expr *e, Expr *(*fn)(Ctx *, Expr *, void *), void *arg) { return map_node(c, e, &(Map){ fn, arg }); }

typedef struct Subst { Index *const *from; Expr *const *to; int n; } Subst;

static Expr *subst_node(Ctx *c, Expr *e, void *arg) {
  const Subst *s = arg;
  (void)c;
  for (int k = 0; e->kind == E_INDEX && k < s->n; k++)
    if (s->from[k] == e->index) return s->to[k];
  return e;
}

Expr *expr_subst(Ctx *c, Expr *e, Index *const *from, Expr *const *to, int n) { return n ? expr_map(c, e, subst_node, &(Subst){ from, to, n }) : e; }

/* Inner reductions are fresh already when an outer one is reached, so each pass replaces its own indices only. */
static Expr *fresh_node(Ctx *c, Expr *e, void *arg) {
  (void)arg;
  if (e->kind != E_REDUCE || !e->nbound) return e;
  Index **bound = NEWN(c, Index *, e->nbound);
  Expr **to = NEWN(c, Expr *, e->nbound), *part[2] = { NULL, NULL };
  for (int k = 0; k < e->nbound; k++) {
    bound[k] = ctx_copy(c, e->bound[k], sizeof **bound);
    bound[k]->id = c->nid++;
    to[k] = expr_index(c, bound[k]);
  }
  for (int k = 0; k < e->n; k++) part[k] = expr_subst(c, e->arg[k], e->bound, to, e->nbound);
  return expr_reduce(c, e->red, bound, e->nbound, part[0], part[1], e->pos);
}

Expr *expr_fresh(Ctx *c, Expr *e) { return expr_map(c, e, fresh_node, NULL); }

/* ---- walking */
void expr_walk(const Expr *e, bool (*fn)(const Expr *, void *), void *arg) {
  if (!fn(e, arg)) return;
  for (int k = 0; k < e->n; k++) expr_walk(e->arg[k], fn, arg);
}

bool expr_reads(const Expr *e, const Tensor *t) {
  bool found = e->kind == E_READ && (!t || e->tensor == t);
  for (int k = 0; k < e->n && !found; k++) found = expr_reads(e->arg[k], t);
  return found;
}

bool expr_has_index(const Expr *e, const Index *i) {
  bool found = e->kind == E_INDEX && e->index == i;
  for (int k = 0; k < e->n && !found; k++) found = expr_has_index(e->arg[k], i);
  return found;
}
