/* inline: views and pointwise equations go into their readers, addends into the accumulator they are added to.
 *
 *   before   v[j, i] = x[i, j];               after   y[i] = max(b[i] + sum(j: x[i, j] * w[j]) + r[i], 0)  becomes
 *            s[i] = sum(j: v[j, i] * w[j]);            s[i] = b[i] + r[i] + sum(j: x[i, j] * w[j]);
 *            z[i] = s[i] + b[i];                       y[i] = max(s[i], 0);
 *            u[i] = z[i] + r[i];
 *            y[i] = max(u[i], 0);
 *
 * needs   split; one writer, no history, no output, not written by hand
 * keeps   the number of times that anything is computed; the rounding of 16-bit tensors (a conversion stays)
 * never   computes exp and its kind twice; drags work into a recurrence; makes more full-size operands than there were
 */
#include "util.h"

typedef struct Inline { Ctx *c; Graph *g; Uses uses; Map dirty; bool *circle; Map number; const Rules *rules; bool views; int n; } Inline;

/* One substitution of p's equation into an expression. */
typedef struct Subst { Inline *in; const Eq *p; bool ok; } Subst;

static bool is_view(const Expr *e) {
  if (e->kind == E_OR) return is_view(e->arg[0]) && expr_is_const(e->arg[1]);
  if (e->kind != E_READ) return !expr_reads(e, NULL) && !expr_costly(e) && expr_ops(e) < 8;
  for (int d = 0; d < e->n; d++)
    if (!place_static(e->arg[d])) return false;
  return true;
}

/* Does "outside p at dimension d" say "outside what p reads"? p copies that dimension: p[.. i ..] = x[.. i ..], equal extents. */
static bool guard_carries(const Eq *p, int d) {
  const Expr *x = p->rhs;
  Index *i = expr_bare(p->place[d]);
  int at = -1;
  if (!i || x->kind != E_READ) return false;
  for (int k = 0; k < x->n; k++) {
    if (!expr_has_index(x->arg[k], i)) continue;
    if (at >= 0 || expr_bare(x->arg[k]) != i) return false;
    at = k;
  }
  return at >= 0 && extent_equal(x->tensor->shape[at], p->out->shape[d]);
}

static bool guards_carry(Subst *s, const Expr *read) {
  for (int d = 0; d < read->n; d++) {
    bool inside = place_static(read->arg[d]) && place_inside(s->in->c, read->arg[d], read->tensor->shape[d]);
    if (!inside && !guard_carries(s->p, d)) return false;
  }
  return true;
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
  if (e->kind != E_READ || e->tensor != s->p->out) return expr_rebuild(c, e, arg);
  Expr **to = NEWN(c, Expr *, s->p->nfree);
  Expr *read = expr_read(c, e->tensor, arg, e->pos);
  s->ok = s->ok && (!guarded || guards_carry(s, read)) && eq_solve(c, s->p, arg, to);
  if (!s->ok) return e;
  return rounded(c, s->p->out, expr_subst(c, s->p->rhs, s->p->free, to, s->p->nfree));
}

static bool is_dirty(Inline *in, const Eq *e) { return pmap_get(&in->dirty, e) >= 0 || pmap_get(&in->dirty, e->out) >= 0; }

/* Everything near a change waits for the next sweep, when uses are known again. */
static void soil(Inline *in, const Eq *e) {
  Exprs reads = { 0 };
  pmap_set(in->c, &in->dirty, e, 1);
  pmap_set(in->c, &in->dirty, e->out, 1);
  expr_reads_of(in->c, e->rhs, &reads);
  for (int k = 0; k < reads.n; k++) pmap_set(in->c, &in->dirty, reads.at[k]->tensor, 1);
}

static bool in_circle(Inline *in, const Eq *e) { int k = pmap_get(&in->number, e); return k >= 0 && in->circle[k]; }
static Expr *tidy(Inline *in, Expr *e) { int n = 0; return rules_apply(in->c, in->rules, expr_simplify(in->c, e), &n); }

