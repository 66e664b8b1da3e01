/* Linear forms: building, adding, printing back; and ranges: of forms, and of what is not linear by intervals.
 *   lin_range(t - 1 - i) where i < t:     0 .. t - 1       a symbolic extent is kept while its index is put to its last place
 *   (2 * i + k - 1) / 4, i < 8, k < 3:  -1 .. 3       clamp(ids[j], 0, 9): 0 .. 9       u8 x: 0 .. 255 */
#include "lin.h"
#include "scalar.h"
#include <math.h>

#define EXACT 0x1p53              /* beyond it a double no longer counts every integer */

void lin_drop(Lin *a, int k) { for (a->n--; k < a->n; k++) a->at[k] = a->at[k + 1]; }
void lin_add_term(Ctx *c, Lin *a, Expr *atom, int64_t k) {
  uint64_t key = atom->kind == E_INDEX ? (uint64_t)(uint32_t)atom->index->id : atom->hash | (uint64_t)1 << 63; if (!k) return;
  for (int j = 0; j < a->n; j++) {
    if (a->at[j].key != key || !expr_equal(a->at[j].atom, atom)) continue;
    a->over |= __builtin_add_overflow(a->at[j].k, k, &a->at[j].k); if (!a->at[j].k) lin_drop(a, j); return;
  }
  Term t = { atom, k, key }; int at = a->n; PUSH(c, *a, t); for (; at > 0 && a->at[at - 1].key > key; at--) a->at[at] = a->at[at - 1]; a->at[at] = t;
}

static void lin_add_const(Lin *a, int64_t v, int64_t k) {
  int64_t p; a->over |= __builtin_mul_overflow(v, k, &p); a->over |= __builtin_add_overflow(a->c, p, &a->c);
}
void lin_add(Ctx *c, Lin *a, const Lin *b, int64_t k) {
  int64_t p; a->over |= b->over; lin_add_const(a, b->c, k);
  for (int j = 0; j < b->n; j++) { a->over |= __builtin_mul_overflow(b->at[j].k, k, &p); lin_add_term(c, a, b->at[j].atom, p); }
}
Lin lin_times(Ctx *c, int64_t n, Lin a, int64_t k) { Lin r = lin_const(n); lin_add(c, &r, &a, k); return r; }
Lin lin_minus(Ctx *c, Lin a, Lin b) { Lin r = lin_copy(c, &a); lin_add(c, &r, &b, -1); return r; }
Lin lin_copy(Ctx *c, const Lin *a) { return lin_times(c, 0, *a, 1); }

/* ---- from expressions */
bool expr_is_linear(const Expr *e) {
  return e->kind == E_FN && e->type == T_WINT && (e->fn == FN_ADD || e->fn == FN_SUB || e->fn == FN_MUL || e->fn == FN_NEG);
}
static void lin_walk_product(Ctx *c, Lin *a, Expr *e, int64_t k) {
  Lin x = lin_of(c, e->arg[0]), y = lin_of(c, e->arg[1]); int64_t p; if (x.over || y.over || (x.n && y.n)) { lin_add_term(c, a, e, k); return; }
  a->over |= __builtin_mul_overflow(x.n ? y.c : x.c, k, &p); lin_add(c, a, x.n ? &x : &y, p);
}
static void lin_walk(Ctx *c, Lin *a, Expr *e, int64_t k) {
  if (e->kind == E_CONST && !type_is_float(e->type) && e->type != T_U64) { lin_add_const(a, e->i, k); return; }
  if (!expr_is_linear(e)) { lin_add_term(c, a, e, k); return; }
  if (e->fn == FN_MUL) { lin_walk_product(c, a, e, k); return; }
  int64_t last = k; if (e->fn != FN_ADD) a->over |= __builtin_sub_overflow(0, k, &last); if (e->n == 2) lin_walk(c, a, e->arg[0], k);
  lin_walk(c, a, e->arg[e->n - 1], last);
}
Lin lin_of(Ctx *c, const Expr *e) { Lin a = { 0 }; lin_walk(c, &a, (Expr *)(uintptr_t)e, 1); return a; }
Lin lin_extent(Ctx *c, Extent e) { Lin a = lin_const(e.n); if (e.dim) lin_add_term(c, &a, expr_index(c, e.dim), 1); return a; }
bool lin_is_affine(Lin a) { for (int k = 0; k < a.n; k++) if (a.at[k].atom->kind != E_INDEX) return false; return true; }

