/* inline: views and pointwise equations go into their readers, addends into the accumulator they are added to.
 *   before   v[j, i] = x[i, j];                  after   s[i] = b[i] + r[i] + sum(j: x[i, j] * w[j]);
 *            s[i] = sum(j: v[j, i] * w[j]);              y[i] = max(s[i], 0);
 *            z[i] = s[i] + b[i];  y[i] = max(z[i] + r[i], 0);
 * needs   split; one writer, no history, no output, not written by hand
 * keeps   the number of times that anything is computed; the rounding of 16-bit tensors (a conversion stays)
 * never   computes exp and its kind twice; drags work into a recurrence; makes more full-size operands than there were */
#include "util.h"

/* dirty: equations and tensors near a change; number, circle: may the equation be part of a recurrence? */
typedef struct Inline { Ctx *c; Graph *g; Uses uses; Map dirty; bool *circle; Map number; bool views; int n; } Inline;

static bool is_view(const Expr *e) {
  if (e->kind == E_OR) return is_view(e->arg[0]) && expr_is_const(e->arg[1]);
  return e->kind == E_READ ? read_static(e) : !expr_reads(e, NULL) && !expr_costly(e) && expr_ops(e) < 8;
}

/* ---- one substitution of p's equation into an expression */
typedef struct Subst { Inline *in; const Eq *p; bool ok; } Subst;

/* Does "outside p at dimension d" say "outside what p reads"? p copies that dimension: p[.. i ..] = x[.. i ..], equal extents. */
static bool guard_carries(const Eq *p, int d) {
  const Expr *x = p->rhs; const Index *i = expr_bare(p->place[d]); int at = i && x->kind == E_READ ? read_dim(x, i) : -1;
  return at >= 0 && extent_equal(x->tensor->shape[at], p->out->shape[d]);
}
/* The value that p's tensor held: rounded to its type. */
static Expr *rounded(Ctx *c, const Tensor *t, Expr *e) {
  if (e->kind == E_READ && e->tensor->type == t->type) return e;
  if (e->type == t->type && type_is_float(t->type) && type_bytes(t->type) == 2) e = expr_convert(c, CV_PLAIN, T_F32, e, e->pos);
  return expr_convert(c, CV_PLAIN, t->type, e, e->pos);
}
static Expr *subst(Subst *s, Expr *e, bool guarded) {
  Ctx *c = s->in->c;
  if (e->kind == E_CONST || e->kind == E_INDEX || !expr_reads(e, s->p->out)) return e;
  Expr **arg = NEWN(c, Expr *, e->n);
  for (int k = 0; k < e->n; k++) arg[k] = subst(s, e->arg[k], e->kind == E_OR ? guarded || k == 0 : e->kind == E_REDUCE ? false : guarded);
  if (e->kind != E_READ || e->tensor != s->p->out) return expr_with(c, e, arg);
  Expr **to = NEWN(c, Expr *, s->p->nfree), *read = expr_read(c, e->tensor, arg, e->pos);
  for (int d = 0; d < read->n && guarded; d++) s->ok = s->ok && (guard_carries(s->p, d) || dim_inside(c, read, d));
  s->ok = s->ok && eq_solve(c, s->p, arg, to); return s->ok ? rounded(c, s->p->out, expr_subst(c, s->p->rhs, s->p->free, to, s->p->nfree)) : e;
}
static Expr *tidy(Inline *in, Expr *e) { int n = 0; return expr_rules(in->c, expr_simplify(in->c, e), &n); }
static bool is_dirty(Inline *in, const Eq *e) { return pmap_get(&in->dirty, e) >= 0 || pmap_get(&in->dirty, e->out) >= 0; }
static bool in_circle(Inline *in, const Eq *e) { int k = pmap_get(&in->number, e); return k >= 0 && in->circle[k]; }
/* Everything near a change waits for the next sweep, when uses are known again. */
static void soil(Inline *in, const Eq *e) {
  pmap_set(in->c, &in->dirty, e, 1); pmap_set(in->c, &in->dirty, e->out, 1);
  READS(r, in->c, e->rhs) pmap_set(in->c, &in->dirty, r->tensor, 1);
}
/* q computes rhs, which holds what p computed; p goes. */
static bool absorb(Inline *in, const Eq *p, Eq *q, Expr *rhs, const char *what) {
  q->rhs = rhs; q->label = label_union(in->c, p->label, q->label);
  ledger_add(in->c, "inline", p->out->name, true, 2 * tensor_bytes(p->out), "%s %s", what, q->out->name);
  soil(in, p); soil(in, q); eq_remove(in->g, p); in->n++; return true;
}

