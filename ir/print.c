/* The IR as text (LANGUAGE.md 6 and 7, SCHEDULE.md 1), with the fewest parentheses that the grammar needs. What is read back prints the same:
 * so indices are named apart (i, i1, ...), and tensors stand in the order in which this text declares them, whatever the arrays' order.
 *   y[n < 1, (g < 2, o < 3), 2 * (q < 5) + (r < 2)]: f32 = b[g * 3 + o] + sum(c < 2 if c < n: (x[n, c - 1] or 0) * w[g, o, c]); */
#include "ir.h"
#include <math.h>
#include <string.h>

typedef struct Dim { const Index *index; bool bare; } Dim;                     /* bare: an index over all of it may bear its name */
typedef struct Alias { const char *from, *to; const Index *dim; } Alias;
typedef struct Bind { const Index *index; const char *name; } Bind;
/* In a scope (an equation, a state line) every index has its own name, in bind; outside, equal Index.name give equal text by alias until
 * names_reset, so that the equations of a kernel and its tree agree. taken: no index is called that; the first `fixed` stay. */
typedef struct Printer {
  Text t; Ctx *c; VEC(const char *) taken; int fixed; VEC(Dim) dim; VEC(Alias) alias; VEC(Bind) bind;
  const Eq *left; bool *bound;                                                 /* the left side being printed: which of its indices have been bound */
  const Graph *g; VEC(Tensor *) order; bool say_stream;                        /* tensors as declared; the word `stream` stands once */
} Printer;
#define put(p, ...) text_add(&(p)->t, __VA_ARGS__)

/* ---- names of indices: hint, hint1, hint2, ... */
static const char *const reserved[] = {
  "op", "graph", "or", "if", "true", "false", "inf", "nan", "pi", "none", "sat", "bits", "stage", "weights", "param", "const", "state",
  "stream", "where", "kernel", "schedule", "let", "for", "in",
#define T(e, n, b, k) n,
#include "types.def"
#define R(e, n, f) n,
#include "reduce.def"
#define F(e, text, arity, prec, rule) text,
#include "scalar.def"
};

static void names_take(Printer *p, const char *name) { PUSH(p->c, p->taken, name); p->fixed = p->taken.n; }
static void names_reset(Printer *p) { p->taken.n = p->fixed; p->alias.n = p->bind.n = 0; }
static void names_dim(Printer *p, const Index *dim, bool bare) {
  for (int k = 0; k < p->dim.n; k++) if (p->dim.at[k].index == dim) { p->dim.at[k].bare = bare; return; }
  PUSH(p->c, p->dim, ((Dim){ dim, bare })); names_take(p, dim->name);
}

/* The dimension whose name an index may bear, or NULL. */
static const Index *bare_dim(const Printer *p, const char *name) {
  for (int k = 0; k < p->dim.n; k++) if (p->dim.at[k].bare && strcmp(p->dim.at[k].index->name, name) == 0) return p->dim.at[k].index;
  return NULL;
}
static bool listed(const char *const *list, int n, const char *s) { for (int k = 0; k < n; k++) if (!strcmp(list[k], s)) return true; return false; }

static const char *name_fresh(Printer *p, const char *hint) {
  const char *name = hint; int nreserved = sizeof reserved / sizeof *reserved;
  for (int k = 1; listed(reserved, nreserved, name) || listed(p->taken.at, p->taken.n, name); k++) name = ctx_printf(p->c, "%s%d", hint, k);
  PUSH(p->c, p->taken, name); return name;
}

static const char *alias_of(Printer *p, const char *from, const Index *dim) {
  for (int k = 0; k < p->alias.n; k++) if (p->alias.at[k].dim == dim && strcmp(p->alias.at[k].from, from) == 0) return p->alias.at[k].to;
  const char *to = dim ? from : name_fresh(p, from); PUSH(p->c, p->alias, ((Alias){ from, to, dim })); return to;
}

static const char *name_of(Printer *p, const Index *i) {
  if (i->is_dim) return i->name;
  for (int k = 0; k < p->bind.n; k++) if (p->bind.at[k].index == i) return p->bind.at[k].name;
  const char *hint = i->name && i->name[0] ? i->name : "i"; const Index *dim = i->ext.n == 0 ? bare_dim(p, hint) : NULL;
  const char *name = alias_of(p, hint, dim && dim == i->ext.dim ? dim : NULL);
  for (int k = 0; k < p->bind.n; k++) {
    if (strcmp(p->bind.at[k].name, name)) continue;
    name = name_fresh(p, hint); PUSH(p->c, p->alias, ((Alias){ name, name, NULL })); break;
  }
  PUSH(p->c, p->bind, ((Bind){ i, name })); return name;
}

