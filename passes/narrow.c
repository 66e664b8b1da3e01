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
static bool plain_convert(const Expr *e) { return e->kind == E_CONVERT && e->mode == CV_PLAIN; }

/* What the tensor's one equation computes, if it is pointwise and every place an index; else the element as it is. */
static void side_value(Narrow *n, Side *s) {
  Tensor *t = s->read->tensor; const UseList *l = uses_get(n->uses, t); const Eq *e = l && l->writer.n == 1 ? l->writer.at[0] : NULL;
  s->ix = tensor_indices(n->c, t); Expr **at = index_exprs(n->c, s->ix, t->rank), **to = NEWN(n->c, Expr *, t->rank + 1);
  bool known = e && (t->kind == TK_TEMP || t->kind == TK_CONST) && !eq_reduction(e, NULL) && !expr_reads(e->rhs, t) && !t->history;
  s->value = known && eq_solve(n->c, e, at, to) ? expr_subst(n->c, e->rhs, e->free, to, e->nfree) : expr_read(n->c, t, at, s->read->pos);
  s->r = expr_range(n->c, s->value);
}
static bool side_of(Narrow *n, Expr *f, Side *s) {
  for (; plain_convert(f) || f->kind == E_OR; f = f->arg[0]) {
    if (f->kind == E_OR && (s->alt || !expr_is_const(f->arg[1]))) return false;
    if (f->kind == E_OR) s->alt = f->arg[1];
  }
  if (f->kind != E_READ || f->tensor->stream_dim >= 0) return false;
  s->read = f; side_value(n, s); return true;
}

