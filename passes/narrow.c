/* narrow: sums of products of small integers (or of bf16) take operands that the target multiplies and adds in groups (Target.dots).
 *   before   a[m, k] = i32(x[m, k]) - 3;        z[m, n] = sum(k < 64: a[m, k] * w[k, n]);                            x: u8, w: i8
 *   after    const w_dot[n, k < 16, q < 4]: i8 = w[4 * k + q, n];          const z_off[n] = sum(k < 64: i32(w[k, n]));
 *            z[m, n] = -3 * z_off[n] + sum(k < 16, q < 4: i32(x[m, 4 * k + q]) * i32(w_dot[n, k, q]));
 * What fits the type only after a shift (by -3 above), or is not there in the type, is computed into a tensor of its own (a_dot), with zeros behind a
 * k that is no multiple of the group.
 * needs   simplify; one operand constant, with indices of its own         keeps   integers bit by bit (bf16: what rounds in f32)
 * never   groups an index that does not stand alone in a place of both operands */
#include "builders.h"
#include <math.h>

/* A factor: its read; what the tensor holds, over its places ix; the constant that counts outside, or NULL. */
typedef struct Side { Expr *read, *value, *alt; Index **ix; Range r; } Side;
/* kind: of dot_kinds; off: what was taken from the values of x. k becomes group * k + q. */
typedef struct Narrow {
  Ctx *c; Graph *g; Uses *uses; Eq *e; Shape s; Side x, w; Index *k, *to, *q; int group; int64_t off; Indices from; Exprs at;
} Narrow;

static Expr *as(Ctx *c, Type t, Expr *e) { return expr_convert(c, CV_PLAIN, t, e, e->pos); }
static bool within(double lo, double hi, Type t) { return lo >= type_lowest(t) && hi <= type_highest(t); }

/* What the tensor's one equation computes, if it is pointwise and every place an index; else the element as it is. */
static Expr *copied(Ctx *c, const Side *s, double *less);
static void side_value(Narrow *n, Side *s) {
  Tensor *t = s->read->tensor; const UseList *l = uses_get(n->uses, t); const Eq *e = l && l->writer.n == 1 ? l->writer.at[0] : NULL;
  s->ix = tensor_indices(n->c, t); Expr **at = index_exprs(n->c, s->ix, t->rank), **to = NEWN(n->c, Expr *, t->rank + 1);
  bool known = e && (t->kind == TK_TEMP || t->kind == TK_CONST) && !eq_reduction(e, NULL) && !expr_reads(e->rhs, t) && !t->history;
  double less; Expr *self = expr_read(n->c, t, at, s->read->pos);
  s->value = known && eq_solve(n->c, e, at, to) ? expr_subst(n->c, e->rhs, e->free, to, e->nfree) : self; s->r = expr_range(n->c, s->value);
  if (!copied(n->c, s, &less) && l && l->read.n > 1) s->value = self;          /* nothing is computed twice */
}
/* Does a conversion keep every value? */
static bool keeps(Ctx *c, const Expr *e) {
  Range r = e->kind == E_CONVERT ? expr_range(c, e->arg[0]) : (Range){ 0 };
  return e->kind == E_CONVERT && e->mode == CV_PLAIN && (type_is_float(e->type) ? e->arg[0]->type == T_BF16 : within(r.lo, r.hi, e->type));
}
static bool side_of(Narrow *n, Expr *f, Side *s) {
  for (; keeps(n->c, f) || f->kind == E_OR; f = f->arg[0]) {
    if (f->kind == E_OR && (s->alt || !expr_is_const(f->arg[1]))) return false;
    if (f->kind == E_OR) s->alt = f->arg[1];
  }
  if (f->kind != E_READ || f->tensor->stream_dim >= 0) return false;
  s->read = f; side_value(n, s); return true;
}