/* ---- views: into all readers or none */
static bool inline_view(Inline *in, Eq *p) {
  Eqs readers = { 0 }; Exprs new = { 0 }; Subst s = { in, p, true }; const UseList *l = uses_get(&in->uses, p->out);
  for (int k = 0; k < l->read.n; k++) {
    Eq *e = l->read.at[k].eq;
    if (array_find(readers.at, readers.n, e) >= 0) continue;
    if (is_dirty(in, e) || e == p) return false;
    PUSH(in->c, readers, e); PUSH(in->c, new, subst(&s, e->rhs, false));
  }
  if (!s.ok || !readers.n) return false;
  for (int k = 0; k < readers.n; k++) absorb(in, p, readers.at[k], tidy(in, new.at[k]), "view, read by");
  return true;
}

/* ---- pointwise into its one reader */
/* Adds the temporaries as large as e that rhs reads to the set; gives its size. */
static int full_operands(Inline *in, const Eq *e, Expr *rhs, Tensors *set) {
  READS(r, in->c, rhs) if (r->tensor->kind == TK_TEMP && (double)tensor_size(r->tensor) >= eq_points(e)) tensor_add(in->c, set, r->tensor);
  return set->n;
}
/* Temporaries as large as the equation that are live at once: not more after than before. */
static bool operands_stay(Inline *in, const Eq *p, const Eq *q) {
  Tensors a = { 0 }, b = { 0 };
  int np = full_operands(in, p, p->rhs, &a), nq = full_operands(in, q, q->rhs, &b), both = full_operands(in, p, p->rhs, &b);
  return both - ((double)tensor_size(p->out) >= eq_points(q)) <= (np > nq ? np : nq);
}
/* How often the read of t in e is evaluated; -1 if in different contexts. `factor` multiplies the bound indices around. */
static double evaluations(const Expr *e, const Tensor *t, double factor) {
  double n = 0;
  if (e->kind == E_READ && e->tensor == t) return factor;
  if (e->kind == E_REDUCE) factor *= reduce_points(e);
  for (int k = 0; k < e->n; k++) {
    double m = evaluations(e->arg[k], t, factor);
    if (m < 0 || (n && m && n != m)) return -1;
    n = m ? m : n;
  }
  return n;
}

static bool one_place(const UseList *l) {
  const Expr *first = l->read.at[0].read;
  for (int k = 1; k < l->read.n; k++) for (int d = 0; d < first->n; d++) if (!expr_equal(first->arg[d], l->read.at[k].read->arg[d])) return false;
  return true;
}
/* A sum of products stays one: its operands are plain reads. */
static bool spoils_product(const Eq *q, const Tensor *t) {
  const Expr *red = eq_reduction(q, NULL), *e = red ? red->arg[0] : NULL;
  return e && e->kind == E_FN && e->fn == FN_MUL && e->arg[0]->kind == E_READ && e->arg[1]->kind == E_READ && expr_reads(e, t);
}
/* p can be computed with the product that it reads, as the values come; a sum over it would take it away from there. */
static bool follows_product(Inline *in, const Eq *p, const Eq *q) {
  Expr *red = eq_reduction(q, NULL);
  if (!red || !expr_reads(red, p->out)) return false;
  READS(r, in->c, p->rhs) {
    const Eqs *w = &uses_get(&in->uses, r->tensor)->writer;
    if (w->n == 1 && eq_reduction(w->at[0], NULL) && eq_points(w->at[0]) >= eq_points(p)) return true;
  }
  return false;
}
static bool spoils_init(const Eq *p, const Eq *q) {
  Expr *init; return eq_reduction(q, &init) && init && expr_reads(init, p->out) && (expr_costly(p->rhs) || expr_has(p->rhs, E_OR));
}
static bool inline_pointwise(Inline *in, Eq *p) {
  const UseList *l = uses_get(&in->uses, p->out); Eq *q = l->read.n ? l->read.at[0].eq : p;
  for (int k = 1; k < l->read.n; k++) if (l->read.at[k].eq != q) return false;
  if (q == p || is_dirty(in, q) || q->constant != p->constant || expr_reads(p->rhs, q->out)) return false;
  if (in_circle(in, q) != in_circle(in, p) || !one_place(l) || spoils_product(q, p->out) || spoils_init(p, q)) return false;
  double points = evaluations(q->rhs, p->out, eq_points(q));
  if (points < 0 || points > eq_points(p) || (l->read.n > 1 && (expr_costly(p->rhs) || expr_ops(p->rhs) > 16))) return false;
  if (!operands_stay(in, p, q) || follows_product(in, p, q)) return false;
  Subst s = { in, p, true }; Expr *rhs = subst(&s, q->rhs, false); return s.ok && absorb(in, p, q, tidy(in, rhs), "pointwise, into");
}

