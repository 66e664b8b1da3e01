/* Expressions, equations and loop trees as text (LANGUAGE.md 6 and 7, SCHEDULE.md 1), with the fewest parentheses that the grammar needs.
 *
 *   y[n < 1, (g < 2, o < 3), 2 * (q < 5) + (r < 2)]: f32 = b[g * 3 + o] + sum(c < 2 if c < n: (x[n, c - 1] or 0) * w[g, o, c]);
 */
#include "print.h"
#include <math.h>
#include <string.h>

/* ---- expressions */
void print_extent(Text *t, Extent e)
{
  if (!e.dim) text_add(t, "%lld", (long long)e.n);
  else if (e.n == 0) text_add(t, "%s", e.dim->name);
  else text_add(t, "%s %c %llu", e.dim->name, e.n < 0 ? '-' : '+', e.n < 0 ? 0ull - (unsigned long long)e.n : (unsigned long long)e.n);
}

static bool is_bare(const char *name, Extent e) { return e.dim && e.n == 0 && strcmp(name, e.dim->name) == 0; }

void print_bound(Text *t, Names *n, const Index *i)
{
  const char *name = names_of(n, i);
  text_add(t, "%s", name);
  if (is_bare(name, i->ext)) return;
  text_add(t, " < ");
  print_extent(t, i->ext);
}

static void print_int(Text *t, int64_t v)
{
  if (v == INT64_MIN) text_add(t, "(-9223372036854775807 - 1)");
  else text_add(t, "%lld", (long long)v);
}

static void print_const(Text *t, const Expr *e, int prec)
{
  bool flt = type_is_float(e->type), weak = e->type == T_WINT || e->type == T_WFLOAT;
  if (e->type == T_BOOL) {
    text_add(t, "%s", e->i ? "true" : "false");
    return;
  }
  bool paren = weak && prec > PREC_UNARY && (flt ? e->f < 0 || (e->f == 0 && signbit(e->f)) : e->i < 0);
  if (!weak) text_add(t, "%s(", type_name(e->type));
  if (paren) text_add(t, "(");
  if (!flt) print_int(t, e->i);
  else if (e->type == T_WFLOAT || e->type == T_F64) text_double(t, e->f);
  else text_float(t, (float)e->f);
  if (paren || !weak) text_add(t, ")");
}

static void print_list(Text *t, Names *n, Expr *const *arg, int count, int prec)
{
  for (int k = 0; k < count; k++) {
    if (k) text_add(t, ", ");
    print_expr(t, n, arg[k], prec);
  }
}

static void print_infix(Text *t, Names *n, const Expr *e, int prec)
{
  const FnInfo *f = &fn_info[e->fn];
  bool compares = f->rule == 'B', right = e->fn == FN_POW;
  if (f->prec < prec) text_add(t, "(");
  print_expr(t, n, e->arg[0], f->prec + (compares || right));
  text_add(t, " %s ", f->text);
  print_expr(t, n, e->arg[1], right ? PREC_UNARY : f->prec + 1);
  if (f->prec < prec) text_add(t, ")");
}

static void print_fn(Text *t, Names *n, const Expr *e, int prec)
{
  const FnInfo *f = &fn_info[e->fn];
  if (f->prec && f->arity == 2) {
    print_infix(t, n, e, prec);
  } else if (f->prec) {
    if (f->prec < prec) text_add(t, "(");
    text_add(t, "%s", f->text);
    print_expr(t, n, e->arg[0], PREC_UNARY);
    if (f->prec < prec) text_add(t, ")");
  } else {
    text_add(t, "%s(", f->text);
    print_list(t, n, e->arg, e->n, PREC_ANY);
    text_add(t, ")");
  }
}

static void print_convert(Text *t, Names *n, const Expr *e)
{
  const char *name = type_name(e->type);
  if (e->mode == CV_PLAIN) text_add(t, "%s(", name);
  else text_add(t, e->mode == CV_SAT ? "sat(%s, " : "bits(%s, ", name);
  print_expr(t, n, e->arg[0], PREC_ANY);
  text_add(t, ")");
}

static void print_select(Text *t, Names *n, const Expr *e, int prec)
{
  if (prec > PREC_ANY) text_add(t, "(");
  print_expr(t, n, e->arg[0], PREC_OR);
  text_add(t, " ? ");
  print_expr(t, n, e->arg[1], PREC_ANY);
  text_add(t, " : ");
  print_expr(t, n, e->arg[2], PREC_ANY);
  if (prec > PREC_ANY) text_add(t, ")");
}

static void print_reduce(Text *t, Names *n, const Expr *e)
{
  text_add(t, "%s(", red_name[e->red]);
  for (int k = 0; k < e->nbound; k++) {
    if (k) text_add(t, ", ");
    print_bound(t, n, e->bound[k]);
  }
  if (e->n == 2) {
    text_add(t, " if ");
    print_expr(t, n, e->arg[1], PREC_OR);
  }
  text_add(t, ": ");
  print_expr(t, n, e->arg[0], PREC_ANY);
  text_add(t, ")");
}

