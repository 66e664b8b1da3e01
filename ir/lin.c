/* Linear forms: building, adding, printing back, and their least and greatest values.
 *   lin_range(t - 1 - i) where i < t:     0 .. t - 1. A symbolic extent is kept while its index is put to its last place, so that
 *   i <= t - 1 is proven for every t. */
#include "lin.h"
#include <math.h>

#define EXACT 0x1p53              /* beyond it a double no longer counts every integer */

static bool same_atom(const Term *t, const Expr *e, uint64_t key) {
  if (t->key != key) return false;
  return e->kind == E_INDEX && t->atom->kind == E_INDEX ? t->atom->index == e->index : expr_equal(t->atom, e);
}

void lin_drop(Lin *a, int k) {
  for (a->n--; k < a->n; k++) a->at[k] = a->at[k + 1];
}

void lin_add_term(Ctx *c, Lin *a, Expr *atom, int64_t k) {
  uint64_t key = atom->kind == E_INDEX ? (uint64_t)(uint32_t)atom->index->id : atom->hash | (uint64_t)1 << 63;
  if (!k) return;
  for (int j = 0; j < a->n; j++) {
    if (!same_atom(&a->at[j], atom, key)) continue;
    a->over |= __builtin_add_overflow(a->at[j].k, k, &a->at[j].k);
    if (!a->at[j].k) lin_drop(a, j);
    return;
  }
  Term t = { atom, k, key };
  int at = a->n;
  PUSH(c, *a, t);
  for (; at > 0 && a->at[at - 1].key > key; at--) a->at[at] = a->at[at - 1];
  a->at[at] = t;
}

static void lin_add_const(Lin *a, int64_t v, int64_t k) {
  int64_t p;
  a->over |= __builtin_mul_overflow(v, k, &p);
  a->over |= __builtin_add_overflow(a->c, p, &a->c);
}

void lin_add(Ctx *c, Lin *a, const Lin *b, int64_t k) {
  a->over |= b->over;
  lin_add_const(a, b->c, k);
  for (int j = 0; j < b->n; j++) {
    int64_t p;
    a->over |= __builtin_mul_overflow(b->at[j].k, k, &p);
    lin_add_term(c, a, b->at[j].atom, p);
  }
}

Lin lin_plus(Ctx *c, int64_t n, const Lin *a, int64_t k, const Lin *b, int64_t m) {
  Lin r = lin_const(n);
  lin_add(c, &r, a, k);
  if (b) lin_add(c, &r, b, m);
  return r;
}

Lin lin_copy(Ctx *c, const Lin *a) { return lin_plus(c, 0, a, 1, NULL, 0); }

/* ---- from expressions */
bool expr_is_linear(const Expr *e) {
  return e->kind == E_FN && e->type == T_WINT && (e->fn == FN_ADD || e->fn == FN_SUB || e->fn == FN_MUL || e->fn == FN_NEG);
}

static void lin_walk(Ctx *c, Lin *a, Expr *e, int64_t k);

static void lin_walk_product(Ctx *c, Lin *a, Expr *e, int64_t k) {
  Lin x = lin_of(c, e->arg[0]), y = lin_of(c, e->arg[1]);
  int64_t p;
  if (x.over || y.over || (x.n && y.n)) { lin_add_term(c, a, e, k); return; }
  a->over |= __builtin_mul_overflow(x.n ? y.c : x.c, k, &p);
  lin_add(c, a, x.n ? &x : &y, p);
}

static void lin_walk(Ctx *c, Lin *a, Expr *e, int64_t k) {
  if (e->kind == E_CONST && !type_is_float(e->type) && e->type != T_U64) { lin_add_const(a, e->i, k); return; }
  if (!expr_is_linear(e)) { lin_add_term(c, a, e, k); return; }
  if (e->fn == FN_MUL) { lin_walk_product(c, a, e, k); return; }
  int64_t last = k;
  if (e->fn != FN_ADD) a->over |= __builtin_sub_overflow(0, k, &last);
  if (e->n == 2) lin_walk(c, a, e->arg[0], k);
  lin_walk(c, a, e->arg[e->n - 1], last);
}

Lin lin_of(Ctx *c, const Expr *e) {
  Lin a = { 0 };
  lin_walk(c, &a, (Expr *)(uintptr_t)e, 1);
  return a;
}

Lin lin_extent(Ctx *c, Extent e) {
  Lin a = lin_const(e.n);
  if (e.dim) lin_add_term(c, &a, expr_index(c, e.dim), 1);
  return a;
}