/* ---- addends of a sum start its accumulator */
/* The reduction whose result e reads whole, index by index of q, and nobody else reads; NULL: it is no such read. */
static Eq *reduction_read(Inline *in, const Eq *q, const Expr *e) {
  int n = 0; const Index *i;
  if (e->kind != E_READ || e->type != q->out->type || !tensor_removable(in->g, &in->uses, e->tensor)) return NULL;
  for (int d = 0; d < e->n; d++) {
    if (!(i = expr_bare(e->arg[d])) && !expr_is_const(e->arg[d])) return NULL;
    n += i && index_in(i, q->free, q->nfree);
  }
  const UseList *l = uses_get(&in->uses, e->tensor); Eq *r = l->writer.at[0];
  if (n != q->nfree || l->read.n != 1 || !eq_reduction(r, NULL)) return NULL;
  return !is_dirty(in, r) && in_circle(in, r) == in_circle(in, q) && r->nfree == q->nfree ? r : NULL;
}

/* The addends of a sum of q: the sum that takes the others, by work, and its read; r NULL if none does. */
typedef struct Sum { Eq *r; const Expr *read; Exprs others; } Sum;

static Sum sum_find(Inline *in, const Eq *q, Expr *e) {
  Exprs at = { 0 }; Sum s = { 0 }; double most = 0; expr_terms(in->c, FN_ADD, e, &at);
  EACH(Expr, a, at) {
    Eq *r = type_bytes(a->type) < 4 ? NULL : reduction_read(in, q, a); Expr *red = r ? eq_reduction(r, NULL) : NULL;
    double work = red && red->red == RED_SUM ? eq_points(r) * reduce_points(red) : 0;
    if (work > most) most = work, s.r = r, s.read = a;
  }
  EACH(Expr, a, at) {
    if (a == s.read) continue;
    if (expr_has(a, E_REDUCE) || expr_costly(a) || expr_has(a, E_OR)) return (Sum){ 0 };
    PUSH(in->c, s.others, a);
  }
  return s;
}

/* r starts at the addends: constant ones first and together, so that they become one. At most one may be a temporary as large as the
 * equation: each is an operand to keep until the sum is done. NULL: it cannot. */
static Expr *start_at(Inline *in, const Eq *q, const Exprs *at, Expr *red) {
  Tensors set = { 0 }; Exprs sorted = { 0 };
  EACH(Expr, e, *at) if (full_operands(in, q, e, &set) > 1) return NULL;
  for (int constant = 1; constant >= 0; constant--) EACH(Expr, e, *at) if (expr_constant(e) == constant) PUSH(in->c, sorted, e);
  Expr *first = expr_sum(in->c, sorted.at, sorted.n);
  if (!first) return red;
  return type_strong(first->type) == red->type ? expr_fn2(in->c, FN_ADD, first, red) : NULL;
}

/* q is a sum: it takes the reduction whole. */
static bool inline_addends(Inline *in, Eq *q) {
  if (q->rhs->kind != E_FN || q->rhs->fn != FN_ADD) return false;
  Sum s = sum_find(in, q, q->rhs);
  if (!s.r) return false;
  Expr *init, *red = eq_reduction(s.r, &init), **to = NEWN(in->c, Expr *, s.r->nfree);
  if (!eq_solve(in->c, s.r, s.read->arg, to)) return false;
  if (init) expr_terms(in->c, FN_ADD, expr_subst(in->c, init, s.r->free, to, s.r->nfree), &s.others);
  Expr *rhs = start_at(in, q, &s.others, expr_subst(in->c, red, s.r->free, to, s.r->nfree));
  return rhs && absorb(in, s.r, q, rhs, "its accumulator starts at the addends of");
}