/* ---- back to expressions: 2 * i + k - 1, 3 - i */
static Expr *sum_add(Ctx *c, Expr *sum, Expr *e, bool minus) {
  if (!sum) return minus ? expr_fn1(c, FN_NEG, e) : e;
  return expr_fn2(c, minus ? FN_SUB : FN_ADD, sum, e);
}

/* The first term with a positive factor leads; without one the number does, if it is positive. */
Expr *lin_expr(Ctx *c, Lin a) {
  int lead = 0; while (lead < a.n && a.at[lead].k < 0) lead++;
  bool number_first = lead == a.n && a.c > 0; Expr *sum = number_first ? expr_int(c, a.c) : NULL;
  for (int j = lead < a.n ? -1 : 0; j < a.n; j++) {
    const Term *t = &a.at[j < 0 ? lead : j]; bool minus = t->k < 0 && t->k != INT64_MIN;
    if (j != lead) sum = sum_add(c, sum, expr_fn2(c, FN_MUL, expr_int(c, minus ? -t->k : t->k), t->atom), minus);
  }
  if (number_first || (sum && !a.c)) return sum;
  bool minus = sum && a.c < 0 && a.c != INT64_MIN; return sum_add(c, sum, expr_int(c, minus ? -a.c : a.c), minus);
}

/* ---- ranges */
/* One end of a form's range: a sum of doubles that knows whether it is exact, and factors of symbolic dimensions that wait until all are known. */
typedef struct End { double v; bool lost; Lin dims; } End;

static void end_add(End *s, double x) { s->v += x; s->lost |= !(fabs(x) <= EXACT) || !(fabs(s->v) <= EXACT); }

/* Adds the least value of k * i: at 0, or at its last place dim + n - 1, whose dim waits. */
static void least_of_index(Ctx *c, End *end, Index *i, int64_t k) {
  if (i->is_dim) { lin_add_term(c, &end->dims, expr_index(c, i), k); return; }
  if (k > 0 || (!i->ext.dim && i->ext.n <= 1)) return;
  end_add(end, (double)k * ((double)i->ext.n - 1)); if (i->ext.dim) lin_add_term(c, &end->dims, expr_index(c, i->ext.dim), k);
}

static double end_least(End s) {
  for (int j = 0; j < s.dims.n; j++) {
    const Index *d = s.dims.at[j].atom->index; int64_t k = s.dims.at[j].k; end_add(&s, (double)k * (double)(k > 0 ? d->lo : d->hi));
  }
  return s.lost || s.dims.over ? -INFINITY : s.v;
}

/* The least value of a and of -a. Ranges of terms are taken once: taken twice, nested forms would cost 2 ^ depth. */
static void lin_ends(Ctx *c, Lin a, End end[2]) {
  for (int j = 0; j < a.n; j++) {
    const Expr *e = a.at[j].atom; int64_t k[2] = { a.at[j].k };
    if (__builtin_sub_overflow(0, k[0], &k[1])) { end[0].lost = end[1].lost = true; return; }
    Range r = e->kind == E_INDEX ? (Range){ 0, 0 } : expr_range(c, e);
    for (int s = 0; s < 2; s++)
      if (e->kind == E_INDEX) least_of_index(c, &end[s], e->index, k[s]);
      else end_add(&end[s], (double)k[s] * (k[s] > 0 ? r.lo : r.hi));
  }
}
Range lin_range(Ctx *c, Lin a) {
  End end[2] = { 0 }; end_add(&end[0], (double)a.c); end_add(&end[1], -(double)a.c); lin_ends(c, a, end);
  double lo = a.over ? -INFINITY : end_least(end[0]), hi = a.over ? INFINITY : -end_least(end[1]); return (Range){ lo, hi < lo ? lo : hi };
}
int64_t div_floor(int64_t a, int64_t m) { return a >= 0 ? a / m : -1 - (-1 - a) / m; }
int64_t gcd_of(int64_t a, int64_t b) {
  uint64_t x = a < 0 ? 0 - (uint64_t)a : (uint64_t)a, y = b < 0 ? 0 - (uint64_t)b : (uint64_t)b; for (uint64_t r; y; x = y, y = r) r = x % y;
  return x > INT64_MAX ? 1 : (int64_t)x;
}

