/* Scalar arithmetic: one row a function for doubles, one for 64-bit integers; integers are wrapped to their type afterwards.
 *   fn_eval_i(FN_ADD, 200, 100, T_U8) = 44      fn_eval_i(FN_DIV, -7, 2, T_I32) = -4      fn_eval_i(FN_SHL, 1, 8, T_U8) = 0 */
#include "scalar.h"
#include <float.h>
#include <math.h>
#include <string.h>

/* ---- doubles */
double fn_eval_f(Fn f, double a, double b) {
  switch (f) {
  case FN_ADD: return a + b;          case FN_SUB: return a - b;          case FN_MUL: return a * b;          case FN_DIV: return a / b;
  case FN_QUO: return trunc(a / b);   case FN_REM: return fmod(a, b);     case FN_MOD: return a - floor(a / b) * b;
  case FN_NEG: return -a;             case FN_MIN: return b < a ? b : a;  case FN_MAX: return b > a ? b : a;  case FN_POW: return pow(a, b);
  case FN_EXP: return exp(a);         case FN_EXPM1: return expm1(a);     case FN_LOG: return log(a);         case FN_LOG1P: return log1p(a);
  case FN_SQRT: return sqrt(a);       case FN_SIN: return sin(a);         case FN_COS: return cos(a);         case FN_ATAN: return atan(a);
  case FN_TANH: return tanh(a);       case FN_ERF: return erf(a);
  case FN_NORMTAIL: return (double)(erfcl(fabsl(a) * 0.70710678118654752440L) / 2);      /* the rounding of the product would show in double */
  case FN_FLOOR: return floor(a);     case FN_TRUNC: return trunc(a);     case FN_ROUND: return nearbyint(a);
  default: return 0;
  }
}

/* What a test holds for: 1 less, 2 equal, 4 greater, 8 unordered. */
static const unsigned char test_bits[FN_COUNT] = { [FN_EQ] = 2, [FN_NE] = 1 | 4 | 8, [FN_LT] = 1, [FN_LE] = 3, [FN_GT] = 4, [FN_GE] = 6 };

bool fn_test_f(Fn f, double a, double b) { return f == FN_ISNAN ? a != a : test_bits[f] & (a < b ? 1 : a == b ? 2 : a > b ? 4 : 8); }

/* ---- integers: 64 bits wide, then wrapped */
static bool int_less(int64_t a, int64_t b, Type t) { return t == T_U64 ? (uint64_t)a < (uint64_t)b : a < b; }

static int64_t int_quo(int64_t a, int64_t b, Type t) {
  if (!b) return 0;
  if (t == T_U64) return (int64_t)((uint64_t)a / (uint64_t)b);
  return b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
}
static int64_t int_rem(int64_t a, int64_t b, Type t) { return b ? (int64_t)((uint64_t)a - (uint64_t)int_quo(a, b, t) * (uint64_t)b) : 0; }

/* Is a / b rounded down one less than truncated? */
static bool int_below(int64_t a, int64_t b, Type t) { int64_t r = int_rem(a, b, t); return t != T_U64 && r && (r < 0) != (b < 0); }

static int64_t int_shift(Fn f, int64_t a, int64_t b, Type t) {
  bool big = b < 0 || b >= type_bits(t), ones = f == FN_SHR && t != T_U64 && a < 0; if (big) return ones ? -1 : 0;
  if (f == FN_SHL) return (int64_t)((uint64_t)a << b);
  return ones ? ~(~a >> b) : (int64_t)((uint64_t)a >> b);
}

/* A negative exponent gives 1 / a ** -b rounded to zero. */
static int64_t int_pow(int64_t a, int64_t b, Type t) {
  if (t != T_U64 && b < 0) return a == 1 ? 1 : a == -1 ? (b & 1 ? -1 : 1) : 0;
  uint64_t r = 1, x = (uint64_t)a, n = (uint64_t)b; for (; n; n >>= 1, x *= x) if (n & 1) r *= x; return (int64_t)r;
}
static int64_t int_value(Fn f, int64_t a, int64_t b, Type t) {
  uint64_t x = (uint64_t)a, y = (uint64_t)b;
  switch (f) {
  case FN_ADD: return (int64_t)(x + y);     case FN_SUB: return (int64_t)(x - y);     case FN_MUL: return (int64_t)(x * y);
  case FN_NEG: return (int64_t)(0 - x);     case FN_NOT: return t == T_BOOL ? !a : ~a;
  case FN_AND: return a & b;                case FN_OR: return a | b;                 case FN_XOR: return a ^ b;
  case FN_QUO: return int_quo(a, b, t);     case FN_DIV: return int_quo(a, b, t) - int_below(a, b, t);
  case FN_REM: return int_rem(a, b, t);     case FN_MOD: return int_rem(a, b, t) + (int_below(a, b, t) ? b : 0);
  case FN_SHL: case FN_SHR: return int_shift(f, a, b, t);                             case FN_POW: return int_pow(a, b, t);
  case FN_MIN: return int_less(b, a, t) ? b : a;                                      case FN_MAX: return int_less(a, b, t) ? b : a;
  case FN_FLOOR: case FN_TRUNC: case FN_ROUND: return a;
  default: return 0;
  }
}
int64_t fn_eval_i(Fn f, int64_t a, int64_t b, Type t) {
  return test_bits[f] ? (test_bits[f] & (int_less(a, b, t) ? 1 : a == b ? 2 : 4)) != 0 : value_wrap(int_value(f, a, b, t), t);
}