/* The read that a value is but for a number, *less (NULL: it computes something); under `or` it must be outside where the value is. */
static Expr *copied(Ctx *c, const Side *s, double *less) {
  Expr *e = s->value; *less = 0;
  for (bool sub;; e = e->arg[0]) {
    sub = e->kind == E_FN && e->fn == FN_SUB;
    if ((sub || (e->kind == E_FN && e->fn == FN_ADD)) && expr_is_const(e->arg[1])) *less += sub ? -expr_number(e->arg[1]) : expr_number(e->arg[1]);
    else if (!keeps(c, e)) break;
  }
  for (int d = 0; s->alt && e->kind == E_READ && d < e->n; d++) {
    const Index *i = expr_bare(e->arg[d]);
    if (i ? !extent_equal(i->ext, e->tensor->shape[d]) : !expr_is_const(e->arg[d])) return NULL;
  }
  return e->kind == E_READ ? e : NULL;
}

/* The largest index that stands alone in a place of both. */
static Index *group_of(const Narrow *n) {
  Index *best = NULL;
  for (int i = 0; i < n->s.nk; i++) {
    Index *k = n->s.k[i];
    if (k->ext.dim || read_dim(n->x.read, k) < 0 || read_dim(n->w.read, k) < 0 || (best && best->ext.n >= k->ext.n)) continue;
    best = k;
  }
  return best;
}
/* Does the kind hold both operands? Sets n->off. */
static bool kind_holds(Narrow *n, const DotKind *d) {
  const Type a = (Type)d->a, b = (Type)d->b; Range r = n->x.r; double least, alt = n->x.alt ? expr_number(n->x.alt) : 0; n->off = 0;
  const Expr *from = copied(n->c, &n->x, &least);
  if (a == T_F32) {                                        /* reads the small integers themselves */
    n->off = from ? (int64_t)least : 0; double o = (double)n->off, most = fmax(fmax(fabs(r.lo - o), fabs(r.hi - o)), n->x.alt ? fabs(alt - o) : 0);
    return from && n->e->out->type == T_I32 && most * fmax(fabs(n->w.r.lo), fabs(n->w.r.hi)) * index_points(n->s.k, n->s.nk) < 1 << 24;
  }
  if (type_is_float(a)) return n->x.read->tensor->type == a && n->w.read->tensor->type == b && alt == 0;
  if (n->e->out->type != T_I32 || !within(n->w.r.lo, n->w.r.hi, b) || (n->w.alt && expr_number(n->w.alt) != 0)) return false;
  least = from && from->type == a ? least : r.lo - type_lowest(a);
  if (!within(r.lo, r.hi, a) && !(r.lo >= INT32_MIN && r.hi <= INT32_MAX)) return false;
  if (!within(r.lo, r.hi, a)) n->off = (int64_t)least;
  return within(r.lo - (double)n->off, r.hi - (double)n->off, a) && (!n->x.alt || within(alt - (double)n->off, alt - (double)n->off, a));
}

/* ---- equations */
/* rhs over the indices ix in type t: a tensor of its own, read at these. */
static Expr *define(Narrow *n, const char *hint, Type t, const Indices *ix, Expr *rhs, bool constant) {
  Extent *shape = NEWN(n->c, Extent, ix->n + 1); Index **own = NEWN(n->c, Index *, ix->n + 1);
  for (int d = 0; d < ix->n; d++) { shape[d] = ix->at[d]->ext; own[d] = index_new(n->c, ix->at[d]->name, shape[d]); }
  Tensor *out = tensor_new(n->c, n->g, hint, t, ix->n, shape, n->e->pos); rhs = as(n->c, t, rhs);
  Eq *e = eq_new(n->c, n->g, out, own, ix->n, expr_subst(n->c, rhs, ix->at, index_exprs(n->c, own, ix->n), ix->n), n->e);
  if (constant) { e->constant = true; out->kind = TK_CONST; }
  return expr_read(n->c, out, index_exprs(n->c, ix->at, ix->n), n->e->pos);
}
static Expr *grouped(const Narrow *n, Expr *e) { return expr_simplify(n->c, expr_subst(n->c, e, n->from.at, n->at.at, n->from.n)); }
static Expr *zero(const Narrow *n, Type t) { return expr_const(n->c, t, 0, 0); }
static bool whole(const Narrow *n) { return n->group == 1 || n->k->ext.n % n->group == 0; }