void print_expr(Text *t, Names *n, const Expr *e, int prec)
{
  switch (e->kind) {
  case E_CONST: print_const(t, e, prec); break;
  case E_INDEX: text_add(t, "%s", names_of(n, e->index)); break;
  case E_READ:
    text_add(t, "%s[", e->tensor->name);
    print_list(t, n, e->arg, e->n, PREC_SHIFT);
    text_add(t, "]");
    break;
  case E_FN: print_fn(t, n, e, prec); break;
  case E_CONVERT: print_convert(t, n, e); break;
  case E_SELECT: print_select(t, n, e, prec); break;
  case E_OR:
    text_add(t, "(");
    print_expr(t, n, e->arg[0], PREC_BIT);
    text_add(t, " or ");
    print_expr(t, n, e->arg[1], PREC_BIT);
    text_add(t, ")");
    break;
  case E_REDUCE: print_reduce(t, n, e); break;
  }
}

/* ---- left sides */
/* Which indices of the equation have been bound by what is printed already. */
typedef struct Left { Text *t; Names *n; const Eq *e; bool *bound; } Left;

static bool bind_first(Left *l, const Index *i)
{
  for (int k = 0; k < l->e->nfree; k++)
    if (l->e->free[k] == i) {
      bool first = !l->bound[k];
      l->bound[k] = true;
      return first;
    }
  return false;
}

static void print_once(Left *l, const Index *i, bool paren)
{
  const char *name = names_of(l->n, i);
  if (!bind_first(l, i) || is_bare(name, i->ext)) {
    text_add(l->t, "%s", name);
    return;
  }
  if (paren) text_add(l->t, "(");
  print_bound(l->t, l->n, i);
  if (paren) text_add(l->t, ")");
}

/* Largest coefficient first; an index of one element last. */
static void sort_terms(Aff *a)
{
  for (int j = 1; j < a->n; j++)
    for (int k = j; k > 0; k--) {
      bool after = a->k[k] < a->k[k - 1] || (a->k[k] == a->k[k - 1] && extent_max(a->index[k]->ext) <= extent_max(a->index[k - 1]->ext));
      if (after) break;
      int64_t v = a->k[k];
      Index *i = a->index[k];
      a->k[k] = a->k[k - 1], a->index[k] = a->index[k - 1];
      a->k[k - 1] = v, a->index[k - 1] = i;
    }
}

static bool is_composite(const Aff *a)
{
  if (a->c || a->n < 2) return false;
  int64_t k = 1;
  for (int j = a->n - 1; j >= 0; j--) {
    Extent e = a->index[j]->ext;
    if (a->index[j]->is_dim || a->k[j] != k || (e.dim && j)) return false;
    if (j && __builtin_mul_overflow(k, e.n, &k)) return false;
  }
  return true;
}

static void print_composite(Left *l, const Aff *a)
{
  for (int k = 0; k < a->n; k++) {
    text_add(l->t, k ? ", " : "(");
    print_once(l, a->index[k], false);
  }
  text_add(l->t, ")");
}

static void print_sum(Left *l, const Aff *a)
{
  bool any = a->c != 0;
  if (any) print_int(l->t, a->c);
  for (int k = 0; k < a->n; k++) {
    unsigned long long m = a->k[k] < 0 ? 0ull - (unsigned long long)a->k[k] : (unsigned long long)a->k[k];
    text_add(l->t, "%s", a->k[k] < 0 ? any ? " - " : "-" : any ? " + " : "");
    if (m != 1) text_add(l->t, "%llu * ", m);
    print_once(l, a->index[k], true);
    any = true;
  }
}

/* `2 + i < 10`: the number after < is the end. */
static void print_piece(Left *l, const Aff *a)
{
  Extent end = a->index[0]->ext;
  if (a->c) print_int(l->t, a->c), text_add(l->t, " + ");
  text_add(l->t, "%s", names_of(l->n, a->index[0]));
  if (!bind_first(l, a->index[0])) return;
  if (a->c == 0 && is_bare(names_of(l->n, a->index[0]), end)) return;
  text_add(l->t, " < ");
  end.n += a->c;
  print_extent(l->t, end);
}

static void print_place(Left *l, Ctx *c, const Expr *place)
{
  Aff a;
  if (!expr_affine(c, place, &a)) print_expr(l->t, l->n, place, PREC_SHIFT);
  else if (a.n == 0) print_int(l->t, a.c);
  else if (a.n == 1 && a.k[0] == 1 && a.c >= 0 && !a.index[0]->is_dim) print_piece(l, &a);
  else {
    Aff s = { a.c, a.n, NEWN(c, Index *, a.n), NEWN(c, int64_t, a.n) };
    memcpy(s.index, a.index, sizeof *s.index * (size_t)a.n);
    memcpy(s.k, a.k, sizeof *s.k * (size_t)a.n);
    sort_terms(&s);
    if (is_composite(&s)) print_composite(l, &s);
    else print_sum(l, &s);
  }
}