/* ---- ranges of expressions */
static const Range anything = { -INFINITY, INFINITY };

static Range range_of(double lo, double hi) { return (Range){ lo, hi }; }
static Range range_union(Range a, Range b) { return range_of(fmin(a.lo, b.lo), fmax(a.hi, b.hi)); }
static Range range_type(Type t) { return type_is_float(t) || t == T_NONE ? anything : range_of(type_lowest(t), type_highest(t)); }

/* ---- functions: the interval of the result from those of the arguments; `floats` says that it is a float function */
static Range range_mul(Range a, Range b) {
  bool known = isfinite(a.lo) && isfinite(a.hi) && isfinite(b.lo) && isfinite(b.hi);
  double ll = a.lo * b.lo, lh = a.lo * b.hi, hl = a.hi * b.lo, hh = a.hi * b.hi;
  if (known) return range_of(fmin(fmin(ll, lh), fmin(hl, hh)), fmax(fmax(ll, lh), fmax(hl, hh)));
  return a.lo >= 0 && b.lo >= 0 ? range_of(ll, INFINITY) : anything;
}

/* By a positive number. */
static Range range_div(Range a, Range b, double rounded(double)) {
  if (b.lo != b.hi || !(b.lo > 0)) return anything;
  return rounded ? range_of(rounded(a.lo / b.lo), rounded(a.hi / b.lo)) : range_of(a.lo / b.lo, a.hi / b.lo);
}

static Range range_mod(Range a, Range b, bool floats) {
  if (!(b.lo > 0)) return anything;
  if (floats) return range_of(0, b.hi);
  double q = floor(a.lo / b.lo);
  if (b.lo == b.hi && fmax(-a.lo, a.hi) <= EXACT && q == floor(a.hi / b.lo)) return range_of(a.lo - q * b.lo, a.hi - q * b.lo);
  return range_of(0, a.lo >= 0 ? fmin(a.hi, b.hi - 1) : b.hi - 1);
}

static Range range_and(Range a, Range b) {
  if (a.lo >= 0) return range_of(0, b.lo >= 0 ? fmin(a.hi, b.hi) : a.hi);
  return b.lo >= 0 ? range_of(0, b.hi) : anything;
}
static Range range_fn(Fn f, Range a, Range b, bool floats) {
  switch (f) {
  case FN_ADD: return range_of(a.lo + b.lo, a.hi + b.hi);               case FN_SUB: return range_of(a.lo - b.hi, a.hi - b.lo);
  case FN_NEG: return range_of(-a.hi, -a.lo);                           case FN_MUL: return range_mul(a, b);
  case FN_DIV: return range_div(a, b, floats ? NULL : floor);           case FN_QUO: return range_div(a, b, trunc);
  case FN_MOD: return range_mod(a, b, floats);                          case FN_AND: return range_and(a, b);
  case FN_MIN: return range_of(fmin(a.lo, b.lo), fmin(a.hi, b.hi));     case FN_MAX: return range_of(fmax(a.lo, b.lo), fmax(a.hi, b.hi));
  case FN_FLOOR: return range_of(floor(a.lo), floor(a.hi));             case FN_TRUNC: return range_of(trunc(a.lo), trunc(a.hi));
  case FN_ROUND: return range_of(nearbyint(a.lo), nearbyint(a.hi));
  default: return anything;       /* tests too: bools are 0..1 by their type */
  }
}