/* The same for an index that is known by its name only. */
static const char *name_in_tree(Printer *p, const char *name) { return alias_of(p, name, bare_dim(p, name)); }

/* May an index be called like the dimension? Only if the equation speaks of it by one such index over all of it (1), and in no other way (2). */
static int speech_of_index(const Index *i, const Index *dim) { return i->ext.dim != dim ? 0 : i->ext.n || strcmp(i->name, dim->name) ? 2 : 1; }

static int speech_of_expr(const Expr *e, const Index *dim) {
  int n = e->kind == E_INDEX && e->index == dim ? 2 : 0;
  for (int k = 0; e->kind == E_REDUCE && k < e->nbound; k++) n += speech_of_index(e->bound[k], dim);
  for (int k = 0; k < e->n; k++) n += speech_of_expr(e->arg[k], dim);
  return n;
}
static bool may_be_bare(Ctx *c, const Eq *e, const Index *dim) {
  int n = speech_of_expr(e->rhs, dim); for (int k = 0; k < e->nfree; k++) n += speech_of_index(e->free[k], dim);
  for (int d = 0; d < e->out->rank; d++) {
    Aff a; n += speech_of_expr(e->place[d], dim); if (expr_affine(c, e->place[d], &a) && a.n == 1 && a.c && a.index[0]->ext.dim == dim) return false;
  }
  return n <= 1;
}

/* ---- extents, indices, layouts */
static unsigned long long magnitude(int64_t v) { return v < 0 ? 0ull - (unsigned long long)v : (unsigned long long)v; }
static void print_extent(Printer *p, Extent e) {
  if (!e.dim) put(p, "%lld", (long long)e.n);
  else put(p, e.n ? "%s %c %llu" : "%s", e.dim->name, e.n < 0 ? '-' : '+', magnitude(e.n));
}
static void print_int(Printer *p, int64_t v) { put(p, v == INT64_MIN ? "(%lld - 1)" : "%lld", (long long)v + (v == INT64_MIN)); }

/* `i`; where it is bound `i < 16`, `2 + i < 18` (the number after < is the end), or `t` over all of t. */
static void print_index(Printer *p, const Index *i, int64_t from, bool binds, bool paren) {
  const char *name = name_of(p, i); bool bare = i->ext.dim && i->ext.n == 0 && from == 0 && strcmp(name, i->ext.dim->name) == 0;
  paren &= binds && !bare;
  if (paren) put(p, "(");
  if (from) put(p, "%lld + ", (long long)from);
  put(p, "%s", name); if (binds && !bare) put(p, " < "), print_extent(p, (Extent){ i->ext.dim, i->ext.n + from });
  if (paren) put(p, ")");
}

/* name: what dimensions that are not yet known (-1) are called. */
static void print_layout(Printer *p, const LayoutDim *l, int n, const char *const *name) {
  put(p, " as [");
  for (int k = 0; k < n; k++, l++) {
    if (l->dim < 0 && name) put(p, "%s%s", k ? ", " : "", name[k]);
    else put(p, "%sd%d", k ? ", " : "", l->dim);
    if (l->div > 1) put(p, " / %lld", (long long)l->div);
    if (l->mod) put(p, " %% %lld", (long long)l->mod);
  }
  put(p, "]");
}

/* ---- expressions. prec: the loosest binding that needs no parentheses here; PREC_ANY: none at all. */
enum { PREC_ANY = 1, PREC_OR = 2, PREC_BIT = 3, PREC_SHIFT = 7, PREC_UNARY = 11, PREC_CLOSED = 13 };

static int binding_of(const Expr *e) {
  bool minus = e->type == T_WINT ? e->i < 0 : e->type == T_WFLOAT && (e->f < 0 || (e->f == 0 && signbit(e->f)));
  if (e->kind == E_CONST) return minus ? PREC_UNARY : PREC_CLOSED;
  if (e->kind == E_FN && fn_info[e->fn].prec) return fn_info[e->fn].prec;
  return e->kind == E_SELECT ? PREC_ANY : PREC_CLOSED;
}