static void done(Inline *in, Eq *p, Eq *into, const char *what) {
  int64_t bytes = tensor_size(p->out) * type_bytes(p->out->type);
  ledger_add(in->c, "inline", p->out->name, true, 2 * bytes, "%s %s", what, into->out->name);
  in->n++;
}

/* ---- views: into all readers or none */
static bool inline_view(Inline *in, Eq *p) {
  Eqs readers = { 0 };
  Exprs old = { 0 }, new = { 0 };
  Subst s = { in, p, true };
  const UseList *l = uses_get(&in->uses, p->out);
  for (int k = 0; k < l->read.n; k++) {
    Eq *e = l->read.at[k].eq;
    bool seen = false;
    for (int j = 0; j < readers.n; j++) seen |= readers.at[j] == e;
    if (seen) continue;
    if (is_dirty(in, e) || e == p) return false;
    PUSH(in->c, readers, e);
    PUSH(in->c, old, e->rhs);
    PUSH(in->c, new, subst(&s, e->rhs, false));
  }
  if (!s.ok || !readers.n) return false;
  for (int k = 0; k < readers.n; k++) {
    readers.at[k]->rhs = tidy(in, new.at[k]);
    readers.at[k]->label = label_union(in->c, p->label, readers.at[k]->label);
    done(in, p, readers.at[k], "view, read by");
    soil(in, readers.at[k]);
  }
  soil(in, p);
  eq_remove(in->g, p);
  return true;
}

/* ---- pointwise into its one reader */
static int full_operands(Inline *in, const Eq *e, Expr *rhs, Exprs *set) {
  Exprs reads = { 0 };
  expr_reads_of(in->c, rhs, &reads);
  for (int k = 0; k < reads.n; k++) {
    const Tensor *t = reads.at[k]->tensor;
    bool seen = t->kind != TK_TEMP || (double)tensor_size(t) < eq_points(e);
    for (int j = 0; j < set->n; j++) seen |= set->at[j]->tensor == t;
    if (!seen) PUSH(in->c, *set, reads.at[k]);
  }
  return set->n;
}

/* Temporaries as large as the equation that are live at once: not more after than before. */
static bool operands_stay(Inline *in, const Eq *p, const Eq *q) {
  Exprs a = { 0 }, b = { 0 };
  int np = full_operands(in, p, p->rhs, &a), nq = full_operands(in, q, q->rhs, &b);
  int both = full_operands(in, p, p->rhs, &b);
  bool reads_p = (double)tensor_size(p->out) >= eq_points(q);
  return both - reads_p <= (np > nq ? np : nq);
}

/* How often the read of t in e is evaluated; -1 if in different contexts. `factor` multiplies the bound indices around. */
static double evaluations(const Expr *e, const Tensor *t, double factor) {
  double n = 0;
  if (e->kind == E_READ && e->tensor == t) return factor;
  if (e->kind == E_REDUCE) factor *= reduce_points(e);
  for (int k = 0; k < e->n; k++) {
    double m = evaluations(e->arg[k], t, factor);
    if (m < 0 || (n && m && n != m)) return -1;
    if (m) n = m;
  }
  return n;
}

static bool one_place(const UseList *l) {
  const Expr *first = l->read.at[0].read;
  for (int k = 1; k < l->read.n; k++)
    for (int d = 0; d < first->n; d++)
      if (!expr_equal(first->arg[d], l->read.at[k].read->arg[d])) return false;
  return true;
}

static bool is_product_of_reads(const Expr *e) {
  return e->kind == E_FN && e->fn == FN_MUL && e->arg[0]->kind == E_READ && e->arg[1]->kind == E_READ;
}

/* A sum of products stays one: its operands are plain reads. */
static bool spoils_product(Inline *in, const Eq *q, const Tensor *t) {
  Expr *init, *red = eq_reduction(q, &init);
  (void)in;
  return red && is_product_of_reads(red->arg[0]) && expr_reads(red->arg[0], t);
}

