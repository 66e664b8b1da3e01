/* Linear forms: building, adding, printing back, and their least and greatest values.
 *
 *   lin_range(t - 1 - i) where i < t:     0 .. t - 1. A symbolic extent is kept while its index is put to its last place, so that
 *   i <= t - 1 is proven for every t.
 */
#include "lin.h"
#include <math.h>

#define EXACT 0x1p53              /* beyond it a double no longer counts every integer */

Lin lin_const(int64_t v) { return (Lin){ .c = v }; }

Lin lin_copy(Ctx *c, const Lin *a)
{
  Lin r = { .c = a->c, .over = a->over };
  for (int k = 0; k < a->n; k++) PUSH(c, r, a->at[k]);
  return r;
}

static uint64_t term_key(const Expr *e) { return e->kind == E_INDEX ? (uint64_t)(uint32_t)e->index->id : expr_hash(e) | (uint64_t)1 << 63; }

static bool same_atom(const Term *t, const Expr *e, uint64_t key)
{
  if (t->key != key) return false;
  return e->kind == E_INDEX && t->atom->kind == E_INDEX ? t->atom->index == e->index : expr_equal(t->atom, e);
}

void lin_drop(Lin *a, int k)
{
  a->n--;
  for (; k < a->n; k++) a->at[k] = a->at[k + 1];
}

static void lin_insert(Ctx *c, Lin *a, Term t)
{
  int at = a->n;
  PUSH(c, *a, t);
  for (; at > 0 && a->at[at - 1].key > t.key; at--) a->at[at] = a->at[at - 1];
  a->at[at] = t;
}

void lin_add_term(Ctx *c, Lin *a, Expr *atom, int64_t k)
{
  uint64_t key = term_key(atom);
  if (!k) return;
  for (int j = 0; j < a->n; j++) {
    if (!same_atom(&a->at[j], atom, key)) continue;
    a->over |= __builtin_add_overflow(a->at[j].k, k, &a->at[j].k);
    if (!a->at[j].k) lin_drop(a, j);
    return;
  }
  lin_insert(c, a, (Term){ atom, k, key });
}

static void lin_add_const(Lin *a, int64_t v, int64_t k)
{
  int64_t p;
  a->over |= __builtin_mul_overflow(v, k, &p);
  a->over |= __builtin_add_overflow(a->c, p, &a->c);
}

void lin_add(Ctx *c, Lin *a, const Lin *b, int64_t k)
{
  a->over |= b->over;
  lin_add_const(a, b->c, k);
  for (int j = 0; j < b->n; j++) {
    int64_t p;
    a->over |= __builtin_mul_overflow(b->at[j].k, k, &p);
    lin_add_term(c, a, b->at[j].atom, p);
  }
}

/* ---- from expressions */
static void lin_walk(Ctx *c, Lin *a, Expr *e, int64_t k);

static void lin_walk_product(Ctx *c, Lin *a, Expr *e, int64_t k)
{
  Lin x = lin_of(c, e->arg[0]), y = lin_of(c, e->arg[1]);
  int64_t p;
  if (x.over || y.over || (x.n && y.n)) { lin_add_term(c, a, e, k); return; }
  const Lin *form = x.n ? &x : &y, *number = x.n ? &y : &x;
  a->over |= __builtin_mul_overflow(number->c, k, &p);
  lin_add(c, a, form, p);
}

static void lin_walk_fn(Ctx *c, Lin *a, Expr *e, int64_t k)
{
  int64_t minus;
  bool over = __builtin_sub_overflow(0, k, &minus);
  if (e->fn == FN_ADD || e->fn == FN_SUB) {
    lin_walk(c, a, e->arg[0], k);
    lin_walk(c, a, e->arg[1], e->fn == FN_ADD ? k : minus);
    a->over |= over && e->fn == FN_SUB;
  } else if (e->fn == FN_NEG) {
    lin_walk(c, a, e->arg[0], minus);
    a->over |= over;
  } else if (e->fn == FN_MUL) {
    lin_walk_product(c, a, e, k);
  } else {
    lin_add_term(c, a, e, k);
  }
}

static void lin_walk(Ctx *c, Lin *a, Expr *e, int64_t k)
{
  if (e->kind == E_CONST && !type_is_float(e->type) && e->type != T_U64) lin_add_const(a, e->i, k);
  else if (e->kind == E_FN && e->type == T_WINT) lin_walk_fn(c, a, e, k);
  else lin_add_term(c, a, e, k);
}

Lin lin_of(Ctx *c, Expr *e)
{
  Lin a = { 0 };
  lin_walk(c, &a, e, 1);
  return a;
}

Lin lin_extent(Ctx *c, Extent e)
{
  Lin a = lin_const(e.n);
  if (e.dim) lin_add_term(c, &a, expr_index(c, e.dim), 1);
  return a;
}

bool lin_is_affine(const Lin *a)
{
  for (int k = 0; k < a->n; k++)
    if (a->at[k].atom->kind != E_INDEX) return false;
  return true;
}