static void print_const(Printer *p, const Expr *e) {
  bool weak = e->type == T_WINT || e->type == T_WFLOAT;
  if (e->type == T_BOOL) { put(p, "%s", e->i ? "true" : "false"); return; }
  if (!weak) put(p, "%s(", type_name(e->type));
  if (!type_is_float(e->type)) print_int(p, e->i);
  else if (weak || e->type == T_F64) text_double(&p->t, e->f);
  else text_float(&p->t, (float)e->f);
  if (!weak) put(p, ")");
}

static void print_expr(Printer *p, const Expr *e, int prec);

static void print_list(Printer *p, Expr *const *arg, int n, int prec, const char *close) {
  for (int k = 0; k < n; k++) put(p, "%s", k ? ", " : ""), print_expr(p, arg[k], prec);
  put(p, "%s", close);
}

static void print_fn(Printer *p, const Expr *e) {
  const FnInfo *f = &fn_info[e->fn]; bool compares = f->rule == 'B', right = e->fn == FN_POW;
  if (f->prec && f->arity == 2) print_expr(p, e->arg[0], f->prec + (compares || right));
  put(p, !f->prec ? "%s(" : f->arity == 1 ? "%s" : " %s ", f->text);
  if (f->prec) print_expr(p, e->arg[e->n - 1], f->arity == 1 || right ? PREC_UNARY : f->prec + 1);
  else print_list(p, e->arg, e->n, PREC_ANY, ")");
}

static void print_reduce(Printer *p, const Expr *e) {
  put(p, "%s(", red_name[e->red]);
  for (int k = 0; k < e->nbound; k++) put(p, "%s", k ? ", " : ""), print_index(p, e->bound[k], 0, true, false);
  if (e->n == 2) put(p, " if "), print_expr(p, e->arg[1], PREC_OR);
  put(p, ": "); print_list(p, e->arg, 1, PREC_ANY, ")");
}
static void print_expr(Printer *p, const Expr *e, int prec) {
  static const char *const convert[] = { [CV_PLAIN] = "%s(", [CV_SAT] = "sat(%s, ", [CV_BITS] = "bits(%s, " };
  bool paren = binding_of(e) < prec; if (paren) put(p, "(");
  switch (e->kind) {
  case E_CONST: print_const(p, e); break;     case E_INDEX: put(p, "%s", name_of(p, e->index)); break;
  case E_FN: print_fn(p, e); break;           case E_REDUCE: print_reduce(p, e); break;
  case E_READ: put(p, "%s[", e->tensor->name); print_list(p, e->arg, e->n, PREC_SHIFT, "]"); break;
  case E_CONVERT: text_add(&p->t, convert[e->mode], type_name(e->type)); print_list(p, e->arg, 1, PREC_ANY, ")"); break;
  case E_SELECT: print_list(p, e->arg, 1, PREC_OR, " ? "); print_list(p, e->arg + 1, 1, PREC_ANY, " : "); print_expr(p, e->arg[2], PREC_ANY); break;
  case E_OR: put(p, "("); print_list(p, e->arg, 1, PREC_BIT, " or "); print_list(p, e->arg + 1, 1, PREC_BIT, ")"); break;
  }
  if (paren) put(p, ")");
}

/* ---- left sides */
/* Is the index the equation's, and not yet bound by what is printed already? It is now. */
static bool binds(Printer *p, const Index *i) {
  int k = array_find(p->left->free, p->left->nfree, i); return k >= 0 && !p->bound[k] && (p->bound[k] = true);
}

/* Largest coefficient first; an index of one element last. */
static void sort_terms(Aff *a) {
  for (int j = 1; j < a->n; j++)
    for (int k = j; k > 0; k--) {
      bool after = a->k[k] < a->k[k - 1] || (a->k[k] == a->k[k - 1] && extent_max(a->index[k]->ext) <= extent_max(a->index[k - 1]->ext));
      if (after) break;
      int64_t v = a->k[k]; a->k[k] = a->k[k - 1]; a->k[k - 1] = v; Index *i = a->index[k]; a->index[k] = a->index[k - 1]; a->index[k - 1] = i;
    }
}

