/* Linear maps: a reduction all of whose products have a factor that is known now, from an equation of numbers alone (a literal matrix).
 *   v[a] = sum(i < 4: m[a, i] * x[i]),  leaf v(i*, a*, c~)          rows { x0 - x2, x1 + x2, x2 - x1, x3 - x1 }
 * The points of an opening give a row of coefficients for each accumulator, by value: equal reads are one value, zeros and what is known to be
 * outside drop out (so 0 * inf is 0 here). The pair of values that most rows have in one proportion gets a name, until no two rows share one.
 * Rounding depends on which rows stand together, so not in streams. */
#include "lower.h"
#include "../ir/scalar.h"
#include <math.h>

enum { SEARCH_MOST = 256 };        /* coefficients of a map whose pairs are searched */

/* Is e's place in the matrix a number wherever the rest of the leaf goes? */
static bool is_placed(const LPt *p, const LRead *r, const LeafDim *dim, int n) {
  uint32_t uses = 0;
  for (int d = 0; d < r->t->t->rank; d++) { if (!r->place[d].aff) return false; uses |= r->place[d].uses; }
  for (int k = 0; k < p->e->n; k++) if (uses >> k & 1 && p->env[k].n) return false;
  for (int i = 0; i < n; i++) if (uses >> eq_index(p->e, dim[i].index) & 1 && dim[i].kind != LEAF_UNROLL) return false;
  return true;
}
void linear_open(Lower *L, const LPt *p, const LeafDim *dim, int n) {
  const LEq *e = p->e; const Expr *b = e->body; LOpen *o = L->open[e->id];
  if (e->kind != RED_SUM || !type_is_float(e->acc) || e->home || b->kind != E_FN || b->fn != FN_MUL || comp_type(b->type) != e->acc) return;
  for (int d = 0; d < L->g->ndim; d++) if (L->g->dim[d]->stream) return;
  for (int i = 0; i < n; i++) if (eq_index(e, dim[i].index) >= e->nfree && dim[i].kind != LEAF_UNROLL) return;
  for (int side = 0; side < 2 && !o->matrix; side++) {
    const LRead *r = b->arg[side]->kind == E_READ ? map_get(&L->reads, b->arg[side]) : NULL;
    if (r && tensor_is_literal(L->g, r->t->t) && is_placed(p, r, dim, n)) o->matrix = r, o->other = b->arg[!side];
  }
}

#define ROW(f, a) for (LFactor *f = (a)->row.at; f < (a)->row.at + (a)->row.n; f++)
static LFactor *factor_of(const LAcc *a, const KInst *v) { ROW(f, a) if (f->v == v) return f; return NULL; }
void linear_point(Lower *L, LPt *p, LAcc *a, KInst *mask) {
  const LOpen *o = L->open[p->e->id]; const Tensor *t = o->matrix->t->t; int64_t at = 0;
  for (int d = 0; d < t->rank; d++) at = at * extent_max(t->shape[d]) + form_aff(L, &o->matrix->place[d], p->env).c;
  double k = value_load(t->data, t->type, at).f;
  if (k == 0) return;
  KInst *v = gen_as(L, p, o->other, p->e->acc); int w = mask && mask->type.lanes > v->type.lanes ? mask->type.lanes : v->type.lanes;
  if (mask) v = l_select(L, all_lanes(L, mask, w), k_bcast(&L->b, v, w), k_const(&L->b, ktype(p->e->acc, w), 0, 0));
  LFactor *old = factor_of(a, v);
  if (old) old->k += k; else if (v->op != K_CONST || v->f != 0) PUSH(L->c, a->row, ((LFactor){ v, k }));
}
static KInst *combine(Lower *L, KInst *x, KInst *v, double k) {
  if (!x) return k == 1 ? v : l_fn(L, KF_MUL, v, l_num(L, v->type.elem, k, 0));
  return k == 1 ? l_fn(L, KF_ADD, x, v) : k == -1 ? l_fn(L, KF_SUB, x, v) : k_fn(&L->b, KF_FMA, v, l_num(L, v->type.elem, k, 0), x);
}
/* Does the row hold q times as much of y as of x? */
static bool has_pair(const LAcc *a, const KInst *x, const KInst *y, double q) {
  const LFactor *f = factor_of(a, x), *g = factor_of(a, y); return f && g && f->k != 0 && g->k / f->k == q;
}
/* Names the pair that most rows have, its smaller coefficient 1. False: none stands in two rows. */
static bool pair_share(Lower *L, LOpen *o) {
  int most = 1, n; LFactor f = { NULL, 0 }, g = f;
  for (LAcc *a = o->acc.at; a < o->acc.at + o->acc.n; a++)
    for (int i = 0; i < a->row.n; i++)
      for (int j = i + 1; j < a->row.n && a->row.at[i].k != 0; j++) {
        const LFactor x = a->row.at[i], y = a->row.at[j]; n = 0;
        for (int r = 0; r < o->acc.n && y.k != 0; r++) n += has_pair(&o->acc.at[r], x.v, y.v, y.k / x.k);
        if (n > most) most = n, f = x, g = y;
      }
  if (most < 2) return false;
  double q = g.k / f.k, one = fabs(q) >= 1 ? 1 : 1 / q; KInst *v = fabs(q) >= 1 ? combine(L, f.v, g.v, q) : combine(L, g.v, f.v, one);
  for (LAcc *a = o->acc.at; a < o->acc.at + o->acc.n; a++) {
    if (!has_pair(a, f.v, g.v, q)) continue;
    PUSH(L->c, a->row, ((LFactor){ v, factor_of(a, f.v)->k / one })); factor_of(a, f.v)->k = factor_of(a, g.v)->k = 0;
  }
  return true;
}

/* A row as a value: what has the coefficient 1 first, then -1, then products. */
void linear_close(Lower *L, LOpen *o) {
  int n = 0;
  for (int r = 0; r < o->acc.n; r++) n += o->acc.at[r].row.n;
  while (n <= SEARCH_MOST && pair_share(L, o)) {}
  for (LAcc *a = o->acc.at; a < o->acc.at + o->acc.n; a++) {
    KInst *x = o->e->init ? acc_first(L, o, a) : NULL;
    for (int pass = 0; pass < 3; pass++) ROW(f, a) if (f->k != 0 && (f->k == 1 ? 0 : f->k == -1 ? 1 : 2) == pass) x = combine(L, x, f->v, f->k);
    a->var = x ? k_bcast(&L->b, x, a->vec.w) : k_const(&L->b, ktype(o->e->acc, a->vec.w), 0, 0);
  }
}