/* ---- back to expressions: 2 * i + k - 1, 3 - i */
static Expr *term_expr(Ctx *c, const Term *t, int64_t k) { return expr_fn2(c, FN_MUL, expr_int(c, k), t->atom); }

static Expr *sum_add(Ctx *c, Expr *sum, Expr *e, bool minus)
{
  if (!sum) return minus ? expr_fn1(c, FN_NEG, e) : e;
  return expr_fn2(c, minus ? FN_SUB : FN_ADD, sum, e);
}

static Expr *sum_add_const(Ctx *c, Expr *sum, int64_t v)
{
  bool minus = v < 0 && v != INT64_MIN && sum;
  if (!v && sum) return sum;
  return sum_add(c, sum, expr_int(c, minus ? -v : v), minus);
}

/* The first term with a positive factor leads; without one the number does, if it is positive. */
Expr *lin_expr(Ctx *c, const Lin *a)
{
  int lead = 0;
  while (lead < a->n && a->at[lead].k < 0) lead++;
  Expr *sum = lead < a->n ? term_expr(c, &a->at[lead], a->at[lead].k) : NULL;
  bool number_first = !sum && a->c > 0;
  if (number_first) sum = expr_int(c, a->c);
  for (int k = 0; k < a->n; k++) {
    int64_t f = a->at[k].k;
    bool minus = f < 0 && f != INT64_MIN;
    if (k != lead) sum = sum_add(c, sum, term_expr(c, &a->at[k], minus ? -f : f), minus);
  }
  return number_first ? sum : sum_add_const(c, sum, a->c);
}

/* ---- ranges */

/* A sum of doubles that knows whether it is exact. */
typedef struct Sum { double v; bool lost; } Sum;

static void sum_to(Sum *s, double x)
{
  s->v += x;
  s->lost |= !(fabs(x) <= EXACT) || !(fabs(s->v) <= EXACT);
}

/* One end of a form's range: what is summed up so far, and factors of symbolic dimensions that wait until all are known. */
typedef struct End { Sum sum; Lin dims; } End;

/* Adds the least value of k * i: at 0, or at its last place dim + n - 1, whose dim waits. */
static void least_of_index(Ctx *c, End *end, const Index *i, int64_t k)
{
  if (i->is_dim) {
    lin_add_term(c, &end->dims, expr_index(c, (Index *)i), k);
  } else if (k < 0 && i->ext.dim) {
    sum_to(&end->sum, (double)k * ((double)i->ext.n - 1));
    lin_add_term(c, &end->dims, expr_index(c, i->ext.dim), k);
  } else if (k < 0 && i->ext.n > 1) {
    sum_to(&end->sum, (double)k * ((double)i->ext.n - 1));
  }
}

static double end_least(const End *end)
{
  Sum s = end->sum;
  for (int j = 0; j < end->dims.n; j++) {
    const Index *d = end->dims.at[j].atom->index;
    int64_t k = end->dims.at[j].k;
    sum_to(&s, (double)k * (double)(k > 0 ? d->lo : d->hi));
  }
  return s.lost || end->dims.over ? -INFINITY : s.v;
}

/* The least value of a and of -a. Ranges of terms are taken once: taken twice, nested forms would cost 2 ^ depth. */
static void lin_ends(Ctx *c, const Lin *a, End end[2])
{
  for (int j = 0; j < a->n; j++) {
    const Expr *e = a->at[j].atom;
    int64_t k = a->at[j].k;
    if (k == INT64_MIN) { end[0].sum.lost = end[1].sum.lost = true; return; }
    if (e->kind == E_INDEX) {
      least_of_index(c, &end[0], e->index, k);
      least_of_index(c, &end[1], e->index, -k);
      continue;
    }
    Range r = expr_range(c, e);
    sum_to(&end[0].sum, (double)k * (k > 0 ? r.lo : r.hi));
    sum_to(&end[1].sum, (double)-k * (k > 0 ? r.hi : r.lo));
  }
}

Range lin_range(Ctx *c, const Lin *a)
{
  ArenaMark m = ctx_mark(c);
  End end[2] = { 0 };
  sum_to(&end[0].sum, (double)a->c);
  sum_to(&end[1].sum, -(double)a->c);
  lin_ends(c, a, end);
  double lo = a->over ? -INFINITY : end_least(&end[0]), hi = a->over ? INFINITY : -end_least(&end[1]);
  ctx_release(c, m);
  return (Range){ lo, hi < lo ? lo : hi };
}

int64_t div_floor(int64_t a, int64_t m) { return a >= 0 ? a / m : -1 - (-1 - a) / m; }

int64_t gcd_of(int64_t a, int64_t b)
{
  uint64_t x = a < 0 ? 0 - (uint64_t)a : (uint64_t)a, y = b < 0 ? 0 - (uint64_t)b : (uint64_t)b;
  while (y) {
    uint64_t r = x % y;
    x = y;
    y = r;
  }
  return x > INT64_MAX ? 1 : (int64_t)x;
}
