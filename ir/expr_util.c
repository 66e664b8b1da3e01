/* Expressions as trees: equality by content, rebuilding, walking. Constructors bound depth and size, so plain recursion is safe. */
#include "ir.h"
#include <string.h>

/* Bound indices of the reductions around, innermost first: a reduction of x and its match in the other expression. */
typedef struct Scope { Index *const *x, *const *y; int n; const struct Scope *outer; } Scope;

static bool index_matches(const Index *a, const Index *b, const Scope *s)
{
  for (; s; s = s->outer)
    for (int k = 0; k < s->n; k++)
      if (s->x[k] == a || s->y[k] == b) return s->x[k] == a && s->y[k] == b;
  return a == b;
}

static bool bounds_match(const Expr *a, const Expr *b)
{
  if (a->red != b->red || a->nbound != b->nbound) return false;
  for (int k = 0; k < a->nbound; k++)
    if (!extent_equal(a->bound[k]->ext, b->bound[k]->ext)) return false;
  return true;
}

static bool consts_equal(const Expr *a, const Expr *b)
{
  return type_is_float(a->type) ? !memcmp(&a->f, &b->f, sizeof a->f) : a->i == b->i;
}

static bool heads_equal(const Expr *a, const Expr *b, const Scope *s)
{
  switch (a->kind) {
  case E_CONST: return consts_equal(a, b);
  case E_INDEX: return index_matches(a->index, b->index, s);
  case E_READ: return a->tensor == b->tensor;
  case E_FN: return a->fn == b->fn;
  case E_CONVERT: return a->mode == b->mode;
  case E_REDUCE: return bounds_match(a, b);
  case E_SELECT: case E_OR: return true;
  }
  return false;
}

static bool equal_in(const Expr *a, const Expr *b, const Scope *s)
{
  if (a == b && !s) return true;
  if (a->kind != b->kind || a->type != b->type || a->n != b->n || !heads_equal(a, b, s)) return false;
  Scope inner = { a->kind == E_REDUCE ? a->bound : NULL, a->kind == E_REDUCE ? b->bound : NULL, a->kind == E_REDUCE ? a->nbound : 0, s };
  for (int k = 0; k < a->n; k++)
    if (!equal_in(a->arg[k], b->arg[k], inner.n ? &inner : s)) return false;
  return true;
}

bool expr_equal(const Expr *a, const Expr *b) { return equal_in(a, b, NULL); }

uint64_t expr_hash(const Expr *e) { return e->hash; }

/* ---- rebuilding */
Expr *expr_with(Ctx *c, Expr *e, Expr **arg)
{
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

#define ARGS_MAX 16               /* places of a read that need no array of their own */

/* The arguments after fn, in `room` or the arena; *changed says whether any differs. */
static Expr **args_map(Ctx *c, Expr *e, Expr **room, bool *changed, Expr *(*fn)(Ctx *, Expr *, void *), void *arg)
{
  Expr **a = e->n <= ARGS_MAX ? room : NEWN(c, Expr *, e->n);
  for (int k = 0; k < e->n; k++) {
    a[k] = expr_map(c, e->arg[k], fn, arg);
    *changed |= a[k] != e->arg[k];
  }
  return a;
}

Expr *expr_map(Ctx *c, Expr *e, Expr *(*fn)(Ctx *, Expr *, void *), void *arg)
{
  Expr *room[ARGS_MAX];
  bool changed = false;
  Expr **a = args_map(c, e, room, &changed, fn, arg);
  return fn(c, changed ? expr_with(c, e, a) : e, arg);
}

typedef struct Subst { Index *const *from; Expr *const *to; int n; } Subst;

static Expr *subst_node(Ctx *c, Expr *e, void *arg)
{
  const Subst *s = arg;
  (void)c;
  for (int k = 0; e->kind == E_INDEX && k < s->n; k++)
    if (s->from[k] == e->index) return s->to[k];
  return e;
}

Expr *expr_subst(Ctx *c, Expr *e, Index *const *from, Expr *const *to, int n)
{
  Subst s = { from, to, n };
  return n ? expr_map(c, e, subst_node, &s) : e;
}

/* Inner reductions are fresh already when an outer one is reached, so each pass replaces its own indices only. */
static Expr *fresh_node(Ctx *c, Expr *e, void *arg)
{
  (void)arg;
  if (e->kind != E_REDUCE || !e->nbound) return e;
  Index **bound = NEWN(c, Index *, e->nbound);
  Expr **to = NEWN(c, Expr *, e->nbound);
  for (int k = 0; k < e->nbound; k++) {
    bound[k] = NEW(c, Index);
    *bound[k] = *e->bound[k];
    bound[k]->id = c->nid++;
    to[k] = expr_index(c, bound[k]);
  }
  Expr *body = expr_subst(c, e->arg[0], e->bound, to, e->nbound);
  Expr *cond = e->n == 2 ? expr_subst(c, e->arg[1], e->bound, to, e->nbound) : NULL;
  return expr_reduce(c, e->red, bound, e->nbound, body, cond, e->pos);
}

Expr *expr_fresh(Ctx *c, Expr *e) { return expr_map(c, e, fresh_node, NULL); }

/* ---- walking */
void expr_walk(const Expr *e, bool (*fn)(const Expr *, void *), void *arg)
{
  if (!fn(e, arg)) return;
  for (int k = 0; k < e->n; k++) expr_walk(e->arg[k], fn, arg);
}

bool expr_reads(const Expr *e, const Tensor *t)
{
  if (e->kind == E_READ && (!t || e->tensor == t)) return true;
  for (int k = 0; k < e->n; k++)
    if (expr_reads(e->arg[k], t)) return true;
  return false;
}

bool expr_has_index(const Expr *e, const Index *i)
{
  if (e->kind == E_INDEX && e->index == i) return true;
  for (int k = 0; k < e->n; k++)
    if (expr_has_index(e->arg[k], i)) return true;
  return false;
}
