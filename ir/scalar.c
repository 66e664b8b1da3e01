/* Scalar arithmetic: one row a function for doubles, one for 64-bit integers; integers are wrapped to their type afterwards.
 *
 *   fn_eval_i(FN_ADD, 200, 100, T_U8) = 44      fn_eval_i(FN_DIV, -7, 2, T_I32) = -4      fn_eval_i(FN_SHL, 1, 8, T_U8) = 0
 */
#include "scalar.h"
#include <float.h>
#include <math.h>
#include <string.h>

/* ---- doubles */
typedef double FloatFn(double a, double b);
#define FLOAT(name, value) static double name(double a, double b) { (void)b; return value; }
FLOAT(f_add, a + b)
FLOAT(f_sub, a - b)
FLOAT(f_mul, a * b)
FLOAT(f_div, a / b)
FLOAT(f_mod, a - floor(a / b) * b)
FLOAT(f_neg, -a)
FLOAT(f_quo, trunc(a / b))
FLOAT(f_min, b < a ? b : a)
FLOAT(f_max, b > a ? b : a)
FLOAT(f_exp, exp(a))
FLOAT(f_expm1, expm1(a))
FLOAT(f_log, log(a))
FLOAT(f_log1p, log1p(a))
FLOAT(f_sqrt, sqrt(a))
FLOAT(f_sin, sin(a))
FLOAT(f_cos, cos(a))
FLOAT(f_atan, atan(a))
FLOAT(f_tanh, tanh(a))
FLOAT(f_erf, erf(a))
FLOAT(f_floor, floor(a))
FLOAT(f_trunc, trunc(a))
FLOAT(f_round, nearbyint(a))
#undef FLOAT

static FloatFn *const float_fn[FN_COUNT] = {
  [FN_ADD] = f_add, [FN_SUB] = f_sub, [FN_MUL] = f_mul, [FN_DIV] = f_div, [FN_MOD] = f_mod, [FN_POW] = pow, [FN_NEG] = f_neg,
  [FN_EXP] = f_exp, [FN_EXPM1] = f_expm1, [FN_LOG] = f_log, [FN_LOG1P] = f_log1p, [FN_SQRT] = f_sqrt, [FN_SIN] = f_sin,
  [FN_COS] = f_cos, [FN_ATAN] = f_atan, [FN_TANH] = f_tanh, [FN_ERF] = f_erf, [FN_FLOOR] = f_floor, [FN_TRUNC] = f_trunc,
  [FN_ROUND] = f_round, [FN_MIN] = f_min, [FN_MAX] = f_max, [FN_QUO] = f_quo, [FN_REM] = fmod,
};

double fn_eval_f(Fn f, double a, double b) { return float_fn[f] ? float_fn[f](a, b) : 0; }

/* Bit k says that the test holds for: 1 less, 2 equal, 4 greater, 8 unordered. */
static const unsigned char test_bits[FN_COUNT] = {
  [FN_EQ] = 2, [FN_NE] = 1 | 4 | 8, [FN_LT] = 1, [FN_LE] = 3, [FN_GT] = 4, [FN_GE] = 6,
};

bool fn_test_f(Fn f, double a, double b)
{
  if (f == FN_ISNAN) return a != a;
  int order = a < b ? 1 : a == b ? 2 : a > b ? 4 : 8;
  return test_bits[f] & order;
}

static bool int_less(int64_t a, int64_t b, Type t) { return t == T_U64 ? (uint64_t)a < (uint64_t)b : a < b; }

bool fn_test_i(Fn f, int64_t a, int64_t b, Type t)
{
  int order = int_less(a, b, t) ? 1 : a == b ? 2 : 4;
  return test_bits[f] & order;
}

/* ---- integers: 64 bits wide, then wrapped */
typedef int64_t IntFn(int64_t a, int64_t b, Type t);
#define INT(name, value) static int64_t name(int64_t a, int64_t b, Type t) { (void)b, (void)t; return (int64_t)(value); }
INT(i_add, (uint64_t)a + (uint64_t)b)
INT(i_sub, (uint64_t)a - (uint64_t)b)
INT(i_mul, (uint64_t)a * (uint64_t)b)
INT(i_and, a & b)
INT(i_or, a | b)
INT(i_xor, a ^ b)
INT(i_neg, 0 - (uint64_t)a)
INT(i_not, t == T_BOOL ? !a : ~a)
INT(i_min, int_less(b, a, t) ? b : a)
INT(i_max, int_less(a, b, t) ? b : a)
INT(i_same, a)
#undef INT