static bool is_composite(const Aff *a) {
  int64_t k = 1;
  for (int j = a->n - 1; j >= 0; j--) {
    Extent e = a->index[j]->ext; if (a->index[j]->is_dim || a->k[j] != k || (e.dim && j) || (j && __builtin_mul_overflow(k, e.n, &k))) return false;
  }
  return a->c == 0 && a->n >= 2;
}
static void print_terms(Printer *p, const Aff *a) {
  bool composite = is_composite(a), any = a->c != 0; if (any) print_int(p, a->c);
  for (int k = 0; k < a->n; k++, any = true) {
    put(p, "%s", composite ? k ? ", " : "(" : a->k[k] < 0 ? any ? " - " : "-" : any ? " + " : "");
    if (!composite && magnitude(a->k[k]) != 1) put(p, "%llu * ", magnitude(a->k[k]));
    print_index(p, a->index[k], 0, binds(p, a->index[k]), !composite);
  }
  if (composite) put(p, ")");
}
static void print_place(Printer *p, const Expr *place) {
  Aff a;
  if (!expr_affine(p->c, place, &a)) print_expr(p, place, PREC_SHIFT);
  else if (a.n == 0) print_int(p, a.c);
  else if (a.n == 1 && a.k[0] == 1 && a.c >= 0 && !a.index[0]->is_dim) print_index(p, a.index[0], a.c, binds(p, a.index[0]), false);
  else sort_terms(&a), print_terms(p, &a);
}

/* Opens a scope. */
static void print_eq(Printer *p, const Eq *e) {
  p->bind.n = 0; p->left = e; p->bound = NEWN(p->c, bool, e->nfree); put(p, "%s[", e->out->name);
  for (int d = 0; d < e->out->rank; d++) put(p, "%s", d ? ", " : ""), print_place(p, e->place[d]);
  put(p, "]: %s = ", type_name(e->out->type)); print_expr(p, e->rhs, PREC_ANY); put(p, ";");
}

/* ---- loop trees */
static void print_leaf(Printer *p, const Tree *leaf) {
  put(p, "%s(", leaf->name);
  for (const LeafDim *d = leaf->leaf; d < leaf->leaf + leaf->nleaf; d++) {
    put(p, "%s%s", d > leaf->leaf ? ", " : "", name_in_tree(p, d->index));
    if (d->kind != LEAF_UNROLL && d->step > 1) put(p, "/%lld", (long long)d->step);
    put(p, "%s", d->kind == LEAF_UNROLL ? "*" : d->kind == LEAF_VECTOR ? "~" : d->kind == LEAF_DOT ? "+" : "");
  }
  put(p, ");\n");
}

static void print_let(Printer *p, const Tree *let) {
  static const char *const word[] = { [ST_REG] = "reg", [ST_MEM] = "mem", [ST_RING] = "ring", [ST_ALIAS] = "alias", [ST_PAST] = "past" };
  put(p, "let %s %s", let->name, word[let->storage]); if (let->storage == ST_ALIAS) put(p, " %s", let->other);
  if (let->layout) print_layout(p, let->layout, let->nlayout, let->layout_name);
  if (let->fold) put(p, " fold %s %lld", name_in_tree(p, let->fold), (long long)let->nfold);
  put(p, ";\n");
}
static void print_tree(Printer *p, const Tree *tree, int indent) {
  static const char *const word[] = { "", "*", " even", " peel", " edge", " stream" };
  for (; tree; tree = tree->next) {
    put(p, "%*s", indent, "");
    switch (tree->kind) {
    case TREE_FOR:
      put(p, "for %s", name_in_tree(p, tree->name));
      if (tree->step) put(p, "/%lld", (long long)tree->step);
      put(p, "%s%s {\n", word[tree->loop], tree->parallel ? " parallel" : ""); print_tree(p, tree->body, indent + 2); put(p, "%*s}\n", indent, "");
      break;
    case TREE_LEAF: print_leaf(p, tree); break;     case TREE_LET: print_let(p, tree); break;
    case TREE_PREFETCH:
      if (tree->other) put(p, "prefetch %s[%s];\n", tree->name, name_in_tree(p, tree->other));
      else put(p, "prefetch %s[%lld];\n", tree->name, (long long)tree->step);
    }
  }
}

/* ---- one thing by itself: only the names that it mentions are taken */
static Printer printer(Ctx *c) { return (Printer){ .t = { .c = c }, .c = c }; }