bool lin_is_affine(const Lin *a) {
  for (int k = 0; k < a->n; k++)
    if (a->at[k].atom->kind != E_INDEX) return false;
  return true;
}

/* ---- back to expressions: 2 * i + k - 1, 3 - i */
static Expr *sum_add(Ctx *c, Expr *sum, Expr *e, bool minus) {
  if (!sum) return minus ? expr_fn1(c, FN_NEG, e) : e;
  return expr_fn2(c, minus ? FN_SUB : FN_ADD, sum, e);
}

/* The first term with a positive factor leads; without one the number does, if it is positive. */
Expr *lin_expr(Ctx *c, const Lin *a) {
  int lead = 0;
  while (lead < a->n && a->at[lead].k < 0) lead++;
  bool number_first = lead == a->n && a->c > 0;
  Expr *sum = number_first ? expr_int(c, a->c) : NULL;
  for (int j = lead < a->n ? -1 : 0; j < a->n; j++) {
    const Term *t = &a->at[j < 0 ? lead : j];
    bool minus = t->k < 0 && t->k != INT64_MIN;
    if (j != lead) sum = sum_add(c, sum, expr_fn2(c, FN_MUL, expr_int(c, minus ? -t->k : t->k), t->atom), minus);
  }
  if (number_first || (sum && !a->c)) return sum;
  bool minus = sum && a->c < 0 && a->c != INT64_MIN;
  return sum_add(c, sum, expr_int(c, minus ? -a->c : a->c), minus);
}

/* ---- ranges */
/* One end of a form's range: a sum of doubles that knows whether it is exact, and factors of symbolic dimensions that wait until all are known. */
typedef struct End { double v; bool lost; Lin dims; } End;

static void end_add(End *s, double x) { s->v += x; s->lost |= !(fabs(x) <= EXACT) || !(fabs(s->v) <= EXACT); }

/* Adds the least value of k * i: at 0, or at its last place dim + n - 1, whose dim waits. */
static void least_of_index(Ctx *c, End *end, Index *i, int64_t k) {
  if (i->is_dim) { lin_add_term(c, &end->dims, expr_index(c, i), k); return; }
  if (k > 0 || (!i->ext.dim && i->ext.n <= 1)) return;
  end_add(end, (double)k * ((double)i->ext.n - 1));
  if (i->ext.dim) lin_add_term(c, &end->dims, expr_index(c, i->ext.dim), k);
}

static double end_least(End s) {
  for (int j = 0; j < s.dims.n; j++) {
    const Index *d = s.dims.at[j].atom->index;
    int64_t k = s.dims.at[j].k;
    end_add(&s, (double)k * (double)(k > 0 ? d->lo : d->hi));
  }
  return s.lost || s.dims.over ? -INFINITY : s.v;
}

/* The least value of a and of -a. Ranges of terms are taken once: taken twice, nested forms would cost 2 ^ depth. */
static void lin_ends(Ctx *c, const Lin *a, End end[2]) {
  for (int j = 0; j < a->n; j++) {
    const Expr *e = a->at[j].atom;
    int64_t k[2] = { a->at[j].k };
    if (__builtin_sub_overflow(0, k[0], &k[1])) { end[0].lost = end[1].lost = true; return; }
    Range r = e->kind == E_INDEX ? (Range){ 0, 0 } : expr_range(c, e);
    for (int s = 0; s < 2; s++) {
      if (e->kind == E_INDEX) least_of_index(c, &end[s], e->index, k[s]);
      else end_add(&end[s], (double)k[s] * (k[s] > 0 ? r.lo : r.hi));
    }
  }
}

Range lin_range(Ctx *c, const Lin *a) {
  ArenaMark m = ctx_mark(c);
  End end[2] = { 0 };
  end_add(&end[0], (double)a->c);
  end_add(&end[1], -(double)a->c);
  lin_ends(c, a, end);
  double lo = a->over ? -INFINITY : end_least(end[0]), hi = a->over ? INFINITY : -end_least(end[1]);
  ctx_release(c, m);
  return (Range){ lo, hi < lo ? lo : hi };
}

int64_t div_floor(int64_t a, int64_t m) { return a >= 0 ? a / m : -1 - (-1 - a) / m; }

int64_t gcd_of(int64_t a, int64_t b) {
  uint64_t x = a < 0 ? 0 - (uint64_t)a : (uint64_t)a, y = b < 0 ? 0 - (uint64_t)b : (uint64_t)b;
  while (y) {
    uint64_t r = x % y;
    x = y; y = r;
  }
  return x > INT64_MAX ? 1 : (int64_t)x;
}