/* A copy of a reduction's result takes the reduction whole. */
static bool inline_copied(Inline *in, Eq *q) {
  if (tensor_removable(in->g, &in->uses, q->out)) return false;     /* a view: it goes into its readers, and the order of indices stays */
  Eq *r = reduction_read(in, q, q->rhs); Expr **to = NEWN(in->c, Expr *, r ? r->nfree : 0);
  return r && r->constant == q->constant && eq_solve(in->c, r, q->rhs->arg, to) &&
         absorb(in, r, q, expr_subst(in->c, r->rhs, r->free, to, r->nfree), "copied whole: computed as");
}

/* ---- max(s + b + r, 0): the other addends start the accumulator, the function of it stays */
/* e with the first sum that can be taken replaced by the read of its result: *s. */
static Expr *sum_inside(Inline *in, const Eq *q, Expr *e, Sum *s) {
  if (e->kind == E_READ || e->kind == E_OR || s->r) return e;
  if (e->kind == E_FN && e->fn == FN_ADD) *s = sum_find(in, q, e);
  EACH(Expr, a, s->others) if (s->r && !expr_reads_inside(in->c, a)) *s = (Sum){ 0 };
  if (s->r) return (Expr *)s->read;
  Expr **arg = NEWN(in->c, Expr *, e->n);
  for (int k = 0; k < e->n; k++) arg[k] = sum_inside(in, q, e->arg[k], s);
  return s->r ? expr_with(in->c, e, arg) : e;
}
static bool inline_start(Inline *in, Eq *q) {
  Sum s = { 0 }; Exprs start = { 0 }; Expr *rhs = sum_inside(in, q, q->rhs, &s), *init;
  if (!s.r || rhs == q->rhs) return false;
  for (int k = 0; k < s.others.n; k++) PUSH(in->c, start, expr_subst_bare(in->c, s.others.at[k], s.read->arg, s.r->place, s.read->n));
  Expr *red = eq_reduction(s.r, &init);
  if (init) expr_terms(in->c, FN_ADD, init, &start);
  Expr *sum = start_at(in, s.r, &start, red);
  if (!sum) return false;
  s.r->rhs = sum; s.r->label = label_union(in->c, s.r->label, q->label); q->rhs = rhs;
  ledger_add(in->c, "inline", s.r->out->name, true, 0, "its accumulator starts at addends of %s", q->out->name);
  soil(in, q); soil(in, s.r); in->n++; return true;
}

/* ---- the pass */
static void inline_eq(Inline *in, Eq *e) {
  if (is_dirty(in, e) || expr_has(e->rhs, E_REDUCE)) return;
  if (!in->views && !eq_by_hand(in->g, e) && (inline_addends(in, e) || inline_copied(in, e) || inline_start(in, e))) return;
  if (!tensor_removable(in->g, &in->uses, e->out) || (is_view(e->rhs) && inline_view(in, e)) || in->views) return;
  inline_pointwise(in, e);
}
static int inline_all(Ctx *c, Graph *g, bool views) {
  Inline in = { .c = c, .g = g, .views = views };
  for (int before = -1; in.n != before;) {
    int n = g->neq; Eq **all = ctx_copy(c, g->eq, sizeof *all * (size_t)n);
    before = in.n; in.uses = uses_find(c, g); in.dirty = in.number = (Map){ 0 }; in.circle = circles_maybe(c, g);
    for (int k = 0; k < n; k++) pmap_set(c, &in.number, all[k], k);
    for (int k = 0; k < n; k++) inline_eq(&in, all[k]);
  }
  return in.n;
}
int inline_views(Ctx *c, Graph *g) { return inline_all(c, g, true); }
int pass_inline(Ctx *c, Graph *g, const Target *t) {
  int n = inline_all(c, g, false) + const_mark(c, g, true); (void)t;
  if (!n) return 0;
  hoist_invariants(c, g); dead_code(c, g); return graph_sort(c, g) ? n : -1;
}