/* p can be computed with the product that it reads, as the values come; a sum over it would take it away from there. */
static bool follows_product(Inline *in, const Eq *p, const Eq *q) {
  Exprs reads = { 0 };
  Expr *init, *red = eq_reduction(q, &init);
  if (!red || !expr_reads(red, p->out)) return false;
  expr_reads_of(in->c, p->rhs, &reads);
  for (int k = 0; k < reads.n; k++) {
    const UseList *l = uses_get(&in->uses, reads.at[k]->tensor);
    if (l && l->writer.n == 1 && eq_reduction(l->writer.at[0], &init) && eq_points(l->writer.at[0]) >= eq_points(p)) return true;
  }
  return false;
}

static bool spoils_init(const Eq *p, const Eq *q) {
  Expr *init, *red = eq_reduction(q, &init);
  return red && init && expr_reads(init, p->out) && (expr_costly(p->rhs) || expr_has(p->rhs, E_OR));
}

static bool reads_tensors(Ctx *c, Expr *e, const Eq *but) {
  Exprs reads = { 0 };
  expr_reads_of(c, e, &reads);
  for (int k = 0; k < reads.n; k++)
    if (reads.at[k]->tensor == but->out) return true;
  return false;
}

static bool inline_pointwise(Inline *in, Eq *p) {
  Eq *q;
  UseList *l = uses_get(&in->uses, p->out);
  if (uses_readers(&in->uses, p->out, &q) != 1 || q == p || is_dirty(in, q) || q->constant != p->constant || reads_tensors(in->c, p->rhs, q)) return false;
  if (in_circle(in, q) != in_circle(in, p) || !one_place(l) || spoils_product(in, q, p->out) || spoils_init(p, q)) return false;
  double points = evaluations(q->rhs, p->out, eq_points(q));
  if (points < 0 || points > eq_points(p) || (l->read.n > 1 && (expr_costly(p->rhs) || expr_ops(p->rhs) > 16))) return false;
  if (!operands_stay(in, p, q) || follows_product(in, p, q)) return false;
  Subst s = { in, p, true };
  Expr *rhs = subst(&s, q->rhs, false);
  if (!s.ok) return false;
  q->rhs = tidy(in, rhs);
  q->label = label_union(in->c, p->label, q->label);
  done(in, p, q, "pointwise, into");
  soil(in, p);
  soil(in, q);
  eq_remove(in->g, p);
  return true;
}

/* ---- addends of a sum start its accumulator */
static bool bare_read(const Expr *e, const Eq *q) {
  int n = 0;
  for (int d = 0; d < e->n; d++) {
    const Index *i = expr_bare(e->arg[d]);
    if (!i && !expr_is_const(e->arg[d])) return false;
    n += i && index_in(i, q->free, q->nfree);
  }
  return n == q->nfree;
}

static bool may_start(const Expr *e) { return !expr_has(e, E_REDUCE) && !expr_costly(e) && !expr_has(e, E_OR); }

/* How many of the addends are temporaries as large as the equation: each is an operand to keep until the sum is done. */
static int large_addends(Inline *in, const Eq *q, const Exprs *at) {
  Exprs set = { 0 };
  int n = 0;
  for (int k = 0; k < at->n; k++) n = full_operands(in, q, at->at[k], &set);
  return n;
}

/* Constant addends first and together, so that they become one. */
static Expr *start_sum(Ctx *c, const Exprs *at) {
  Exprs sorted = { 0 };
  for (int k = 0; k < at->n; k++)
    if (expr_constant(at->at[k])) PUSH(c, sorted, at->at[k]);
  for (int k = 0; k < at->n; k++)
    if (!expr_constant(at->at[k])) PUSH(c, sorted, at->at[k]);
  return expr_sum(c, sorted.at, sorted.n);
}

/* The addend whose sum takes the others, by work; -1 if none does. */
static int addend_taker(Inline *in, const Eq *q, const Exprs *at) {
  int best = -1;
  double most = 0;
  for (int k = 0; k < at->n; k++) {
    const Expr *e = at->at[k];
    Eq *first;
    if (e->kind != E_READ || !bare_read(e, q) || e->type != q->out->type || type_bytes(e->type) < 4) continue;
    UseList *l = uses_get(&in->uses, e->tensor);
    if (!tensor_removable(in->g, &in->uses, e->tensor) || l->read.n != 1 || uses_readers(&in->uses, e->tensor, &first) != 1) continue;
    Eq *r = l->writer.at[0];
    Expr *init, *red = eq_reduction(r, &init);
    if (!red || red->red != RED_SUM || is_dirty(in, r) || in_circle(in, r) != in_circle(in, q) || r->nfree != q->nfree) continue;
    double work = eq_points(r) * reduce_points(red);
    if (work > most) { most = work; best = k; }
  }
  return best;
}