bool fn_eval_exact(Fn f, int64_t a, int64_t b, int64_t *out) {
  bool fits = b >= 0, small = a >= -1 && a <= 1;
  switch (f) {
  case FN_ADD: return !__builtin_add_overflow(a, b, out);     case FN_SUB: return !__builtin_sub_overflow(a, b, out);
  case FN_NEG: return !__builtin_sub_overflow(0, a, out);     case FN_MUL: return !__builtin_mul_overflow(a, b, out);
  case FN_DIV: case FN_MOD: case FN_QUO: case FN_REM: if (!b || (a == INT64_MIN && b == -1)) return false; break;
  case FN_SHL: if (a) return fits && b < 63 && !__builtin_mul_overflow(a, (int64_t)1 << b, out); break;
  case FN_POW:     /* of -1, 0, 1 two powers are all */
    for (*out = 1, b = small && b > 2 ? 2 - b % 2 : b; b > 0 && fits; b--) fits = !__builtin_mul_overflow(*out, a, out);
    return fits;
  default: break;
  }
  *out = fn_eval_i(f, a, b, T_WINT); return true;
}

/* ---- all functions by type */
Type fn_promoted(Fn f, Expr *const *arg) { return fn_info[f].arity == 2 ? type_promote(arg[0]->type, arg[1]->type) : arg[0]->type; }

Type fn_compute_type(Fn f, Type t) {
  if (t == T_BOOL && (f == FN_ADD || f == FN_SUB || f == FN_MUL || f == FN_NEG || f == FN_POW)) return T_I32;
  if (fn_info[f].rule != 'F' || type_is_float(t) || t == T_NONE || f == FN_FLOOR || f == FN_TRUNC || f == FN_ROUND) return t;
  return t == T_WINT ? T_WFLOAT : T_F32;
}
Type fn_result(Fn f, Type t) { return fn_info[f].rule == 'B' || fn_info[f].rule == 'I' ? T_BOOL : fn_compute_type(f, t); }

Num fn_eval(Fn f, Num a, Num b, Type t) {
  Type ct = fn_compute_type(f, t); if (ct != t) a = convert_value(a, t, ct, CV_PLAIN), b = convert_value(b, t, ct, CV_PLAIN);
  if (!type_is_float(ct)) return (Num){ .i = fn_eval_i(f, a.i, b.i, ct) };
  return fn_result(f, T_F32) == T_BOOL ? (Num){ .i = fn_test_f(f, a.f, b.f) } : (Num){ .f = fn_eval_f(f, a.f, b.f) };
}

Type red_result(Red r, Type t) {
  bool small = t == T_BOOL || (type_is_int(t) && type_bits(t) < 32); if (r == RED_ANY || r == RED_ALL) return T_BOOL;
  if (red_is_place(r)) return T_I64;
  if (t == T_NONE) return t;
  if (r == RED_MEAN) return type_is_float(t) ? t : T_F32;
  if (r == RED_SUM || r == RED_PROD) return small ? T_I32 : t == T_WINT ? T_I64 : t;
  return t;
}

static int64_t int_limit(Type t, bool high) {
  if (t == T_BOOL) return high;
  uint64_t all = UINT64_MAX >> (64 - type_bits(t)); if (type_class(t) == 'u') return high ? (int64_t)all : 0;
  return high ? (int64_t)(all >> 1) : -(int64_t)(all >> 1) - 1;
}

Num red_identity(Red r, Type t) {
  bool floats = type_is_float(t), one = r == RED_PROD || r == RED_ALL; if (r == RED_MEAN) return (Num){ .f = NAN };
  if (r != RED_MAX && r != RED_MIN) return floats ? (Num){ .f = one } : (Num){ .i = one };
  return floats ? (Num){ .f = r == RED_MAX ? -INFINITY : INFINITY } : (Num){ .i = int_limit(t, r == RED_MIN) };
}

/* ---- rounding */
#define F16_MAX 65504.0
#define BF16_MAX 0x1.fep127

/* v with `bits` significant bits and no bit below 2^least; beyond max infinite. Half to even. */
static double round_bits(double v, int bits, int least, double max) {
  int e; if (v == 0 || !isfinite(v)) return v;
  frexp(v, &e);
  int q = e - bits > least ? e - bits : least; double r = ldexp(nearbyint(ldexp(v, -q)), q); return fabs(r) > max ? copysign(INFINITY, v) : r;
}
double value_round(double v, Type t) {
  if (t == T_F32) return (float)v;
  return t == T_F16 ? round_bits(v, 11, -24, F16_MAX) : t == T_BF16 ? round_bits(v, 8, -133, BF16_MAX) : v;
}