static int64_t i_quo(int64_t a, int64_t b, Type t)
{
  if (!b) return 0;
  if (t == T_U64) return (int64_t)((uint64_t)a / (uint64_t)b);
  return b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
}

static int64_t i_rem(int64_t a, int64_t b, Type t)
{
  if (!b) return 0;
  if (t == T_U64) return (int64_t)((uint64_t)a % (uint64_t)b);
  return b == -1 ? 0 : a % b;
}

static int64_t i_mod(int64_t a, int64_t b, Type t)
{
  int64_t r = i_rem(a, b, t);
  return t != T_U64 && r && (r < 0) != (b < 0) ? r + b : r;
}

static int64_t i_div(int64_t a, int64_t b, Type t)
{
  int64_t r = i_rem(a, b, t), q = i_quo(a, b, t);
  return t != T_U64 && r && (r < 0) != (b < 0) ? q - 1 : q;
}

static int64_t i_shl(int64_t a, int64_t b, Type t)
{
  return b < 0 || b >= 8 * type_bytes(type_strong(t)) ? 0 : (int64_t)((uint64_t)a << b);
}

static int64_t i_shr(int64_t a, int64_t b, Type t)
{
  bool big = b < 0 || b >= 8 * type_bytes(type_strong(t));
  if (t == T_U64) return big ? 0 : (int64_t)((uint64_t)a >> b);
  if (big) return a < 0 ? -1 : 0;
  return a < 0 ? ~(~a >> b) : a >> b;
}

/* A negative exponent gives 1 / a ** -b rounded to zero. */
static int64_t i_pow(int64_t a, int64_t b, Type t)
{
  if (t != T_U64 && b < 0) return a == 1 ? 1 : a == -1 ? (b & 1 ? -1 : 1) : 0;
  uint64_t r = 1, x = (uint64_t)a, n = (uint64_t)b;
  for (; n; n >>= 1, x *= x)
    if (n & 1) r *= x;
  return (int64_t)r;
}

static IntFn *const int_fn[FN_COUNT] = {
  [FN_ADD] = i_add, [FN_SUB] = i_sub, [FN_MUL] = i_mul, [FN_DIV] = i_div, [FN_MOD] = i_mod, [FN_POW] = i_pow, [FN_AND] = i_and,
  [FN_OR] = i_or, [FN_XOR] = i_xor, [FN_SHL] = i_shl, [FN_SHR] = i_shr, [FN_NEG] = i_neg, [FN_NOT] = i_not, [FN_MIN] = i_min,
  [FN_MAX] = i_max, [FN_QUO] = i_quo, [FN_REM] = i_rem, [FN_FLOOR] = i_same, [FN_TRUNC] = i_same, [FN_ROUND] = i_same,
};

int64_t fn_eval_i(Fn f, int64_t a, int64_t b, Type t)
{
  if (test_bits[f]) return fn_test_i(f, a, b, t);
  return int_fn[f] ? value_wrap(int_fn[f](a, b, t), t) : 0;
}

static bool pow_exact(int64_t a, int64_t n, int64_t *out)
{
  *out = 1;
  if (n < 0) return false;
  if (a == 0 || a == 1 || a == -1) { *out = i_pow(a, n, T_I64); return true; }
  for (; n; n--)
    if (__builtin_mul_overflow(*out, a, out)) return false;
  return true;
}

bool fn_eval_exact(Fn f, int64_t a, int64_t b, int64_t *out)
{
  bool divides = f == FN_DIV || f == FN_MOD || f == FN_QUO || f == FN_REM;
  if (divides && (!b || (a == INT64_MIN && b == -1))) return false;
  if (f == FN_ADD) return !__builtin_add_overflow(a, b, out);
  if (f == FN_SUB) return !__builtin_sub_overflow(a, b, out);
  if (f == FN_NEG) return !__builtin_sub_overflow(0, a, out);
  if (f == FN_MUL) return !__builtin_mul_overflow(a, b, out);
  if (f == FN_POW) return pow_exact(a, b, out);
  if (f == FN_SHL && a) return b >= 0 && b < 63 && !__builtin_mul_overflow(a, (int64_t)1 << b, out);
  *out = fn_eval_i(f, a, b, T_WINT);
  return true;
}

/* ---- all functions by type */
static bool is_bool_arithmetic(Fn f, Type t)
{
  return t == T_BOOL && (f == FN_ADD || f == FN_SUB || f == FN_MUL || f == FN_NEG || f == FN_POW);
}

static bool keeps_ints(Fn f) { return f == FN_FLOOR || f == FN_TRUNC || f == FN_ROUND; }