/* ---- max(s + b + r, 0): the other addends start the accumulator, the function of it stays */
typedef struct Chain { Inline *in; Eq *q; Eq *r; Exprs start; } Chain;

static Expr *chain_take(Chain *x, Expr *e) {
  Exprs at = { 0 }, start = { 0 };
  expr_addends(x->in->c, e, &at);
  int k = addend_taker(x->in, x->q, &at);
  if (k < 0) return NULL;
  for (int j = 0; j < at.n; j++) {
    if (j == k) continue;
    if (!may_start(at.at[j]) || !expr_reads_inside(x->in->c, at.at[j])) return NULL;
    PUSH(x->in->c, start, at.at[j]);
  }
  x->r = uses_get(&x->in->uses, at.at[k]->tensor)->writer.at[0];
  x->start = start;
  return at.at[k];
}

/* e with the first sum that can be taken replaced by the read of its result. */
static Expr *chain_find(Chain *x, Expr *e) {
  Ctx *c = x->in->c;
  if (e->kind == E_READ || e->kind == E_OR || x->r) return e;
  if (e->kind == E_FN && e->fn == FN_ADD) {
    Expr *read = chain_take(x, e);
    if (read) return read;
  }
  Expr **arg = NEWN(c, Expr *, e->n);
  for (int k = 0; k < e->n; k++) arg[k] = chain_find(x, e->arg[k]);
  return x->r ? expr_rebuild(c, e, arg) : e;
}

static bool inline_start(Inline *in, Eq *q) {
  Chain x = { .in = in, .q = q };
  if (is_dirty(in, q) || expr_has(q->rhs, E_REDUCE) || eq_by_hand(in->g, q)) return false;
  Expr *rhs = chain_find(&x, q->rhs), *init;
  if (!x.r || rhs == q->rhs) return false;
  Eq *r = x.r;
  Expr *red = eq_reduction(r, &init), **to = NEWN(in->c, Expr *, q->nfree);
  Exprs reads = { 0 };
  expr_reads_of(in->c, rhs, &reads);
  for (int k = 0; k < reads.n; k++)
    if (reads.at[k]->tensor == r->out)
      for (int d = 0; d < r->out->rank; d++)
        for (int f = 0; f < q->nfree; f++)
          if (expr_bare(reads.at[k]->arg[d]) == q->free[f]) to[f] = r->place[d];
  Exprs start = { 0 };
  for (int k = 0; k < x.start.n; k++) PUSH(in->c, start, expr_subst(in->c, x.start.at[k], q->free, to, q->nfree));
  if (init) expr_addends(in->c, init, &start);
  Expr *first = start_sum(in->c, &start);
  if (large_addends(in, r, &start) > 1) return false;
  if (type_strong(first->type) != red->type) return false;
  r->rhs = expr_fn2(in->c, FN_ADD, first, red);
  r->label = label_union(in->c, r->label, q->label);
  q->rhs = rhs;
  ledger_add(in->c, "inline", r->out->name, true, 0, "its accumulator starts at addends of %s", q->out->name);
  in->n++;
  soil(in, q);
  soil(in, r);
  return true;
}