static bool take_mentioned(const Expr *e, void *printer) {
  if (e->kind == E_READ) names_take(printer, e->tensor->name);
  if (e->kind == E_INDEX && e->index->is_dim) names_dim(printer, e->index, false);
  for (int k = 0; e->kind == E_REDUCE && k < e->nbound; k++) if (e->bound[k]->ext.dim) names_dim(printer, e->bound[k]->ext.dim, false);
  return true;
}

char *expr_print(Ctx *c, const Expr *e) { Printer p = printer(c); expr_walk(e, take_mentioned, &p); print_expr(&p, e, PREC_ANY); return p.t.s; }

char *eq_print(Ctx *c, const Eq *e) {
  Printer p = printer(c); names_take(&p, e->out->name); expr_walk(e->rhs, take_mentioned, &p);
  for (int k = 0; k < e->nfree; k++) if (e->free[k]->ext.dim) names_dim(&p, e->free[k]->ext.dim, may_be_bare(c, e, e->free[k]->ext.dim));
  print_eq(&p, e); return p.t.s;
}

char *tree_print(Ctx *c, const Tree *tree, int indent) { Printer p = printer(c); put(&p, "%s", ""); print_tree(&p, tree, indent); return p.t.s; }

/* ---- graphs: the head */
static bool declared(const Printer *p, const Tensor *t) { return array_find(p->order.at, p->order.n, t) >= 0; }
static void declare(Printer *p, Tensor *t) { if (!declared(p, t)) PUSH(p->c, p->order, t); }

static void print_type(Printer *p, const Tensor *t) {
  put(p, "%s: %s[", t->name, type_name(t->type));
  for (int d = 0; d < t->rank; d++) {
    bool first = p->say_stream && t->shape[d].dim && t->shape[d].dim->stream;
    put(p, "%s%s", d ? ", " : "", first ? "stream " : ""); print_extent(p, t->shape[d]); p->say_stream &= !first;
  }
  put(p, "]");
}
static void print_types(Printer *p, Tensor *const *at, int n) { for (int k = 0; k < n; k++) put(p, "%s", k ? ", " : ""), print_type(p, at[k]); }

static void print_head(Printer *p, const Graph *g) {
  const char *before = g->nin ? " where " : "where ";
  put(p, "graph %s(", g->name);
  p->say_stream = true; print_types(p, g->in, g->nin); p->say_stream = false; for (int k = 0; k < g->nin; k++) declare(p, g->in[k]);
  for (int k = 0; k < g->ndim; k++) {
    const Index *d = g->dim[k]; if (d->stream && d->lo == 1 && d->hi == STREAM_MAX) continue;
    put(p, "%s%s in %lld..%lld", before, d->name, (long long)d->lo, (long long)d->hi); before = ", ";
  }
  put(p, ") -> ("); print_types(p, g->out, g->nout); put(p, ") {\n");
  for (int k = 0; k < g->ntensor; k++) {
    if (g->tensor[k]->kind != TK_PARAM) continue;
    put(p, "  param "); print_type(p, g->tensor[k]); put(p, ";\n"); declare(p, g->tensor[k]);
  }
}

/* ---- equations and states */
static void names_of_eqs(Printer *p, Eq *const *eq, int n) {
  names_reset(p);
  for (int k = 0; k < p->g->ndim; k++) { int j = 0; while (j < n && may_be_bare(p->c, eq[j], p->g->dim[k])) j++; names_dim(p, p->g->dim[k], j == n); }
}
static void print_eq_line(Printer *p, const char *before, const Eq *e) { put(p, "%s", before); print_eq(p, e); put(p, "\n"); declare(p, e->out); }
static bool in_kernel(const Graph *g, const Eq *e) {
  int k = 0; while (k < g->nkernel && array_find(g->kernel[k]->eq, g->kernel[k]->neq, e) < 0) k++; return k < g->nkernel;
}

static void print_loose(Printer *p, bool constant) {
  for (int k = 0; k < p->g->neq; k++) {
    if (p->g->eq[k]->constant != constant || in_kernel(p->g, p->g->eq[k])) continue;
    names_of_eqs(p, &p->g->eq[k], 1); print_eq_line(p, constant ? "  const " : "  ", p->g->eq[k]);
  }
}

static bool is_zero(const Expr *e) { return !e || (e->kind == E_CONST && e->i == 0); }   /* also of a float: not of -0 */