Type fn_compute_type(Fn f, Type t)
{
  if (is_bool_arithmetic(f, t)) return T_I32;
  if (fn_info[f].rule != 'F' || type_is_float(t) || t == T_NONE || keeps_ints(f)) return t;
  return t == T_WINT ? T_WFLOAT : T_F32;
}

Type fn_result(Fn f, Type t)
{
  char rule = fn_info[f].rule;
  return rule == 'B' || rule == 'I' ? T_BOOL : fn_compute_type(f, t);
}

Num fn_eval(Fn f, Num a, Num b, Type t)
{
  bool test = fn_result(f, T_F32) == T_BOOL;
  Type ct = fn_compute_type(f, t);
  if (ct != t) a = convert_value(a, t, ct, CV_PLAIN), b = convert_value(b, t, ct, CV_PLAIN);
  if (!type_is_float(ct)) return (Num){ 0, fn_eval_i(f, a.i, b.i, ct) };
  return test ? (Num){ 0, fn_test_f(f, a.f, b.f) } : (Num){ fn_eval_f(f, a.f, b.f), 0 };
}

Type red_result(Red r, Type t)
{
  bool small = t == T_BOOL || (type_is_int(t) && type_bytes(type_strong(t)) < 4);
  if (r == RED_ANY || r == RED_ALL) return T_BOOL;
  if (r == RED_ARGMAX || r == RED_ARGMIN) return T_I64;
  if (t == T_NONE) return t;
  if (r == RED_MEAN) return type_is_float(t) ? t : T_F32;
  if (r == RED_SUM || r == RED_PROD) return small ? T_I32 : t == T_WINT ? T_I64 : t;
  return t;
}

static int64_t int_limit(Type t, bool high)
{
  int bits = 8 * type_bytes(type_strong(t));
  if (t == T_BOOL) return high;
  if (type_class(t) == 'u') return !high ? 0 : bits == 64 ? -1 : ((int64_t)1 << bits) - 1;
  int64_t top = (int64_t)(((uint64_t)1 << (bits - 1)) - 1);
  return high ? top : -top - 1;
}

Num red_identity(Red r, Type t)
{
  bool least = r == RED_MAX, one = r == RED_PROD || r == RED_ALL;
  if (r == RED_MEAN) return (Num){ NAN, 0 };
  if (r == RED_MAX || r == RED_MIN)
    return type_is_float(t) ? (Num){ least ? -INFINITY : INFINITY, 0 } : (Num){ 0, int_limit(t, !least) };
  return type_is_float(t) ? (Num){ one, 0 } : (Num){ 0, one };
}

/* ---- rounding */

/* v with `bits` significant bits and no bit below 2^least; beyond max infinite. Half to even. */
static double round_bits(double v, int bits, int least, double max)
{
  int e;
  if (v == 0 || !isfinite(v)) return v;
  frexp(v, &e);
  int q = e - bits > least ? e - bits : least;
  double r = ldexp(nearbyint(ldexp(v, -q)), q);
  return fabs(r) > max ? copysign(INFINITY, v) : r;
}

#define F16_MAX 65504.0
#define BF16_MAX 0x1.fep127

double value_round(double v, Type t)
{
  switch (t) {
  case T_F16: return round_bits(v, 11, -24, F16_MAX);
  case T_BF16: return round_bits(v, 8, -133, BF16_MAX);
  case T_F32: return (float)v;
  default: return v;
  }
}

uint16_t f16_bits(double v)
{
  int e;
  uint16_t sign = signbit(v) ? 0x8000 : 0;
  if (v != v) return sign | 0x7e00;
  double a = fabs(value_round(v, T_F16));
  if (isinf(a)) return sign | 0x7c00;
  if (a < 0x1p-14) return sign | (uint16_t)(a * 0x1p24);
  double m = frexp(a, &e);
  return (uint16_t)(sign | ((e + 14) << 10) | ((int)(m * 2048) - 1024));
}

double f16_value(uint16_t b)
{
  int e = b >> 10 & 31, m = b & 1023;
  double a = e == 31 ? (m ? NAN : INFINITY) : e ? ldexp(1024 + m, e - 25) : ldexp(m, -24);
  return b & 0x8000 ? -a : a;
}

uint16_t bf16_bits(double v)
{
  float f = (float)value_round(v, T_BF16);
  uint32_t u;
  memcpy(&u, &f, 4);
  return v != v ? (uint16_t)(u >> 16 | 0x40) : (uint16_t)(u >> 16);
}