void print_eq(Text *t, Names *n, const Eq *e)
{
  names_scope(n);
  Left l = { t, n, e, NEWN(t->c, bool, e->nfree) };
  text_add(t, "%s[", e->out->name);
  for (int d = 0; d < e->out->rank; d++) {
    if (d) text_add(t, ", ");
    print_place(&l, t->c, e->place[d]);
  }
  text_add(t, "]: %s = ", type_name(e->out->type));
  print_expr(t, n, e->rhs, PREC_ANY);
  text_add(t, ";");
}

/* ---- loop trees */
static void print_layout(Text *t, const LayoutDim *layout, int n, const char *const *name)
{
  for (int k = 0; k < n; k++) {
    text_add(t, "%s", k ? ", " : "[");
    if (layout[k].dim < 0 && name) text_add(t, "%s", name[k]);
    else text_add(t, "d%d", layout[k].dim);
    if (layout[k].div > 1) text_add(t, " / %lld", (long long)layout[k].div);
    if (layout[k].mod) text_add(t, " %% %lld", (long long)layout[k].mod);
  }
  text_add(t, "]");
}

static void print_leaf(Text *t, Names *n, const Tree *leaf)
{
  text_add(t, "%s(", leaf->name);
  for (int k = 0; k < leaf->nleaf; k++) {
    const LeafDim *d = &leaf->leaf[k];
    text_add(t, "%s%s", k ? ", " : "", names_word(n, d->index));
    if (d->kind != LEAF_UNROLL && d->step > 1) text_add(t, "/%lld", (long long)d->step);
    text_add(t, "%s", d->kind == LEAF_UNROLL ? "*" : d->kind == LEAF_VECTOR ? "~" : "");
  }
  text_add(t, ");\n");
}

static void print_let(Text *t, Names *n, const Tree *let)
{
  static const char *const word[] = { "reg", "mem", "ring", "alias" };
  text_add(t, "let %s %s", let->name, word[let->storage]);
  if (let->storage == ST_ALIAS) text_add(t, " %s", let->other);
  if (let->layout) text_add(t, " as "), print_layout(t, let->layout, let->nlayout, let->layout_name);
  if (let->fold) text_add(t, " fold %s %lld", names_word(n, let->fold), (long long)let->nfold);
  text_add(t, ";\n");
}

static void print_for(Text *t, Names *n, const Tree *loop, int indent)
{
  static const char *const word[] = { "", "*", " parallel", " even", " peel", " edge", " stream" };
  text_add(t, "for %s", names_word(n, loop->name));
  if (loop->step) text_add(t, "/%lld", (long long)loop->step);
  text_add(t, "%s {\n", word[loop->loop]);
  print_tree(t, n, loop->body, indent + 2);
  text_add(t, "%*s}\n", indent, "");
}

void print_tree(Text *t, Names *n, const Tree *tree, int indent)
{
  for (; tree; tree = tree->next) {
    text_add(t, "%*s", indent, "");
    switch (tree->kind) {
    case TREE_FOR: print_for(t, n, tree, indent); break;
    case TREE_LEAF: print_leaf(t, n, tree); break;
    case TREE_LET: print_let(t, n, tree); break;
    case TREE_PREFETCH:
      text_add(t, "prefetch %s[", tree->name);
      print_expr(t, n, tree->place, PREC_SHIFT);
      text_add(t, "];\n");
      break;
    }
  }
}

/* ---- one thing by itself: only what it mentions is taken */
static bool take_mentioned(const Expr *e, void *names)
{
  if (e->kind == E_READ) names_take(names, e->tensor->name);
  if (e->kind == E_INDEX && e->index->is_dim) names_dim(names, e->index, false);
  if (e->kind == E_REDUCE)
    for (int k = 0; k < e->nbound; k++)
      if (e->bound[k]->ext.dim) names_dim(names, e->bound[k]->ext.dim, false);
  return true;
}

char *expr_print(Ctx *c, const Expr *e)
{
  Text t = { .c = c };
  Names *n = names_new(c);
  expr_walk(e, take_mentioned, n);
  print_expr(&t, n, e, PREC_ANY);
  return t.s;
}

char *eq_print(Ctx *c, const Eq *e)
{
  Text t = { .c = c };
  Names *n = names_new(c);
  names_take(n, e->out->name);
  expr_walk(e->rhs, take_mentioned, n);
  for (int k = 0; k < e->nfree; k++)
    if (e->free[k]->ext.dim) names_dim(n, e->free[k]->ext.dim, !eq_speaks_of(c, e, e->free[k]->ext.dim));
  print_eq(&t, n, e);
  return t.s;
}

char *tree_print(Ctx *c, const Tree *tree, int indent)
{
  Text t = { .c = c };
  text_add(&t, "%s", "");
  print_tree(&t, names_new(c), tree, indent);
  return t.s;
}
