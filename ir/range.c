/* The range of an expression: intervals of what is not linear, one row a function.
 *
 *   (2 * i + k - 1) / 4, i < 8, k < 3:  -1 .. 3       clamp(ids[j], 0, 9): 0 .. 9       u8 x: 0 .. 255
 */
#include "lin.h"
#include "scalar.h"
#include <math.h>

#define EXACT 0x1p53              /* beyond it a double no longer counts every integer */

static const Range anything = { -INFINITY, INFINITY };

static bool range_is_known(Range r) { return isfinite(r.lo) && isfinite(r.hi); }
static Range range_of(double a, double b) { return a < b ? (Range){ a, b } : (Range){ b, a }; }
static Range range_union(Range a, Range b) { return (Range){ fmin(a.lo, b.lo), fmax(a.hi, b.hi) }; }

static Range range_type(Type t) { return type_is_float(t) || t == T_NONE ? anything : (Range){ type_lowest(t), type_highest(t) }; }

/* ---- functions: the interval of the result from those of the arguments; `floats` says that it is a float function */
typedef Range RangeFn(Range a, Range b, bool floats);

static Range r_add(Range a, Range b, bool floats) { (void)floats; return (Range){ a.lo + b.lo, a.hi + b.hi }; }
static Range r_sub(Range a, Range b, bool floats) { (void)floats; return (Range){ a.lo - b.hi, a.hi - b.lo }; }
static Range r_neg(Range a, Range b, bool floats) { (void)b, (void)floats; return (Range){ -a.hi, -a.lo }; }
static Range r_min(Range a, Range b, bool floats) { (void)floats; return (Range){ fmin(a.lo, b.lo), fmin(a.hi, b.hi) }; }
static Range r_max(Range a, Range b, bool floats) { (void)floats; return (Range){ fmax(a.lo, b.lo), fmax(a.hi, b.hi) }; }
static Range r_bool(Range a, Range b, bool floats) { (void)a, (void)b, (void)floats; return (Range){ 0, 1 }; }

static Range r_mul(Range a, Range b, bool floats)
{
  (void)floats;
  if (!range_is_known(a) || !range_is_known(b)) {
    bool positive = a.lo >= 0 && b.lo >= 0;
    return positive ? (Range){ a.lo * b.lo, INFINITY } : anything;
  }
  return range_union(range_of(a.lo * b.lo, a.lo * b.hi), range_of(a.hi * b.lo, a.hi * b.hi));
}

/* By a positive number. */
static Range r_div(Range a, Range b, bool floats)
{
  if (b.lo != b.hi || !(b.lo > 0)) return anything;
  Range r = { a.lo / b.lo, a.hi / b.lo };
  return floats ? r : (Range){ floor(r.lo), floor(r.hi) };
}

static Range r_quo(Range a, Range b, bool floats)
{
  Range r = r_div(a, b, true);
  (void)floats;
  return (Range){ trunc(r.lo), trunc(r.hi) };
}

static Range r_mod(Range a, Range b, bool floats)
{
  if (!(b.lo > 0)) return anything;
  if (floats) return (Range){ 0, b.hi };
  double q = floor(a.lo / b.lo);
  if (b.lo == b.hi && fmax(-a.lo, a.hi) <= EXACT && q == floor(a.hi / b.lo)) return (Range){ a.lo - q * b.lo, a.hi - q * b.lo };
  return (Range){ 0, a.lo >= 0 ? fmin(a.hi, b.hi - 1) : b.hi - 1 };
}

static Range r_rem(Range a, Range b, bool floats)
{
  double most = floats ? b.hi : b.hi - 1;
  if (!(b.lo > 0)) return anything;
  return (Range){ a.lo >= 0 ? 0 : fmax(a.lo, -most), a.hi <= 0 ? 0 : fmin(a.hi, most) };
}

static Range r_and(Range a, Range b, bool floats)
{
  (void)floats;
  if (a.lo >= 0 && b.lo >= 0) return (Range){ 0, fmin(a.hi, b.hi) };
  if (a.lo >= 0) return (Range){ 0, a.hi };
  return b.lo >= 0 ? (Range){ 0, b.hi } : anything;
}

static Range r_shr(Range a, Range b, bool floats)
{
  if (b.lo != b.hi || b.lo < 0 || b.lo > 52) return anything;
  double d = ldexp(1, (int)b.lo);
  return r_div(a, (Range){ d, d }, floats);
}

static Range r_shl(Range a, Range b, bool floats)
{
  if (b.lo != b.hi || b.lo < 0 || b.lo > 52) return anything;
  double d = ldexp(1, (int)b.lo);
  return r_mul(a, (Range){ d, d }, floats);
}

static Range r_floor(Range a, Range b, bool floats) { (void)b, (void)floats; return (Range){ floor(a.lo), floor(a.hi) }; }
static Range r_trunc(Range a, Range b, bool floats) { (void)b, (void)floats; return (Range){ trunc(a.lo), trunc(a.hi) }; }
static Range r_round(Range a, Range b, bool floats) { (void)b, (void)floats; return (Range){ nearbyint(a.lo), nearbyint(a.hi) }; }