/* x in type t, read in groups: as it is, or as a new tensor. */
static Expr *x_read(Narrow *n, Type t) {
  Side *x = &n->x; Expr **at = x->read->arg; int rank = x->read->n, d = n->group > 1 ? read_dim(x->read, n->k) : -1; double less;
  Expr *copy = copied(n->c, x, &less), *v = n->off ? expr_fn2(n->c, FN_SUB, x->value, expr_int(n->c, n->off)) : x->value; less -= (double)n->off;
  Expr *here = copy && copy->type == t && less == 0 && whole(n) ? grouped(n, expr_subst(n->c, copy, x->ix, at, rank)) : NULL;
  bool free = here && here->tensor->kind == TK_TEMP;       /* its layout is still to be chosen */
  if (here && (free || n->group == 1 || access_stride(n->c, here->tensor, here->arg, n->q->name) == 1)) return here;
  if (copy && type_is_int(t)) v = as(n->c, t, copy);       /* wraps to the same */
  if (copy && type_is_int(t) && less != 0) v = expr_fn2(n->c, FN_ADD, v, expr_const(n->c, t, 0, (int64_t)less));
  if (!whole(n)) {                                         /* zeros behind the end */
    Index *old = x->ix[d]; x->ix[d] = index_new(n->c, old->name, extent_of(n->group * n->to->ext.n)); Expr *to = expr_index(n->c, x->ix[d]);
    v = expr_or(n->c, expr_subst(n->c, as(n->c, t, v), &old, &to, 1), zero(n, t), v->pos);
  }
  Expr *r = define(n, ctx_printf(n->c, "%s_dot", x->read->tensor->name), t, &(Indices){ x->ix, rank, rank }, v, false);
  return grouped(n, expr_subst(n->c, r, x->ix, at, rank));
}

/* w as the sum has it: where its tensor copies another one, that. */
static Expr *w_source(const Narrow *n, Type t) {
  double less; Expr *copy = copied(n->c, &n->w, &less); bool same = copy && copy->type == t && less == 0;
  return same ? expr_subst(n->c, copy, n->w.ix, n->w.read->arg, n->w.read->n) : n->w.read;
}
/* w as a constant over its indices in the sum, the group's last. */
static Expr *w_read(Narrow *n, Type t) {
  Indices v = { 0 }, ix = { 0 }; Expr *r = w_source(n, t), *e = grouped(n, r);
  for (int d = 0; d < r->n; d++) expr_indices(n->c, r->arg[d], &v);
  EACH(Index, i, v) if (i != n->k || n->group == 1) PUSH(n->c, ix, i);
  if (n->group > 1) { PUSH(n->c, ix, n->to); PUSH(n->c, ix, n->q); }
  if (!whole(n) || n->w.alt) e = expr_or(n->c, e, zero(n, e->type), e->pos);
  return define(n, ctx_printf(n->c, "%s_dot", r->tensor->name), t, &ix, e, true);
}

/* off times the sums of w. */
static Expr *x_missing(Narrow *n, Type t) {
  Indices free = { 0 }; Expr *w = as(n->c, T_I32, w_source(n, t));
  if (n->w.alt) w = expr_or(n->c, w, zero(n, T_I32), w->pos);
  for (int i = 0; i < n->s.nn; i++) PUSH(n->c, free, n->s.n[i]);
  for (int i = 0; i < n->s.nbatch; i++) PUSH(n->c, free, n->s.batch[i]);
  Expr *sum = expr_fresh(n->c, expr_reduce(n->c, RED_SUM, n->s.k, n->s.nk, w, NULL, w->pos));
  sum = define(n, ctx_printf(n->c, "%s_off", n->e->out->name), T_I32, &free, sum, true);
  return expr_fn2(n->c, FN_MUL, expr_const(n->c, T_I32, 0, n->off), sum);
}