int64_t value_wrap(int64_t v, Type t) {
  int bits = type_bits(t); if (t == T_BOOL) return v != 0;
  if (bits == 64) return v;
  uint64_t low = (uint64_t)v & (((uint64_t)1 << bits) - 1), top = (uint64_t)1 << (bits - 1);
  return type_class(t) == 'u' ? (int64_t)low : (int64_t)((low ^ top) - top);
}

static uint32_t float_bits(float f) { uint32_t u; memcpy(&u, &f, 4); return u; }
static float float_of(uint32_t u) { float f; memcpy(&f, &u, 4); return f; }

static uint16_t f16_bits(double v) {
  int e; uint16_t sign = signbit(v) ? 0x8000 : 0; if (v != v) return sign | 0x7e00;
  double a = fabs(value_round(v, T_F16)); if (isinf(a)) return sign | 0x7c00;
  if (a < 0x1p-14) return sign | (uint16_t)(a * 0x1p24);
  double m = frexp(a, &e); return (uint16_t)(sign | ((e + 14) << 10) | ((int)(m * 2048) - 1024));
}

static double f16_value(uint64_t b) {
  int e = b >> 10 & 31, m = b & 1023; double a = e == 31 ? (m ? NAN : INFINITY) : e ? ldexp(1024 + m, e - 25) : ldexp(m, -24);
  return b & 0x8000 ? -a : a;
}
static uint32_t bf16_bits(double v) { return float_bits((float)value_round(v, T_BF16)) >> 16 | (v != v ? 0x40 : 0); }

/* ---- elements in memory */
Num value_load(const void *p, Type t, int64_t k) {
  t = type_strong(t); size_t n = (size_t)type_bytes(t); uint64_t u = 0; double d; memcpy(&u, (const char *)p + (size_t)k * n, n); memcpy(&d, &u, 8);
  if (!type_is_float(t)) return (Num){ .i = value_wrap((int64_t)u, t) };
  return (Num){ .f = t == T_F64 ? d : t == T_F16 ? f16_value(u) : float_of((uint32_t)(t == T_BF16 ? u << 16 : u)) };
}

void value_store(void *p, Type t, int64_t k, Num v) {
  t = type_strong(t); size_t n = (size_t)type_bytes(t); uint64_t u = (uint64_t)v.i;
  if (t == T_F64) memcpy(&u, &v.f, 8);
  else if (type_is_float(t)) u = t == T_F16 ? f16_bits(v.f) : t == T_BF16 ? bf16_bits(v.f) : float_bits((float)v.f);
  else if (t == T_BOOL) u = v.i != 0;
  memcpy((char *)p + (size_t)k * n, &u, n);
}

/* ---- conversions */
static int64_t float_to_int(double v, Type to) {
  double r = isfinite(v) ? fmod(trunc(v), 0x1p64) : 0; uint64_t u = (uint64_t)fabs(r); return value_wrap((int64_t)(r < 0 ? 0 - u : u), to);
}
static double int_to_float(int64_t i, Type from, Type to) {
  if (to == T_F32) return from == T_U64 ? (float)(uint64_t)i : (float)i;
  return value_round(from == T_U64 ? (double)(uint64_t)i : (double)i, to);
}
static int64_t saturate_float(double v, Type to) {
  double r = v != v ? 0 : nearbyint(v);
  return r <= type_lowest(to) ? int_limit(to, false) : r >= type_highest(to) ? int_limit(to, true) : float_to_int(r, to);
}
static int64_t saturate_int(int64_t i, Type from, Type to) {
  int64_t lo = int_limit(to, false), hi = int_limit(to, true); if (to == T_U64) return i < 0 && from != T_U64 ? 0 : i;
  return i > hi || (from == T_U64 && i < 0) ? hi : i < lo ? lo : i;
}
static double saturate_to_float(double v, Type to) {
  static const double max[T_COUNT] = { [T_F16] = F16_MAX, [T_BF16] = BF16_MAX, [T_F32] = FLT_MAX, [T_F64] = DBL_MAX };
  double m = max[type_strong(to)], r = value_round(v, to); return r > m ? m : r < -m ? -m : r;
}
Num convert_value(Num v, Type from, Type to, Convert mode) {
  bool floats = type_is_float(from), sat = mode == CV_SAT; char raw[8] = { 0 };
  if (mode == CV_BITS) { value_store(raw, from, 0, v); return value_load(raw, to, 0); }
  if (to == T_BOOL) return (Num){ .i = floats ? v.f != 0 : v.i != 0 };
  if (!type_is_float(to)) {
    if (sat) return (Num){ .i = floats ? saturate_float(v.f, to) : saturate_int(v.i, from, to) };
    return (Num){ .i = floats ? float_to_int(v.f, to) : value_wrap(v.i, to) };
  }
  double d = floats ? v.f : int_to_float(v.i, from, to); return (Num){ .f = sat ? saturate_to_float(d, to) : floats ? value_round(d, to) : d };
}