/* ---- what the type makes of it: integers that may wrap can be anything of their type; floats are rounded, in f32 or not at all */
static Range range_typed(Range r, Type t) {
  Range all = range_type(t); if (isnan(r.lo) || isnan(r.hi)) return all;
  if (type_is_float(t)) return range_union(r, range_of(value_round(r.lo, type_strong(t)), value_round(r.hi, type_strong(t))));
  return r.lo < all.lo || r.hi > all.hi ? all : r;
}

static Range range_call(Ctx *c, const Expr *e) {
  Range a = expr_range(c, e->arg[0]), b = e->n == 2 ? expr_range(c, e->arg[1]) : a; Type t = fn_promoted(e->fn, e->arg);
  if (t == T_NONE) return range_type(e->type);
  Range r = range_fn(e->fn, range_typed(a, t), range_typed(b, t), type_is_float(t));
  bool picks = e->fn == FN_MIN || e->fn == FN_MAX;       /* one of the arguments: no arithmetic that could be inexact */
  if (type_is_int(e->type) && !picks && !(fmax(-r.lo, r.hi) <= EXACT)) return range_type(e->type);
  return range_typed(r, e->type);
}

/* A float that comes from data may be NaN whatever its range says: sat makes 0 of it, a plain conversion anything. */
static Range range_convert(Ctx *c, const Expr *e) {
  Range r = expr_range(c, e->arg[0]), all = range_type(e->type);
  bool from_float = type_is_float(e->arg[0]->type), may_be_nan = from_float && expr_reads(e->arg[0], NULL);
  if (e->mode == CV_BITS || e->type == T_BOOL) return all;
  if (!type_is_int(e->type)) return range_typed(r, e->type);
  if (e->mode == CV_PLAIN) return may_be_nan ? all : range_typed(from_float ? range_of(trunc(r.lo), trunc(r.hi)) : r, e->type);
  if (may_be_nan) r = range_union(r, range_of(0, 0));
  return range_of(fmax(all.lo, fmin(nearbyint(r.lo), all.hi)), fmin(all.hi, fmax(nearbyint(r.hi), all.lo)));
}

/* Where nothing may be admitted, the identity counts too: then nothing is known of max and min. */
static Range range_reduce(Ctx *c, const Expr *e) {
  double n = 1; bool some = e->n == 1;
  for (int k = 0; k < e->nbound; k++) n *= (double)extent_max(e->bound[k]->ext), some &= extent_min(e->bound[k]->ext) > 0;
  Range r = expr_range(c, e->arg[0]); if (red_is_place(e->red)) return range_of(0, fmax(n - 1, 0));
  if ((e->red == RED_MAX || e->red == RED_MIN) && some) return r;
  if (e->red == RED_SUM && !type_is_float(e->type)) return range_typed(range_of(fmin(0, n * r.lo), fmax(0, n * r.hi)), e->type);
  return range_type(e->type);
}
static Range range_node(Ctx *c, const Expr *e) {
  switch (e->kind) {
  case E_CONST: return range_of(expr_number(e), expr_number(e));
  case E_INDEX:
    if (e->index->is_dim) return range_of((double)e->index->lo, (double)e->index->hi);
    return range_of(0, fmax(0, (double)extent_max(e->index->ext) - 1));
  case E_READ: return range_type(e->type);     case E_FN: return range_call(c, e);
  case E_CONVERT: return range_convert(c, e);
  case E_SELECT: case E_OR: return range_typed(range_union(expr_range(c, e->arg[e->n - 2]), expr_range(c, e->arg[e->n - 1])), e->type);
  default: return range_reduce(c, e);
  }
}

/* Equal terms cancel in the linear form: i - i is 0. A product of two terms is no linear form. */
Range expr_range(Ctx *c, const Expr *e) {
  Lin a = expr_is_linear(e) ? lin_of(c, e) : (Lin){ .over = true };
  Range r = a.over || (a.n == 1 && a.at[0].atom == e) ? range_node(c, e) : lin_range(c, a); return isnan(r.lo) || isnan(r.hi) ? anything : r;
}
