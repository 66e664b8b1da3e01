/* Names of indices: hint, hint1, hint2, ... such that what is printed reads back as the same equation.
 *
 *   two indices called i:             y[i < 3, i1 < 4] = ...
 *   an index called like a tensor:    x[x1 < 3] = ...
 *   printing what was read back gives the same names: all are different by then, and none is taken
 */
#include "print.h"
#include <string.h>

typedef struct Alias { const char *from, *to; const Index *dim; } Alias;
typedef struct Bind { const Index *index; const char *name; } Bind;
typedef struct Dim { const Index *index; bool bare; } Dim;
struct Names { Ctx *c; VEC(const char *) taken; VEC(Dim) dim; VEC(Alias) alias; VEC(Bind) bind; };

static const char *const reserved[] = {
  "op", "graph", "or", "if", "true", "false", "inf", "nan", "pi", "none", "sat", "bits", "stage", "weights", "param", "const", "state",
  "stream", "where", "kernel", "schedule", "let", "for", "in",
#define T(e, n, b, k) n,
#include "types.def"
#undef T
#define R(e, n, f) n,
#include "reduce.def"
#undef R
#define F(e, text, arity, prec, rule) text,
#include "scalar.def"
#undef F
};

Names *names_new(Ctx *c)
{
  Names *n = NEW(c, Names);
  n->c = c;
  return n;
}

void names_take(Names *n, const char *name) { PUSH(n->c, n->taken, name); }

void names_dim(Names *n, const Index *dim, bool bare)
{
  for (int k = 0; k < n->dim.n; k++)
    if (n->dim.at[k].index == dim) {
      n->dim.at[k].bare = bare;
      return;
    }
  PUSH(n->c, n->dim, ((Dim){ dim, bare }));
}

void names_scope(Names *n) { n->bind.n = 0; }

void names_reset(Names *n) { n->alias.n = n->bind.n = 0; }

/* The dimension whose name an index called name over e may bear, or NULL. */
static const Index *bare_dim(const Names *n, const char *name, Extent e)
{
  if (!e.dim || e.n != 0 || strcmp(name, e.dim->name) != 0) return NULL;
  for (int k = 0; k < n->dim.n; k++)
    if (n->dim.at[k].index == e.dim) return n->dim.at[k].bare ? e.dim : NULL;
  return NULL;
}

static bool is_taken(const Names *n, const char *name)
{
  for (size_t k = 0; k < sizeof reserved / sizeof *reserved; k++)
    if (strcmp(reserved[k], name) == 0) return true;
  for (int k = 0; k < n->taken.n; k++)
    if (strcmp(n->taken.at[k], name) == 0) return true;
  for (int k = 0; k < n->dim.n; k++)
    if (strcmp(n->dim.at[k].index->name, name) == 0) return true;
  for (int k = 0; k < n->alias.n; k++)
    if (strcmp(n->alias.at[k].to, name) == 0) return true;
  return false;
}

static const char *fresh(Names *n, const char *hint)
{
  const char *name = hint;
  for (int k = 1; is_taken(n, name); k++) name = ctx_printf(n->c, "%s%d", hint, k);
  return name;
}

static const char *alias_of(Names *n, const char *from, const Index *dim)
{
  for (int k = 0; k < n->alias.n; k++)
    if (n->alias.at[k].dim == dim && strcmp(n->alias.at[k].from, from) == 0) return n->alias.at[k].to;
  Alias a = { from, dim ? from : fresh(n, from), dim };
  PUSH(n->c, n->alias, a);
  return a.to;
}

static bool is_bound(const Names *n, const char *name)
{
  for (int k = 0; k < n->bind.n; k++)
    if (strcmp(n->bind.at[k].name, name) == 0) return true;
  return false;
}

const char *names_of(Names *n, const Index *i)
{
  if (i->is_dim) return i->name;
  for (int k = 0; k < n->bind.n; k++)
    if (n->bind.at[k].index == i) return n->bind.at[k].name;
  const char *hint = i->name && i->name[0] ? i->name : "i", *name = alias_of(n, hint, bare_dim(n, hint, i->ext));
  if (is_bound(n, name)) {
    name = fresh(n, hint);
    PUSH(n->c, n->alias, ((Alias){ name, name, NULL }));
  }
  PUSH(n->c, n->bind, ((Bind){ i, name }));
  return name;
}

const char *names_word(Names *n, const char *word)
{
  const Index *dim = NULL;
  for (int k = 0; k < n->dim.n; k++)
    if (n->dim.at[k].bare && strcmp(n->dim.at[k].index->name, word) == 0) dim = n->dim.at[k].index;
  return alias_of(n, word, dim);
}

/* ---- may an index be called like its dimension? */
typedef struct Speech { const Index *dim; int over; bool other; } Speech;

static void count_index(Speech *s, const Index *i)
{
  if (i->ext.dim != s->dim) return;
  s->over++;
  s->other |= i->ext.n != 0 || strcmp(i->name, s->dim->name) != 0;
}

static bool find_speech(const Expr *e, void *speech)
{
  Speech *s = speech;
  if (e->kind == E_INDEX) s->other |= e->index == s->dim;
  if (e->kind == E_REDUCE)
    for (int k = 0; k < e->nbound; k++) count_index(s, e->bound[k]);
  return true;
}

bool expr_speaks_of(const Expr *e, const Index *dim)
{
  Speech s = { dim, 0, false };
  expr_walk(e, find_speech, &s);
  return s.other || s.over > 1;
}

bool eq_speaks_of(Ctx *c, const Eq *e, const Index *dim)
{
  Speech s = { dim, 0, false };
  for (int k = 0; k < e->nfree; k++) count_index(&s, e->free[k]);
  for (int d = 0; d < e->out->rank; d++) {
    Aff a;
    expr_walk(e->place[d], find_speech, &s);
    if (expr_affine(c, e->place[d], &a) && a.n == 1 && a.c && a.index[0]->ext.dim == dim) s.other = true;
  }
  expr_walk(e->rhs, find_speech, &s);
  return s.other || s.over > 1;
}
