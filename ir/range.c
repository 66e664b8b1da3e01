/* The range of an expression: intervals of what is not linear, one row a function.
 *   (2 * i + k - 1) / 4, i < 8, k < 3:  -1 .. 3       clamp(ids[j], 0, 9): 0 .. 9       u8 x: 0 .. 255 */
#include "lin.h"
#include "scalar.h"
#include <math.h>

#define EXACT 0x1p53              /* beyond it a double no longer counts every integer */

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

static Range range_rem(Range a, Range b, bool floats) {
  double most = floats ? b.hi : b.hi - 1;
  return b.lo > 0 ? range_of(a.lo >= 0 ? 0 : fmax(a.lo, -most), a.hi <= 0 ? 0 : fmin(a.hi, most)) : anything;
}

static Range range_and(Range a, Range b) {
  if (a.lo >= 0) return range_of(0, b.lo >= 0 ? fmin(a.hi, b.hi) : a.hi);
  return b.lo >= 0 ? range_of(0, b.hi) : anything;
}

static Range range_shift(Fn f, Range a, Range b, bool floats) {
  if (b.lo != b.hi || b.lo < 0 || b.lo > 52) return anything;
  double d = ldexp(1, (int)b.lo);
  return f == FN_SHL ? range_mul(a, range_of(d, d)) : range_div(a, range_of(d, d), floats ? NULL : floor);
}

static Range range_fn(Fn f, Range a, Range b, bool floats) {
  switch (f) {
  case FN_ADD: return range_of(a.lo + b.lo, a.hi + b.hi);
  case FN_SUB: return range_of(a.lo - b.hi, a.hi - b.lo);
  case FN_NEG: return range_of(-a.hi, -a.lo);
  case FN_MUL: return range_mul(a, b);
  case FN_DIV: return range_div(a, b, floats ? NULL : floor);
  case FN_QUO: return range_div(a, b, trunc);
  case FN_MOD: return range_mod(a, b, floats);
  case FN_REM: return range_rem(a, b, floats);
  case FN_MIN: return range_of(fmin(a.lo, b.lo), fmin(a.hi, b.hi));
  case FN_MAX: return range_of(fmax(a.lo, b.lo), fmax(a.hi, b.hi));
  case FN_AND: return range_and(a, b);
  case FN_SHL: case FN_SHR: return range_shift(f, a, b, floats);
  case FN_FLOOR: return range_of(floor(a.lo), floor(a.hi));
  case FN_TRUNC: return range_of(trunc(a.lo), trunc(a.hi));
  case FN_ROUND: return range_of(nearbyint(a.lo), nearbyint(a.hi));
  default: return anything;       /* tests too: bools are 0..1 by their type */
  }
}

/* ---- what the type makes of it: integers that may wrap can be anything of their type; floats are rounded, in f32 or not at all */
static Range range_typed(Range r, Type t) {
  Range all = range_type(t);
  if (isnan(r.lo) || isnan(r.hi)) return all;
  if (type_is_float(t)) return range_union(r, range_of(value_round(r.lo, type_strong(t)), value_round(r.hi, type_strong(t))));
  return r.lo < all.lo || r.hi > all.hi ? all : r;
}

static Range range_call(Ctx *c, const Expr *e) {
  Range a = expr_range(c, e->arg[0]), b = e->n == 2 ? expr_range(c, e->arg[1]) : a;
  Type t = fn_promoted(e->fn, e->arg);
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
  double n = 1;
  bool some = e->n == 1;
  for (int k = 0; k < e->nbound; k++) {
    n *= (double)extent_max(e->bound[k]->ext);
    some &= extent_min(e->bound[k]->ext) > 0;
  }
  Range r = expr_range(c, e->arg[0]);
  if (red_is_place(e->red)) return range_of(0, fmax(n - 1, 0));
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
  case E_READ: return range_type(e->type);
  case E_FN: return range_call(c, e);
  case E_CONVERT: return range_convert(c, e);
  case E_SELECT: case E_OR: return range_typed(range_union(expr_range(c, e->arg[e->n - 2]), expr_range(c, e->arg[e->n - 1])), e->type);
  case E_REDUCE: return range_reduce(c, e);
  }
  return anything;
}

/* Equal terms cancel in the linear form: i - i is 0. A product of two terms is no linear form. */
static Range range_linear(Ctx *c, const Expr *e) {
  Lin a = lin_of(c, e);
  bool itself = a.n == 1 && a.at[0].atom == e;
  return a.over || itself ? range_node(c, e) : lin_range(c, &a);
}

Range expr_range(Ctx *c, const Expr *e) {
  ArenaMark m = ctx_mark(c);
  Range r = expr_is_linear(e) ? range_linear(c, e) : range_node(c, e);
  ctx_release(c, m);
  return isnan(r.lo) || isnan(r.hi) ? anything : r;
}