double bf16_value(uint16_t b)
{
  uint32_t u = (uint32_t)b << 16;
  float f;
  memcpy(&f, &u, 4);
  return f;
}

int64_t value_wrap(int64_t v, Type t)
{
  int bytes = type_bytes(type_strong(t));
  if (t == T_BOOL) return v != 0;
  if (bytes == 8) return v;
  uint64_t low = (uint64_t)v & (((uint64_t)1 << 8 * bytes) - 1), top = (uint64_t)1 << (8 * bytes - 1);
  return type_class(t) == 'u' ? (int64_t)low : (int64_t)((low ^ top) - top);
}

/* ---- elements in memory */
Num value_load(const void *p, Type t, int64_t k)
{
  t = type_strong(t);
  size_t n = (size_t)type_bytes(t);
  uint64_t u = 0;
  float f;
  double d;
  memcpy(&u, (const char *)p + (size_t)k * n, n);
  if (!type_is_float(t)) return (Num){ 0, value_wrap((int64_t)u, t) };
  if (n == 2) return (Num){ t == T_F16 ? f16_value((uint16_t)u) : bf16_value((uint16_t)u), 0 };
  memcpy(&f, &u, 4);
  memcpy(&d, &u, 8);
  return (Num){ n == 4 ? f : d, 0 };
}

void value_store(void *p, Type t, int64_t k, Num v)
{
  t = type_strong(t);
  size_t n = (size_t)type_bytes(t);
  uint64_t u = (uint64_t)v.i;
  float f = (float)v.f;
  if (t == T_F16) u = f16_bits(v.f);
  if (t == T_BF16) u = bf16_bits(v.f);
  if (t == T_F32) memcpy(&u, &f, 4);
  if (t == T_F64) memcpy(&u, &v.f, 8);
  if (t == T_BOOL) u = v.i != 0;
  memcpy((char *)p + (size_t)k * n, &u, n);
}

/* ---- conversions */
static int64_t float_to_int(double v, Type to)
{
  if (!isfinite(v)) return 0;
  double r = fmod(trunc(v), 0x1p64), a = fabs(r);
  uint64_t u = (uint64_t)a;
  return value_wrap((int64_t)(r < 0 ? 0 - u : u), to);
}

static double int_to_float(int64_t i, Type from, Type to)
{
  bool single = to == T_F32;
  if (from == T_U64) return single ? (double)(float)(uint64_t)i : value_round((double)(uint64_t)i, to);
  return single ? (double)(float)i : value_round((double)i, to);
}

static int64_t saturate_float(double v, Type to)
{
  double r = nearbyint(v);
  if (v != v) return 0;
  if (r <= type_lowest(to)) return int_limit(to, false);
  return r >= type_highest(to) ? int_limit(to, true) : float_to_int(r, to);
}

static int64_t saturate_int(int64_t i, Type from, Type to)
{
  int64_t lo = int_limit(to, false), hi = int_limit(to, true);
  bool huge = from == T_U64 && i < 0;
  if (to == T_U64) return !huge && i < 0 && from != T_U64 ? 0 : i;
  return huge || i > hi ? hi : i < lo ? lo : i;
}

static double saturate_to_float(double v, Type to)
{
  static const double max[T_COUNT] = { [T_F16] = F16_MAX, [T_BF16] = BF16_MAX, [T_F32] = FLT_MAX, [T_F64] = DBL_MAX };
  double m = max[type_strong(to)], r = value_round(v, to);
  return r > m ? m : r < -m ? -m : r;
}

static Num convert_sat(Num v, Type from, Type to)
{
  if (type_is_float(to)) return (Num){ saturate_to_float(type_is_float(from) ? v.f : int_to_float(v.i, from, to), to), 0 };
  return (Num){ 0, type_is_float(from) ? saturate_float(v.f, to) : saturate_int(v.i, from, to) };
}

static Num convert_bits(Num v, Type from, Type to)
{
  char raw[8] = { 0 };
  value_store(raw, from, 0, v);
  return value_load(raw, to, 0);
}

Num convert_value(Num v, Type from, Type to, Convert mode)
{
  if (mode == CV_BITS) return convert_bits(v, from, to);
  if (to == T_BOOL) return (Num){ 0, type_is_float(from) ? v.f != 0 : v.i != 0 };
  if (mode == CV_SAT) return convert_sat(v, from, to);
  if (type_is_float(to)) return (Num){ type_is_float(from) ? value_round(v.f, to) : int_to_float(v.i, from, to), 0 };
  return (Num){ 0, type_is_float(from) ? float_to_int(v.f, to) : value_wrap(v.i, to) };
}
