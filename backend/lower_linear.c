/* Linear maps: a reduction all of whose products have a factor that is known now, from an equation of numbers alone (a literal matrix).
 *
 *   v[a] = sum(i < 4: m[a, i] * x[i]),  leaf v(i*, a*, c~)          rows { x0 - x2, x1 + x2, x2 - x1, x3 - x1 }
 *
 * The points of an opening give a row of coefficients for each accumulator, by value: equal reads are one value, zeros and what is known to be
 * outside drop out (so 0 * inf is 0 here). The pair of values that most rows have in one proportion gets a name, until no two rows share one.
 * Rounding depends on which rows stand together, so not in streams. */
#include "lower.h"
#include "../ir/scalar.h"
#include <math.h>

enum { VALUES_MOST = 64 };         /* of a map whose pairs are searched */

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

static void row_add(Lower *L, LAcc *a, KInst *v, double k) {
  for (int i = 0; i < a->row.n; i++) if (a->row.at[i].v == v) { a->row.at[i].k += k; return; }
  PUSH(L->c, a->row, ((LFactor){ v, k }));
}

void linear_point(Lower *L, LPt *p, LAcc *a, KInst *mask) {
  const LOpen *o = L->open[p->e->id]; const Tensor *t = o->matrix->t->t; int64_t at = 0;
  for (int d = 0; d < t->rank; d++) at = at * extent_max(t->shape[d]) + form_aff(L, &o->matrix->place[d], p->env).c;
  double k = value_load(t->data, t->type, at).f;
  if (k == 0) return;
  KInst *v = gen_as(L, p, o->other, p->e->acc); int w = v->type.lanes;
  if (mask && mask->type.lanes > w) w = mask->type.lanes;
  if (mask) v = l_select(L, all_lanes(L, mask, w), k_bcast(&L->b, v, w), k_const(&L->b, ktype(p->e->acc, w), 0, 0));
  if (v->op != K_CONST || v->f != 0) row_add(L, a, v, k);
}

/* ---- common pairs: dense rows of coefficients over the values */
typedef struct Map2 { Lower *L; KInst *value[2 * VALUES_MOST]; double *row; int nrow, n; } Map2;
static double *at(const Map2 *m, int row, int v) { return &m->row[row * 2 * VALUES_MOST + v]; }

static KInst *combine(Lower *L, KInst *x, KInst *v, double k) {
  if (!x) return k == 1 ? v : l_fn(L, KF_MUL, v, l_num(L, v->type.elem, k, 0));
  return k == 1 ? l_fn(L, KF_ADD, x, v) : k == -1 ? l_fn(L, KF_SUB, x, v) : k_fn(&L->b, KF_FMA, v, l_num(L, v->type.elem, k, 0), x);
}

/* How many rows hold a and b in the proportion that `row` has. */
static int pair_rows(const Map2 *m, int row, int a, int b) {
  double q = *at(m, row, b) / *at(m, row, a); int n = 0;
  for (int r = 0; r < m->nrow; r++) n += *at(m, r, a) != 0 && *at(m, r, b) / *at(m, r, a) == q;
  return n;
}

/* Names the best pair, with the smaller coefficient 1. False: no pair stands in two rows. */
static bool pair_share(Map2 *m) {
  int best = 1, row = 0, a = 0, b = 0;
  for (int r = 0; r < m->nrow; r++)
    for (int i = 0; i < m->n; i++)
      for (int j = i + 1; j < m->n && *at(m, r, i) != 0; j++) {
        int n = *at(m, r, j) != 0 ? pair_rows(m, r, i, j) : 0;
        if (n > best) best = n, row = r, a = i, b = j;
      }
  if (best < 2 || m->n == 2 * VALUES_MOST) return false;
  double q = *at(m, row, b) / *at(m, row, a), fa = fabs(q) >= 1 ? 1 : 1 / q, fb = fabs(q) >= 1 ? q : 1;
  KInst *v = fa == 1 ? combine(m->L, m->value[a], m->value[b], fb) : combine(m->L, m->value[b], m->value[a], fa);
  for (int r = 0; r < m->nrow; r++) {
    double *x = at(m, r, a), *y = at(m, r, b);
    if (*x == 0 || *y / *x != q) continue;
    *at(m, r, m->n) = *x / fa; *x = *y = 0;
  }
  m->value[m->n++] = v; return true;
}

/* The row as a value: what has the coefficient 1 first, then sums and differences, then products. */
static KInst *row_value(const Map2 *m, int r, KInst *x) {
  for (int pass = 0; pass < 3; pass++)
    for (int i = 0; i < m->n; i++) {
      double k = *at(m, r, i);
      if (k != 0 && (k == 1 ? 0 : k == -1 ? 1 + !x : 2) == pass) x = combine(m->L, x, m->value[i], k), *at(m, r, i) = 0;
    }
  for (int i = 0; i < m->n; i++) if (*at(m, r, i) != 0) x = combine(m->L, x, m->value[i], *at(m, r, i));
  return x;
}

/* A map of many values has no common pairs worth the search. */
static KInst *row_plain(Lower *L, const LAcc *a, KInst *x) {
  for (int i = 0; i < a->row.n; i++) x = combine(L, x, a->row.at[i].v, a->row.at[i].k);
  return x;
}

void linear_close(Lower *L, LOpen *o) {
  Map2 m = { .L = L, .nrow = o->acc.n, .row = NEWN(L->c, double, (o->acc.n + 1) * 2 * VALUES_MOST) }; bool small = o->acc.n <= VALUES_MOST;
  for (int r = 0; r < o->acc.n && small; r++)
    for (int i = 0, j; i < o->acc.at[r].row.n && small; i++) {
      for (j = 0; j < m.n && m.value[j] != o->acc.at[r].row.at[i].v; j++) {}
      if ((small = j < VALUES_MOST)) m.value[j] = o->acc.at[r].row.at[i].v, m.n += j == m.n, *at(&m, r, j) = o->acc.at[r].row.at[i].k;
    }
  while (small && pair_share(&m)) {}
  for (int r = 0; r < o->acc.n; r++) {
    LAcc *a = &o->acc.at[r]; KInst *x = o->e->init ? acc_first(L, o, a) : NULL; x = small ? row_value(&m, r, x) : row_plain(L, a, x);
    a->var = x ? k_bcast(&L->b, x, a->vec.w) : k_const(&L->b, ktype(o->e->acc, a->vec.w), 0, 0);
  }
}