/* The tensor that a value less a number copies, at places that are its own indices: `places` over ix. NULL: it computes something. */
static Expr *copied(const Side *s, double *less) {
  Expr *e = s->value; *less = 0;
  for (bool go = true; go;) {
    bool sub = e->kind == E_FN && e->fn == FN_SUB, add = e->kind == E_FN && e->fn == FN_ADD; go = plain_convert(e);
    if (go) e = e->arg[0];
    if ((sub || add) && expr_is_const(e->arg[1])) { *less += sub ? -expr_number(e->arg[1]) : expr_number(e->arg[1]); e = e->arg[0]; go = true; }
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
static bool within(double lo, double hi, Type t) { return lo >= type_lowest(t) && hi <= type_highest(t); }
/* Does the kind hold both operands? Sets n->off. */
static bool kind_holds(Narrow *n, const DotKind *d) {
  const Type a = (Type)d->a, b = (Type)d->b; Range r = n->x.r; double least, alt = n->x.alt ? expr_number(n->x.alt) : 0; n->off = 0;
  if (type_is_float(a)) return n->x.read->tensor->type == a && n->w.read->tensor->type == b && alt == 0;
  if (n->e->out->type != T_I32 || !within(n->w.r.lo, n->w.r.hi, b) || (n->w.alt && expr_number(n->w.alt) != 0)) return false;
  const Expr *from = copied(&n->x, &least); least = from && from->type == a ? least : r.lo - type_lowest(a);
  if (!within(r.lo, r.hi, a) && !(r.lo >= INT32_MIN && r.hi <= INT32_MAX)) return false;
  if (!within(r.lo, r.hi, a)) n->off = (int64_t)least;
  return within(r.lo - (double)n->off, r.hi - (double)n->off, a) && (!n->x.alt || within(alt - (double)n->off, alt - (double)n->off, a));
}

/* ---- equations */
/* Of the indices ix, rhs in type t, as a tensor of its own. */
static Tensor *define(Narrow *n, const char *hint, Type t, Index **ix, int nix, Expr *rhs, bool constant) {
  Extent *shape = NEWN(n->c, Extent, nix + 1);
  for (int d = 0; d < nix; d++) shape[d] = ix[d]->ext;
  Tensor *out = tensor_new(n->c, n->g, hint, t, nix, shape, n->e->pos); Eq *e = eq_new(n->c, n->g, out, ix, nix, as(n->c, t, rhs), n->e);
  if (constant) { e->constant = true; out->kind = TK_CONST; }
  return out;
}
static Expr *grouped(const Narrow *n, Expr *e) { return expr_simplify(n->c, expr_subst(n->c, e, n->from.at, n->at.at, n->from.n)); }
static Expr *zero(const Narrow *n, Type t) { return expr_const(n->c, t, 0, 0); }
static int64_t padded(const Narrow *n) { return n->group * n->to->ext.n; }
static bool whole(const Narrow *n) { return n->group == 1 || padded(n) == n->k->ext.n; }

/* x in type t, read in groups: as it is, or as a new tensor. */
static Expr *x_read(Narrow *n, Type t) {
  Side *x = &n->x; const Tensor *from = x->read->tensor; double less; Expr *copy = copied(x, &less), **p = NEWN(n->c, Expr *, from->rank + 1);
  for (int d = 0; d < from->rank; d++) p[d] = x->read->arg[d];
  if (copy && copy->type == t && less == (double)n->off && whole(n)) return grouped(n, expr_subst(n->c, copy, x->ix, p, from->rank));
  Expr *v = n->off ? expr_fn2(n->c, FN_SUB, x->value, expr_int(n->c, n->off)) : x->value; int d; double add = less - (double)n->off;
  if (copy && type_is_int(t)) v = as(n->c, t, copy);       /* wraps to the same */
  if (copy && type_is_int(t) && add != 0) v = expr_fn2(n->c, FN_ADD, v, expr_const(n->c, t, 0, (int64_t)add));
  d = n->group > 1 ? read_dim(x->read, n->k) : -1;
  if (d >= 0 && !whole(n)) {                               /* zeros behind the end */
    Index *old = x->ix[d]; x->ix[d] = index_new(n->c, old->name, extent_of(padded(n))); Expr *to = expr_index(n->c, x->ix[d]);
    v = expr_or(n->c, expr_subst(n->c, as(n->c, t, v), &old, &to, 1), zero(n, t), v->pos);
  }
  const Tensor *own = define(n, ctx_printf(n->c, "%s_dot", from->name), t, x->ix, from->rank, v, tensor_known(from));
  return grouped(n, expr_read(n->c, (Tensor *)(uintptr_t)own, p, x->read->pos));
}

/* w as the sum has it: where its tensor copies another one, that. */
static Expr *w_source(const Narrow *n, Type t) {
  double less; Expr *copy = copied(&n->w, &less); bool same = copy && copy->type == t && less == 0;
  return same ? expr_subst(n->c, copy, n->w.ix, n->w.read->arg, n->w.read->n) : n->w.read;
}
/* w as a constant over its indices in the sum, the group's last. */
static Expr *w_read(Narrow *n, Type t) {
  Indices v = { 0 }, ix = { 0 }; Exprs at = { 0 }; Expr *r = w_source(n, t);
  for (int d = 0; d < r->n; d++) expr_indices(n->c, r->arg[d], &v);
  EACH(Index, i, v) if (i != n->k || n->group == 1) { PUSH(n->c, ix, i); PUSH(n->c, at, expr_index(n->c, i)); }
  if (n->group > 1) { PUSH(n->c, ix, n->to); PUSH(n->c, ix, n->q); PUSH(n->c, at, expr_index(n->c, n->to)); PUSH(n->c, at, expr_index(n->c, n->q)); }
  Expr *e = grouped(n, r); e = whole(n) && !n->w.alt ? e : expr_or(n->c, e, zero(n, e->type), e->pos);
  Index **own = NEWN(n->c, Index *, ix.n);
  for (int i = 0; i < ix.n; i++) own[i] = index_new(n->c, ix.at[i]->name, ix.at[i]->ext);
  e = expr_subst(n->c, e, ix.at, index_exprs(n->c, own, ix.n), ix.n);
  return expr_read(n->c, define(n, ctx_printf(n->c, "%s_dot", r->tensor->name), t, own, ix.n, e, true), at.at, r->pos);
}

/* off times the sums of w. */
static Expr *x_missing(Narrow *n, Type type) {
  Indices free = { 0 }; Expr *w = as(n->c, T_I32, w_source(n, type)); if (n->w.alt) w = expr_or(n->c, w, zero(n, T_I32), w->pos);
  for (int i = 0; i < n->s.nn; i++) PUSH(n->c, free, n->s.n[i]);
  for (int i = 0; i < n->s.nbatch; i++) PUSH(n->c, free, n->s.batch[i]);
  Index **own = NEWN(n->c, Index *, free.n + 1);
  for (int i = 0; i < free.n; i++) own[i] = index_new(n->c, free.at[i]->name, free.at[i]->ext);
  Expr *sum = expr_fresh(n->c, expr_reduce(n->c, RED_SUM, n->s.k, n->s.nk, w, NULL, w->pos));
  sum = expr_subst(n->c, sum, free.at, index_exprs(n->c, own, free.n), free.n);
  Tensor *t = define(n, ctx_printf(n->c, "%s_off", n->e->out->name), T_I32, own, free.n, sum, true);
  Expr *r = expr_read(n->c, t, index_exprs(n->c, free.at, free.n), n->e->pos); return expr_fn2(n->c, FN_MUL, expr_const(n->c, T_I32, 0, n->off), r);
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
  Type sum = type_is_float((Type)d->a) ? n->e->out->type : T_I32; Expr *w = as(n->c, sum, w_read(n, (Type)d->b)), *x = as(n->c, sum, x_read(n, (Type)d->a));
  if (n->x.alt) x = expr_or(n->c, x, expr_const(n->c, sum, 0, (int64_t)expr_number(n->x.alt) - n->off), x->pos);
  red = expr_reduce(n->c, RED_SUM, bound.at, bound.n, expr_fn2(n->c, FN_MUL, x, w), NULL, red->pos);
  init = init && less ? expr_fn2(n->c, FN_ADD, init, less) : less ? less : init;
  n->e->rhs = init ? expr_fn2(n->c, FN_ADD, init, red) : red;
}

/* Can the products be wider than what they are computed in? */
static bool may_wrap(const Narrow *n, const Expr *product) {
  double a = fmax(fabs(n->x.r.lo), fabs(n->x.r.hi)) * fmax(fabs(n->w.r.lo), fabs(n->w.r.hi)); return type_is_int(product->type) && a > type_highest(product->type);
}

static int narrow_eq(Ctx *c, Graph *g, const Target *t, Uses *uses, Eq *e) {
  Narrow n = { .c = c, .g = g, .uses = uses, .e = e, .s = shape_of(c, e), .group = 1 }; const Expr *red = eq_reduction(e, NULL), *b = red ? red->arg[0] : NULL;
  if (!n.s.contracts || !n.s.nn || e->constant || eq_by_hand(g, e) || eq_stream(e) || red->n > 1 || !expr_constant(n.s.w)) return 0;
  while (plain_convert(b)) b = b->arg[0];
  Side s[2] = { { 0 }, { 0 } };
  for (int k = 0; k < 2; k++) if (b->kind != E_FN || !side_of(&n, b->arg[k], &s[k])) return 0;
  bool first = s[0].read == n.s.x; n.x = s[!first]; n.w = s[first];
  if (tensor_known(n.x.read->tensor) || may_wrap(&n, b)) return 0;
  n.k = group_of(&n);
  for (int k = 0; k < NDOT; k++) {
    if (!(t->dots >> k & 1) || (dot_kinds[k].group > 1 && !n.k) || !kind_holds(&n, &dot_kinds[k])) continue;
    if (!move_allowed(c, "narrow", e->label)) { ledger_add(c, "narrow", e->out->name, false, 0, "refused by option"); return 0; }
    ledger_add(c, "narrow", e->out->name, true, 0, "products of %s by %s, %d at once", type_name((Type)dot_kinds[k].a), type_name((Type)dot_kinds[k].b),
               dot_kinds[k].group);
    rewrite(&n, &dot_kinds[k]); return 1;
  }
  return 0;
}

int pass_narrow(Ctx *c, Graph *g, const Target *t) {
  int n = 0; Uses uses = uses_find(c, g);
  EQS(e, g) if (t->dots) n += narrow_eq(c, g, t, &uses, e);
  if (n) dead_code(c, g);
  return n && !graph_sort(c, g) ? -1 : n;
}