static void rewrite(Narrow *n, const DotKind *d) {
  Expr *init, *red = eq_reduction(n->e, &init), *less = n->off ? x_missing(n, (Type)d->b) : NULL; Indices bound = { 0 }; n->group = d->group;
  if (n->group > 1) {
    n->to = index_new(n->c, n->k->name, extent_of((n->k->ext.n + n->group - 1) / n->group));
    n->q = index_new(n->c, ctx_printf(n->c, "%s_q", n->k->name), extent_of(n->group)); Expr *q = expr_index(n->c, n->q);
    Expr *k = expr_fn2(n->c, FN_ADD, expr_fn2(n->c, FN_MUL, expr_int(n->c, n->group), expr_index(n->c, n->to)), q);
    PUSH(n->c, n->from, n->k); PUSH(n->c, n->at, k);
  }
  for (int i = 0; i < n->s.nk; i++) if (n->s.k[i] != n->k || n->group == 1) PUSH(n->c, bound, n->s.k[i]);
  if (n->group > 1) { PUSH(n->c, bound, n->to); PUSH(n->c, bound, n->q); }
  Type a = (Type)d->a, sum = a == T_F32 ? a : type_is_float(a) ? n->e->out->type : T_I32; double off; const Expr *from = copied(n->c, &n->x, &off);
  Expr *w = as(n->c, sum, w_read(n, (Type)d->b)), *x = as(n->c, sum, x_read(n, a == T_F32 ? from->type : a));
  if (n->x.alt) x = expr_or(n->c, x, expr_const(n->c, sum, expr_number(n->x.alt) - (double)n->off, (int64_t)expr_number(n->x.alt) - n->off), x->pos);
  red = expr_reduce(n->c, RED_SUM, bound.at, bound.n, expr_fn2(n->c, FN_MUL, x, w), NULL, red->pos);
  const char *name = ctx_printf(n->c, "%s_sum", n->e->out->name);
  if (a == T_F32) red = as(n->c, T_I32, define(n, name, a, &(Indices){ n->e->free, n->e->nfree, 0 }, red, false));
  init = init && less ? expr_fn2(n->c, FN_ADD, init, less) : less ? less : init;
  n->e->rhs = init ? expr_fn2(n->c, FN_ADD, init, red) : red;
}

/* Can the products be wider than what they are computed in? */
static bool may_wrap(const Narrow *n, const Expr *product) {
  double a = fmax(fabs(n->x.r.lo), fabs(n->x.r.hi)) * fmax(fabs(n->w.r.lo), fabs(n->w.r.hi));
  return type_is_int(product->type) && a > type_highest(product->type);
}

static int narrow_eq(Ctx *c, Graph *g, const Target *t, Uses *uses, Eq *e) {
  Narrow n = { .c = c, .g = g, .uses = uses, .e = e, .s = shape_of(c, e), .group = 1 };
  const Expr *red = eq_reduction(e, NULL), *b = red ? red->arg[0] : NULL;
  if (!n.s.x || e->constant || eq_by_hand(g, e) || eq_stream(e) || red->n > 1 || !expr_constant(n.s.w)) return 0;
  while (b->kind == E_CONVERT && keeps(c, b)) b = b->arg[0];
  Side s[2] = { { 0 }, { 0 } };
  for (int k = 0; k < 2; k++) if (b->kind != E_FN || !side_of(&n, b->arg[k], &s[k])) return 0;
  bool first = s[0].read == n.s.x; n.x = s[!first]; n.w = s[first];
  if (tensor_known(n.x.read->tensor) || may_wrap(&n, b)) return 0;
  n.k = group_of(&n);
  for (int k = 0; k < NDOT; k++) {
    const DotKind *d = &dot_kinds[k]; bool groups = n.s.contracts && n.s.nn && (n.k || d->group == 1);
    if (!(t->dots >> k & 1) || (d->a != T_F32 && !groups) || !kind_holds(&n, d)) continue;
    if (!move_allowed(c, "narrow", e->label)) { ledger_add(c, "narrow", e->out->name, false, 0, "refused by option"); return 0; }
    const char *x = type_name((Type)d->a), *w = type_name((Type)d->b);
    ledger_add(c, "narrow", e->out->name, true, 0, "products of %s by %s, %d at once", x, w, d->group);
    rewrite(&n, d); return 1;
  }
  return 0;
}

int pass_narrow(Ctx *c, Graph *g, const Target *t) {
  int n = 0; Uses uses = uses_find(c, g);
  EQS(e, g) if (t->dots) n += narrow_eq(c, g, t, &uses, e);
  if (n) dead_code(c, g);
  return n && !graph_sort(c, g) ? -1 : n;
}