/* `state h: f32[c < 16, t - 1022] = p[c];` an index is named only where the value depends on it. */
static void print_state(Printer *p, Tensor *t) {
  names_reset(p); for (int k = 0; k < p->g->ndim; k++) names_dim(p, p->g->dim[k], false);
  put(p, "  state %s: %s[", t->name, type_name(t->type));
  for (int d = 0; d < t->rank; d++) {
    Extent e = t->shape[d]; if (t->history && d == t->stream_dim) e.n -= t->history; if (d) put(p, ", ");
    if (t->init && t->init_index && expr_has_index(t->init, t->init_index[d])) put(p, "%s < ", name_of(p, t->init_index[d]));
    print_extent(p, e);
  }
  put(p, "] = ");
  if (is_zero(t->init)) put(p, "%s", t->type == T_BOOL ? "false" : "0");
  else print_expr(p, t->init, PREC_ANY);
  put(p, ";\n"); declare(p, t);
}
static void print_history(Printer *p, Tensor *t) { if (t->history > 0 && !declared(p, t)) print_state(p, t); }

/* What is a state by itself as declared; histories in the order of the equations that make them. */
static void print_states(Printer *p, const Graph *g) {
  for (int k = 0; k < g->ntensor; k++) if (g->tensor[k]->kind == TK_STATE && !g->tensor[k]->history) print_state(p, g->tensor[k]);
  for (int k = 0; k < g->neq; k++) if (!in_kernel(g, g->eq[k])) print_history(p, g->eq[k]->out);
  for (int k = 0; k < g->nkernel; k++) for (int j = 0; j < g->kernel[k]->neq; j++) print_history(p, g->kernel[k]->eq[j]->out);
}

/* ---- kernels; layouts, places, next values */
static void print_kernel(Printer *p, const Kernel *k) {
  names_of_eqs(p, k->eq, k->neq);
  put(p, "  kernel %s ", k->name); text_quoted(&p->t, k->label ? k->label : ""); put(p, " (");
  for (int j = 0; j < k->nin; j++) put(p, "%s%s", j ? ", " : "", k->in[j]->name);
  put(p, ") -> ("); print_types(p, k->out, k->nout); put(p, ") {\n");
  for (int j = 0; j < k->neq; j++) print_eq_line(p, "    ", k->eq[j]);
  if (k->tree) put(p, "    schedule {\n"), print_tree(p, k->tree, 6), put(p, "    }\n");
  put(p, "  }\n");
}

static void print_tensor_layout(Printer *p, const Tensor *t) {
  put(p, "  %s: %s[", t->name, type_name(t->type));
  for (int d = 0; d < t->rank; d++) put(p, "%sd%d = ", d ? ", " : "", d), print_extent(p, t->shape[d]);
  put(p, "]"); print_layout(p, t->layout, t->nlayout, NULL); put(p, ";\n");
}
static void print_tail(Printer *p) {
  static const char *const where[] = { [AT_SCRATCH] = "scratch", [AT_STATE] = "state", [AT_CONST] = "const" }; Tensor **t = p->order.at;
  for (int k = 0; k < p->order.n; k++) if (t[k]->layout) print_tensor_layout(p, t[k]);
  for (int k = 0; k < p->order.n; k++) if (t[k]->where) put(p, "  %s at %s + %lld;\n", t[k]->name, where[t[k]->where], (long long)t[k]->offset);
  for (int k = 0; k < p->order.n; k++) if (t[k]->next) put(p, "  %s <- %s;\n", t[k]->name, t[k]->next->name);
}
char *graph_print(Ctx *c, const Graph *g) {
  Printer p = printer(c); p.g = g; for (int k = 0; k < g->ntensor; k++) names_take(&p, g->tensor[k]->name);
  for (int k = 0; k < g->ndim; k++) names_dim(&p, g->dim[k], false);
  put(&p, "stage %s;\n", stage_name[g->stage]);
  for (int k = 0; k < g->nweights; k++) put(&p, "weights "), text_quoted(&p.t, g->weights[k]), put(&p, ";\n");
  print_head(&p, g); print_loose(&p, true); print_states(&p, g); print_loose(&p, false);
  for (int k = 0; k < g->nkernel; k++) print_kernel(&p, g->kernel[k]);
  print_tail(&p); put(&p, "}\n");
  return p.t.s;
}