/* A copy of a reduction's result takes the reduction whole. */
static bool inline_copied(Inline *in, Eq *q) {
  const Expr *e = q->rhs;
  Eq *first;
  if (e->kind != E_READ || is_dirty(in, q) || !bare_read(e, q) || e->type != q->out->type || eq_by_hand(in->g, q)) return false;
  if (tensor_removable(in->g, &in->uses, q->out)) return false;     /* a view: it goes into its readers, and the order of indices stays */
  UseList *l = uses_get(&in->uses, e->tensor);
  if (!tensor_removable(in->g, &in->uses, e->tensor) || l->read.n != 1 || uses_readers(&in->uses, e->tensor, &first) != 1) return false;
  Eq *r = l->writer.at[0];
  Expr *init, **to = NEWN(in->c, Expr *, r->nfree);
  if (!eq_reduction(r, &init) || is_dirty(in, r) || in_circle(in, r) != in_circle(in, q) || r->nfree != q->nfree || r->constant != q->constant) return false;
  if (!eq_solve(in->c, r, e->arg, to)) return false;
  q->rhs = expr_subst(in->c, r->rhs, r->free, to, r->nfree);
  q->label = label_union(in->c, r->label, q->label);
  done(in, r, q, "copied whole: computed as");
  soil(in, q);
  soil(in, r);
  eq_remove(in->g, r);
  return true;
}

static bool inline_addends(Inline *in, Eq *q) {
  Exprs at = { 0 }, start = { 0 };
  if (is_dirty(in, q) || q->rhs->kind != E_FN || q->rhs->fn != FN_ADD || expr_has(q->rhs, E_REDUCE) || eq_by_hand(in->g, q)) return false;
  expr_addends(in->c, q->rhs, &at);
  int k = addend_taker(in, q, &at);
  if (k < 0) return false;
  Eq *r = uses_get(&in->uses, at.at[k]->tensor)->writer.at[0];
  Expr *init, *red = eq_reduction(r, &init), **to = NEWN(in->c, Expr *, r->nfree);
  if (!eq_solve(in->c, r, at.at[k]->arg, to)) return false;
  for (int j = 0; j < at.n; j++) {
    if (j == k) continue;
    if (!may_start(at.at[j])) return false;
    PUSH(in->c, start, at.at[j]);
  }
  if (init) expr_addends(in->c, expr_subst(in->c, init, r->free, to, r->nfree), &start);
  if (large_addends(in, q, &start) > 1) return false;
  Expr *sum = expr_subst(in->c, red, r->free, to, r->nfree), *first = start_sum(in->c, &start);
  if (first && type_strong(first->type) != sum->type) return false;
  q->rhs = first ? expr_fn2(in->c, FN_ADD, first, sum) : sum;
  q->label = label_union(in->c, r->label, q->label);
  done(in, r, q, "its accumulator starts at the addends of");
  soil(in, q);
  soil(in, r);
  eq_remove(in->g, r);
  return true;
}

/* ---- the pass */
static void find_circles(Inline *in) {
  in->circle = circles_maybe(in->c, in->g);
  in->number = (Map){ 0 };
  for (int k = 0; k < in->g->neq; k++) pmap_set(in->c, &in->number, in->g->eq[k], k);
}

static int sweep(Inline *in) {
  int before = in->n;
  in->uses = uses_find(in->c, in->g);
  in->dirty = (Map){ 0 };
  find_circles(in);
  int n = in->g->neq;
  Eq **all = NEWN(in->c, Eq *, n);
  for (int k = 0; k < n; k++) all[k] = in->g->eq[k];
  for (int k = 0; k < n; k++) {
    Eq *e = all[k];
    if (is_dirty(in, e) || (!in->views && (inline_addends(in, e) || inline_copied(in, e) || inline_start(in, e)))) continue;
    if (expr_has(e->rhs, E_REDUCE) || !tensor_removable(in->g, &in->uses, e->out)) continue;
    if (!(is_view(e->rhs) && inline_view(in, e)) && !in->views) inline_pointwise(in, e);
  }
  return in->n - before;
}

int inline_views(Ctx *c, Graph *g) {
  Inline in = { .c = c, .g = g, .rules = rules_load(c), .views = true };
  while (sweep(&in)) { }
  return in.n;
}

int pass_inline(Ctx *c, Graph *g, const Target *t) {
  Inline in = { .c = c, .g = g, .rules = rules_load(c) };
  (void)t;
  while (sweep(&in)) { }
  if (in.n) {
    const_mark(c, g);
    hoist_invariants(c, g);
    dead_code(c, g);
  }
  return in.n && !graph_sort(c, g) ? -1 : in.n;
}