static RangeFn *const range_fn[FN_COUNT] = {
  [FN_ADD] = r_add, [FN_SUB] = r_sub, [FN_MUL] = r_mul, [FN_DIV] = r_div, [FN_MOD] = r_mod, [FN_AND] = r_and, [FN_SHL] = r_shl,
  [FN_SHR] = r_shr, [FN_NEG] = r_neg, [FN_MIN] = r_min, [FN_MAX] = r_max, [FN_QUO] = r_quo, [FN_REM] = r_rem, [FN_FLOOR] = r_floor,
  [FN_TRUNC] = r_trunc, [FN_ROUND] = r_round, [FN_EQ] = r_bool, [FN_NE] = r_bool, [FN_LT] = r_bool, [FN_LE] = r_bool, [FN_GT] = r_bool,
  [FN_GE] = r_bool, [FN_ISNAN] = r_bool,
};

/* ---- what the type makes of it: integers that may wrap can be anything of their type; floats are rounded, in f32 or not at all */
static Range range_typed(Range r, Type t)
{
  Range all = range_type(t);
  if (isnan(r.lo) || isnan(r.hi)) return all;
  if (type_is_float(t)) {
    Range f = { value_round(r.lo, type_strong(t)), value_round(r.hi, type_strong(t)) };
    return range_union(r, f);
  }
  return r.lo < all.lo || r.hi > all.hi ? all : r;
}

static bool range_is_exact(Range r) { return fmax(-r.lo, r.hi) <= EXACT; }

static Range range_call(Ctx *c, const Expr *e)
{
  Range a = expr_range(c, e->arg[0]), b = e->n == 2 ? expr_range(c, e->arg[1]) : a;
  Type t = e->n == 2 ? type_promote(e->arg[0]->type, e->arg[1]->type) : e->arg[0]->type;
  if (!range_fn[e->fn] || t == T_NONE) return range_type(e->type);
  Range r = range_fn[e->fn](range_typed(a, t), range_typed(b, t), type_is_float(t));
  bool picks = e->fn == FN_MIN || e->fn == FN_MAX;       /* one of the arguments: no arithmetic that could be inexact */
  if (type_is_int(e->type) && !picks && !range_is_exact(r)) return range_type(e->type);
  return range_typed(r, e->type);
}

/* A float that comes from data may be NaN whatever its range says: sat makes 0 of it, a plain conversion anything. */
static Range range_convert(Ctx *c, const Expr *e)
{
  Range r = expr_range(c, e->arg[0]), all = range_type(e->type);
  bool from_float = type_is_float(e->arg[0]->type), may_be_nan = from_float && expr_reads(e->arg[0], NULL);
  if (e->mode == CV_BITS || e->type == T_BOOL) return all;
  if (!type_is_int(e->type)) return range_typed(r, e->type);
  if (e->mode == CV_PLAIN) return may_be_nan ? all : range_typed(from_float ? r_trunc(r, r, true) : r, e->type);
  if (may_be_nan) r = range_union(r, (Range){ 0, 0 });
  return (Range){ fmax(all.lo, fmin(nearbyint(r.lo), all.hi)), fmin(all.hi, fmax(nearbyint(r.hi), all.lo)) };
}

static double bound_count(const Expr *e)
{
  double n = 1;
  for (int k = 0; k < e->nbound; k++) n *= (double)extent_max(e->bound[k]->ext);
  return n;
}

/* Where nothing may be admitted, the identity counts too: then nothing is known of max and min. */
static Range range_reduce(Ctx *c, const Expr *e)
{
  double n = bound_count(e);
  bool some = e->n == 1;
  for (int k = 0; k < e->nbound; k++) some &= extent_min(e->bound[k]->ext) > 0;
  Range r = expr_range(c, e->arg[0]);
  switch (e->red) {
  case RED_ARGMAX: case RED_ARGMIN: return (Range){ 0, fmax(n - 1, 0) };
  case RED_MAX: case RED_MIN: return some ? r : range_type(e->type);
  case RED_SUM: return type_is_float(e->type) ? anything : range_typed((Range){ fmin(0, n * r.lo), fmax(0, n * r.hi) }, e->type);
  default: return range_type(e->type);
  }
}

static Range range_node(Ctx *c, const Expr *e)
{
  switch (e->kind) {
  case E_CONST: return (Range){ expr_number(e), expr_number(e) };
  case E_INDEX: return e->index->is_dim ? (Range){ (double)e->index->lo, (double)e->index->hi }
                                        : (Range){ 0, fmax(0, (double)extent_max(e->index->ext) - 1) };
  case E_READ: return range_type(e->type);
  case E_FN: return range_call(c, e);
  case E_CONVERT: return range_convert(c, e);
  case E_SELECT: return range_typed(range_union(expr_range(c, e->arg[1]), expr_range(c, e->arg[2])), e->type);
  case E_OR: return range_typed(range_union(expr_range(c, e->arg[0]), expr_range(c, e->arg[1])), e->type);
  case E_REDUCE: return range_reduce(c, e);
  }
  return anything;
}

static bool is_linear_node(const Expr *e)
{
  return e->kind == E_FN && e->type == T_WINT && (e->fn == FN_ADD || e->fn == FN_SUB || e->fn == FN_MUL || e->fn == FN_NEG);
}

/* Equal terms cancel in the linear form: i - i is 0. A product of two terms is no linear form. */
static Range range_linear(Ctx *c, const Expr *e)
{
  Lin a = lin_of(c, (Expr *)e);
  bool itself = a.n == 1 && a.at[0].atom == e;
  return a.over || itself ? range_node(c, e) : lin_range(c, &a);
}

Range expr_range(Ctx *c, const Expr *e)
{
  ArenaMark m = ctx_mark(c);
  Range r = is_linear_node(e) ? range_linear(c, e) : range_node(c, e);
  ctx_release(c, m);
  return isnan(r.lo) || isnan(r.hi) ? anything : r;
}
