/* The functions of ir/scalar.def over machine functions, f32 and f64.
 *
 *   exp(x)    n = round(x log2 e), r = x - n ln 2;   e^r 2^n    in one rounding; without an instruction by two factors of 2^n
 *   log(x)    x = 2^e m, 3/4 <= m < 3/2, f = m - 1;  e ln 2 + f Q(f)
 *   tanh(x)   m / (m + 1), m = (exp(2x) - 1) / 2, on |x| <= 9.02
 *   sin(x)    x = q pi + r, |r| <= pi/2;   r (1 + r^2 S(r^2)), with the sign changed where q is odd;   cos(x): the same of x + pi/2
 *   atan(x)   x + x^3 P(x^2) on |x| <= 1, else +-pi/2 + the same of -1/x
 *   normtail(x)   exp(-a^2/2) P((a - 1.5) / (a + 3.5)) / (a + 1.125), a = |x|, in sums of two numbers; f32 without fma in f64
 *
 * Scalars and vectors get the same expression, so an element has the same bits in both. NaN goes in and comes out. Argument reduction in parts of
 * ln 2 and pi/2: Cody and Waite, "Software Manual for the Elementary Functions", 1980. Coefficients are our own: least maximum of the relative error
 * (Lawson's weighted least squares) for f32, interpolation at Chebyshev points for f64. docs/math.md has the errors. */
#include "lower.h"
#include <math.h>

/* ---- building: all values of one expansion have the type of x */
static bool m_is64(const KInst *x) { return x->type.elem == T_F64; }
static bool has_parts(const KBuild *b, const KInst *x) { return b->target->parts && !m_is64(x); }
/* A number of x's type (f32: rounded to it, so that all readers agree). */
static KInst *m_num(KBuild *b, const KInst *x, double v) { return k_const(b, x->type, m_is64(x) ? v : (double)(float)v, 0); }
static KInst *m_int(KBuild *b, const KInst *x, int64_t v) { return k_const(b, x->type, 0, v); }
static KInst *m_fn(KBuild *b, KFn fn, KInst *x, KInst *y) { return k_fn(b, fn, x, y, NULL); }
#define BINARY(name, FN) static KInst *m_##name(KBuild *b, KInst *x, KInst *y) { return m_fn(b, KF_##FN, x, y); }
BINARY(add, ADD) BINARY(sub, SUB) BINARY(mul, MUL) BINARY(div, DIV) BINARY(min, MIN) BINARY(max, MAX) BINARY(and, AND) BINARY(or, OR)
static KInst *m_neg(KBuild *b, KInst *x) { return m_fn(b, KF_NEG, x, NULL); }
#define TERNARY(name, FN) static KInst *m_##name(KBuild *b, KInst *x, KInst *y, KInst *z) { return k_fn(b, KF_##FN, x, y, z); }
TERNARY(fma, FMA) TERNARY(fnma, FNMA) TERNARY(pick, SELECT)
static KInst *m_test(KBuild *b, KFn fn, KInst *x, double v) { return m_fn(b, fn, x, m_num(b, x, v)); }
static KInst *m_bits(KBuild *b, KInst *x) { return k_cast(b, CV_BITS, m_is64(x) ? T_I64 : T_I32, x); }
static KInst *m_float(KBuild *b, KInst *i) { return k_cast(b, CV_BITS, i->type.elem == T_I64 ? T_F64 : T_F32, i); }
static KInst *m_abs(KBuild *b, KInst *x) { KInst *i = m_bits(b, x); return m_float(b, m_and(b, i, m_int(b, i, m_is64(x) ? INT64_MAX : INT32_MAX))); }
static KInst *m_var(KBuild *b, KInst *v) { return k_emit(b, (KInst){ .op = K_VAR, .type = v->type, .a = { v } }); }
static void set(KBuild *b, KInst *var, KInst *v) { k_emit(b, (KInst){ .op = K_SET, .type = var->type, .a = { var, v } }); }
/* What follows, until k_back, is done only if the condition holds in a lane. */
static KSave m_if_any(KBuild *b, KInst *c) {
  KInst *any = c->type.lanes == 1 ? c : k_emit(b, (KInst){ .op = K_HRED, .fn = KF_OR, .type = { T_BOOL, 1 }, .a = { c } });
  return k_into(b, &k_emit(b, (KInst){ .op = K_IF, .a = { any } })->body);
}
static KInst *m_clamp(KBuild *b, KInst *x, double lo, double hi) { return m_min(b, m_max(b, x, m_num(b, x, lo)), m_num(b, x, hi)); }

/* c[0] + c[1] x + ... + c[n-1] x^(n-1) by Horner's rule. */
static KInst *poly(KBuild *b, KInst *x, const double *c, int n) {
  KInst *p = m_num(b, x, c[n - 1]);
  for (int k = n - 2; k >= 0; k--) p = m_fma(b, p, x, m_num(b, x, c[k]));
  return p;
}
#define POLY_OF(b, x, c) poly((b), (x), (c), (int)(sizeof(c) / sizeof *(c)))
#define POLY_FAST(b, x, name) ((b)->c->opt.fast_math ? POLY_OF(b, x, name##_fast) : POLY_OF(b, x, name##_f32))
#define POLY(b, x, c) (m_is64(x) ? POLY_OF(b, x, c##_f64) : POLY_OF(b, x, c##_f32))        /* by the type of x */

static const double exp_f32[] = { 1, 1, 4.999999404e-01, 1.666652113e-01, 4.166828841e-02, 8.368703537e-03, 1.381893875e-03 };
static const double exp_fast[] = { 1, 9.999997020e-01, 4.999914169e-01, 1.666765064e-01, 4.189895838e-02, 8.289633319e-03 };
static const double exp_f64[] = { 1, 1, 0.5000000000000001, 0.16666666666666669, 0.041666666666623824, 0.008333333333330039, 0.0013888888917367081,
  0.00019841269863171557, 2.4801521057868204e-05, 2.7557268276905696e-06, 2.7620201591031547e-07, 2.5100472505694996e-08 };

/* round(x c) as a float, and 2^(that - down). Adding 1.5 * 2^23 puts the rounded number into the sum's low bits; a shift makes it an exponent. */
typedef struct Power { KInst *n, *s, *i; } Power;         /* i: the bits of the sum */
static Power power_of_2(KBuild *b, KInst *x, double c, int down) {
  bool d = m_is64(x); double magic = d ? 6755399441055744.0 + 1023 - down : 12582912.0 + 127 - down;
  KInst *t = m_fma(b, x, m_num(b, x, c), m_num(b, x, magic)), *i = k_cast(b, CV_BITS, d ? T_I64 : T_I32, t);
  return (Power){ m_sub(b, t, m_num(b, x, magic)), m_float(b, m_fn(b, KF_SHL, i, m_int(b, i, d ? 52 : 23))), i };
}

/* x - n ln 2 in two steps: by the first part of ln 2 exactly for |n| < 2^10, then by the rest. */
static KInst *less_ln2(KBuild *b, KInst *n, KInst *x, bool rest) {
  double p = rest ? -2.12194440e-4 : 0.693359375, q = rest ? 5.497923018708371e-14 : 0.6931471805598903;
  return m_fnma(b, n, m_num(b, x, m_is64(x) ? q : p), x);
}
/* e^r = 1 + r + r^2 this */
static KInst *exp_tail(KBuild *b, KInst *r) { return poly(b, r, (m_is64(r) ? exp_f64 : exp_f32) + 2, m_is64(r) ? 10 : 5); }

/* x = n ln 2 + r, |r| <= ln 2 / 2; gives exp(r) - 1 and *s = 2^(n - down). */
static KInst *exp_core(KBuild *b, KInst *x, int down, KInst **s) {
  Power e = power_of_2(b, x, 1.4426950408889634, down); KInst *r = less_ln2(b, e.n, less_ln2(b, e.n, x, false), true), *q = exp_tail(b, r);
  *s = e.s; return m_fma(b, m_mul(b, r, r), q, r);
}
/* p 2^n, e from power_of_2 with down = FAR: the low bits of e.i are n + 2 bias, which two factors of about 2^(n / 2) share without an instruction. */
#define FAR(x) (m_is64(x) ? -1023 : -127)
static KInst *scaled(KBuild *b, KInst *p, Power e) {
  bool d = m_is64(p); KInst *i = e.i;
  if (has_parts(b, p)) return m_fn(b, KF_SCALE2, p, e.n);
  KInst *half = m_fn(b, KF_SHL, m_and(b, i, m_int(b, i, -2)), m_int(b, i, d ? 51 : 22)), *all = m_fn(b, KF_SHL, i, m_int(b, i, d ? 52 : 23));
  return m_mul(b, m_mul(b, p, m_float(b, half)), m_float(b, m_sub(b, all, half)));
}
static KInst *exp_scaled(KBuild *b, KInst *r, Power e) { return scaled(b, POLY_FAST(b, r, exp), e); }      /* e^r 2^n */
static KInst *m_exp(KBuild *b, KInst *x) {
  if (m_is64(x)) {                                         /* the square reaches denormals and infinity */
    KInst *s, *p = exp_core(b, m_clamp(b, m_mul(b, x, m_num(b, x, 0.5)), -373, 355.5), 0, &s), *e = m_fma(b, s, p, s); return m_mul(b, e, e);
  }
  x = m_clamp(b, x, -104, 89); Power e = power_of_2(b, x, 1.4426950408889634, FAR(x));
  return exp_scaled(b, less_ln2(b, e.n, less_ln2(b, e.n, x, false), true), e);
}

/* 2 (s p + (s - 1/2)) with s = 2^(n-1): exact where n = 0, no overflow before the end. */
static KInst *m_expm1(KBuild *b, KInst *x) {
  bool d = m_is64(x); KInst *s, *h = m_clamp(b, x, d ? -38 : -18, d ? 710 : 89), *p = exp_core(b, h, 1, &s);
  KInst *r = m_fma(b, s, p, m_sub(b, s, m_num(b, x, 0.5))); return m_add(b, r, r);
}

static const double log_f32[] = { 1, -5.000000000e-01, 3.333345056e-01, -2.500011027e-01, 1.999084800e-01, -1.664687693e-01, 1.447762549e-01,
  -1.316395402e-01, 1.047262996e-01, -4.515301436e-02 };
static const double log_fast[] = { 1.000000119e+00, -5.000020862e-01, 3.332994580e-01, -2.497716695e-01, 2.010542601e-01, -1.736632437e-01,
  1.413866878e-01, -6.662299484e-02 };
static const double log_f64[] = { 0.6666666666666666, 0.4000000000000089, 0.28571428570795937, 0.2222222239345263, 0.181817954545265,
  0.15386249788196105, 0.1326850331279476, 0.13089445145246312 };

/* x = 2^e m for normal x > 0: gives m - 1 and t = e UNIT. Without instructions for the parts: the bits are counted from those of the least m (f32
 * 3/4, f64 sqrt(1/2)), so that t as an integer (*i) is the exponent field. With them, e is infinite or NaN for other x. */
#define UNIT(b, x) (has_parts(b, x) ? 1 : m_is64(x) ? 4503599627370496.0 : 8388608.0)
static KInst *log_split(KBuild *b, KInst *x, KInst **t, KInst **i) {
  int64_t root = m_is64(x) ? 0x3fe6a09e667f3bcd : 0x3f400000, field = m_is64(x) ? -(1LL << 52) : -(1LL << 23); KInst *m, *k = m_bits(b, x);
  if (has_parts(b, x)) m = m_fn(b, KF_MANT, x, NULL), *t = m_sub(b, m_fn(b, KF_EXPO, x, NULL), m_fn(b, KF_EXPO, m, NULL));
  else *i = m_and(b, m_sub(b, k, m_int(b, k, root)), m_int(b, k, field)), m = m_float(b, m_sub(b, k, *i)), *t = k_cast(b, CV_PLAIN, x->type.elem, *i);
  return m_sub(b, m, m_num(b, x, 1));
}

/* log(1 + f) + e ln 2. f32: both parts of ln 2 are positive: e = -inf stays what it is. f64 by s = f / (2 + f): f - (f^2/2 - s (f^2/2 + R(s^2))). */
static KInst *log_core(KBuild *b, KInst *f, KInst *t) {
  double u = 1 / UNIT(b, f);
  if (!m_is64(f)) {
    KInst *p = m_fma(b, f, POLY_FAST(b, f, log), m_mul(b, t, m_num(b, f, 1.4286068203094173e-06 * u)));
    return m_fma(b, t, m_num(b, f, 0.693145751953125 * u), p);
  }
  KInst *s = m_div(b, f, m_add(b, m_num(b, f, 2), f)), *z = m_mul(b, s, s);
  KInst *r = m_mul(b, z, POLY_OF(b, z, log_f64)), *h = m_mul(b, m_num(b, f, 0.5), m_mul(b, f, f));
  KInst *l = m_fma(b, s, m_add(b, h, r), m_mul(b, t, m_num(b, f, 5.497923018708371e-14 * u)));
  return m_fma(b, t, m_num(b, f, 0.6931471805598903 * u), m_sub(b, f, m_sub(b, h, l)));
}

/* Is x normal, positive and below 2^top? */
static KInst *in_range(KBuild *b, KInst *x, int top) {
  bool d = m_is64(x); int64_t one = 1LL << (d ? 52 : 23), most = d ? INT64_MAX : INT32_MAX; KInst *i = m_bits(b, x);
  return m_fn(b, KF_LT, m_add(b, i, m_int(b, i, most - one + 1)), m_int(b, i, (top + (d ? 1022 : 126)) * one - most - 1));
}

/* Other arguments behind a branch: inf and NaN stay; 0 gives -inf, less gives NaN. */
static KInst *m_log(KBuild *b, KInst *x) {
  bool d = m_is64(x); int up = d ? 54 : 25; KInst *t, *i, *f = log_split(b, x, &t, &i), *r = log_core(b, f, t);
  if (has_parts(b, x)) return r;
  KInst *v = m_var(b, r); KSave save = m_if_any(b, m_fn(b, KF_NOT, in_range(b, x, d ? 1024 : 128), NULL));
  f = log_split(b, m_mul(b, x, m_num(b, x, ldexp(1, up))), &t, &i); f = log_core(b, f, m_sub(b, t, m_num(b, x, up * UNIT(b, x))));
  r = m_pick(b, m_test(b, KF_LT, x, d ? 2.2250738585072014e-308 : 1.17549435e-38), f, m_pick(b, m_test(b, KF_LT, x, INFINITY), r, x));
  KInst *low = m_pick(b, m_test(b, KF_EQ, x, 0), m_num(b, x, -INFINITY), m_num(b, x, NAN)); f = m_pick(b, m_test(b, KF_LE, x, 0), low, r);
  set(b, v, f); k_back(b, save); return v;
}

/* 1 + x = 2^e m by the rounded sum; then m - 1 = x 2^-e + (2^-e - 1) from x itself, unless x is so large that it does not matter. */
static KInst *m_log1p(KBuild *b, KInst *x) {
  KInst *t, *i, *one = m_num(b, x, 1), *u = m_add(b, one, x), *f = log_split(b, u, &t, &i), *s;
  if (has_parts(b, x)) {
    s = m_fn(b, KF_SCALE2, one, m_min(b, m_neg(b, t), m_num(b, x, 60)));
    return log_core(b, m_pick(b, m_test(b, KF_LT, t, 60), m_fma(b, x, s, m_sub(b, s, one)), f), t);
  }
  s = m_float(b, m_sub(b, m_bits(b, one), i)); KInst *r = m_var(b, log_core(b, m_fma(b, x, s, m_sub(b, s, one)), t)), *ok = in_range(b, u, 60);
  KSave save = m_if_any(b, m_fn(b, KF_NOT, ok, NULL)); set(b, r, m_pick(b, ok, r, m_log(b, u))); k_back(b, save); return r;
}

/* About 1 / q: to 14 bits, or with a step nearly all of them. */
static KInst *inverse(KBuild *b, KInst *q, bool step) {
  KInst *one = m_num(b, q, 1), *r = has_parts(b, q) ? m_fn(b, KF_RCPE, q, NULL) : m_div(b, one, q);
  return step && r->fn == KF_RCPE ? m_fma(b, m_fnma(b, q, r, one), r, r) : r;
}

/* ---- tanh: (exp(2 u) - 1) / 2 = u + u^2 (this) */
static const double tanh_f32_poly[] = { 9.999999404e-01, 6.666617990e-01, 3.333395123e-01, 1.338632554e-01, 4.438580945e-02 };

/* n / (m + 1), n being m or 1, with no error of the sum: by r about 1 / (m + 1) and t = n r it is t + r (n - t - m t). finite: so are m and r. */
static KInst *m_ratio(KBuild *b, KInst *n, KInst *m, bool finite) {
  KInst *one = m_num(b, m, 1), *r = inverse(b, m_add(b, m, one), false);
  KInst *t = n == m ? m_mul(b, m, r) : r, *rest = m_fnma(b, m, t, m_sub(b, n, t)), *v = m_fma(b, rest, r, t);
  return finite ? v : m_pick(b, m_fn(b, KF_EQ, rest, rest), v, t);
}
static KInst *tanh_f64(KBuild *b, KInst *x) {
  KInst *a = m_min(b, m_abs(b, x), m_num(b, x, 20)), *two = m_num(b, x, 2), *e = m_expm1(b, m_mul(b, a, two)), *t = m_div(b, e, m_add(b, e, two));
  return m_pick(b, m_test(b, KF_LT, x, 0), m_neg(b, t), m_pick(b, m_test(b, KF_GT, x, 0), t, x));
}

/* x P(x^2) / Q(x^2) */
static const double tanh_p[] = { 0.999999979, 0.133797324, 0.003494049562, 2.058364432e-5, 1.331915039e-8 };
static const double tanh_q[] = { 1, 0.467130477, 0.0258711359, 0.0003283113693, 7.762082215e-7 };
static KInst *tanh_fast(KBuild *b, KInst *x) {
  KInst *z = m_mul(b, x, x), *p = m_mul(b, x, POLY_OF(b, z, tanh_p)), *q = POLY_OF(b, z, tanh_q);
  if (!b->target->parts) return m_div(b, p, q);
  KInst *r = m_fn(b, KF_RCPE, q, NULL), *t = m_mul(b, p, r); return m_fma(b, m_fnma(b, q, t, p), r, t);
}

/* x = n ln 2 / 2 + u; m = (exp(2 x) - 1) / 2 = 2^n (u + u^2 q(u)) + (2^n - 1) / 2;  tanh x = m / (m + 1). At 9.02 it is 1. */
static KInst *m_tanh(KBuild *b, KInst *x) {
  if (m_is64(x)) return tanh_f64(b, x);
  bool fma = b->target->fma; x = m_clamp(b, x, -9.02, 9.02);
  if (b->c->opt.fast_math) return tanh_fast(b, x);
  Power e = power_of_2(b, x, 2.8853900817779268, 0); KInst *u = m_fnma(b, e.n, m_num(b, x, fma ? 0.34657359027997264 : 0.3466796875), x);
  if (!fma) u = m_fnma(b, e.n, m_num(b, x, -1.0609722e-4), u);
  KInst *h = m_fma(b, m_mul(b, u, u), POLY_OF(b, u, tanh_f32_poly), u), *m = m_fma(b, e.s, h, m_fma(b, e.s, m_num(b, x, 0.5), m_num(b, x, -0.5)));
  return m_ratio(b, m, m, true);
}

/* ---- erf: near 0 an odd polynomial; beyond, 1 - exp(g(|x|)) with g = log(1 - erf) */
static const double erf_small_f32[] = { 1.283791512e-01, -3.761247993e-01, 1.128168255e-01, -2.676171809e-02, 4.985939246e-03, -5.953736836e-04 };
static const double erf_large_f32[] = { -1.807172957e-04, -1.127737641e+00, -6.370773911e-01, -1.040239260e-01, 2.227156982e-02, -3.054452362e-03,
  1.970858430e-04 };
static const double erf_small_f64[] = { 0.1283791670955126, -0.37612638903183754, 0.1128379167095512, -0.02686617064512984, 0.0052239776254232985,
  -0.000854832702193483, 0.00012055332902888736, -1.4925647567519332e-05, 1.6462045441468418e-06, -1.6364642158167616e-07, 1.4792401209404813e-08,
  -1.216456005728345e-09, 8.709045129053106e-11, -4.230945824295338e-12 };
/* ---- erfc(|x| / sqrt 2) / 2 */
static const double tail_f32[] = { 5.401742458e-01, -1.559071392e-01, -1.035500094e-01, 2.465850264e-01, -1.725779176e-01, 2.927113697e-02,
  2.709035017e-02, -9.057718329e-03, -6.067144219e-03, 2.968720393e-03 };
static const double tail_f64[] = { 0.5401742508156611, -0.1559072142643728, -0.1035506367696767, 0.2465903296417516, -0.1725646446751747,
  0.02917254861903202, 0.0270358039974167, -0.00836278556915067, -0.00639570713993375, 0.0012872613344885, 0.001881899078748, 0.0001344053719325,
  -0.0004836383283376, -0.0002138409464896, 5.8856670853e-5, 9.26514844644e-5, 2.09684133984e-5, -1.4742456434e-5, -5.104066203e-6, -2.0733651849e-5,
  -2.034443768e-6, 3.0101043958e-5, -1.9601270278e-5, 3.887509226e-6 };

/* N / d: d = a + 1.125 with the rest dl, N = e^(r + rl) P(z) as p + pl, v about N / d and a step. Only that one's rounding is felt in full. */
static KInst *m_normtail(KBuild *b, KInst *x) {
  bool w = m_is64(x);
  if (!w && !b->target->fma) return k_cast(b, CV_PLAIN, T_F32, m_normtail(b, k_cast(b, CV_PLAIN, T_F64, x)));
  KInst *a = m_min(b, m_abs(b, x), m_num(b, x, w ? 38.6 : 14.5)), *c = m_num(b, x, 1.125), *d = m_add(b, a, c), *dl = m_sub(b, a, m_sub(b, d, c));
  KInst *y = inverse(b, d, false), *z = m_mul(b, inverse(b, m_add(b, a, m_num(b, x, 3.5)), true), m_sub(b, a, m_num(b, x, 1.5)));
  KInst *q = w ? poly(b, z, tail_f64 + 1, 23) : poly(b, z, tail_f32 + 1, 9), *h = m_mul(b, a, m_num(b, x, -0.5));
  c = m_num(b, x, (w ? tail_f64 : tail_f32)[0]); KInst *p = m_fma(b, z, q, c);
  KInst *pl = m_fma(b, z, q, m_sub(b, c, p)), *s = m_mul(b, h, a), *sl = m_fma(b, h, a, m_neg(b, s));
  Power n = power_of_2(b, s, 1.4426950408889634, FAR(x)); KInst *r = less_ln2(b, n.n, s, false), *rl = less_ln2(b, n.n, sl, true);
  KInst *u = m_add(b, r, rl);
  if (b->c->opt.fast_math && !w) return scaled(b, m_mul(b, m_mul(b, p, POLY_OF(b, u, exp_fast)), inverse(b, d, true)), n);
  rl = m_fma(b, m_mul(b, u, u), exp_tail(b, u), rl); pl = m_fma(b, r, p, m_fma(b, rl, p, m_fma(b, r, pl, pl)));
  KInst *v = m_mul(b, m_add(b, p, pl), y), *rest = m_fnma(b, dl, v, m_add(b, m_fnma(b, d, v, p), pl)); return scaled(b, m_fma(b, rest, y, v), n);
}
static KInst *m_erf(KBuild *b, KInst *x) {
  bool d = m_is64(x); KInst *s, *z = m_mul(b, x, x), *a = m_min(b, m_abs(b, x), m_num(b, x, d ? 5.95 : 3.95)), *one = m_num(b, x, 1), *rest;
  if (d) rest = m_normtail(b, m_mul(b, a, m_num(b, x, 1.4142135623730951))), rest = m_add(b, rest, rest);
  else { KInst *p = exp_core(b, POLY_OF(b, a, erf_large_f32), 0, &s); rest = m_fma(b, s, p, s); }
  KInst *small = m_fma(b, x, POLY(b, z, erf_small), x), *big = m_sub(b, one, rest);
  big = m_pick(b, m_test(b, KF_LT, x, 0), m_neg(b, big), big); return m_pick(b, m_test(b, KF_GT, m_abs(b, x), d ? 1 : 0.92), big, small);
}

/* ---- sin and cos. f32 beyond what pi/2 in three parts can do: by the bits of 2/pi that matter (Payne and Hanek, "Radian reduction for
 * trigonometric functions", SIGNUM 1983), behind a branch that ordinary arguments never take. */
static const double sin_f32[] = { -1.666665971e-01, 8.333069272e-03, -1.980977395e-04, 2.606081807e-06 };
static const double sin_f64[] = { -0.16666666666666666, 0.008333333333333316, -0.00019841269841254885, 2.7557319219139174e-06,
  -2.5052107613933993e-08, 1.6058977114025017e-10, -7.643963964341573e-13, 2.731365847766212e-15 };

typedef struct Angle { KInst *r, *t; } Angle;              /* t: its last bit tells whether the sign changes */

/* x = (q + turn/2) pi + r; t is q + turn behind a magic number, as in power_of_2. */
static Angle reduce_parts(KBuild *b, KInst *x, bool turn, double p1, double p2, double p3) {
  double magic = (m_is64(x) ? 6755399441055744.0 : 12582912.0) + turn; KInst *c = m_num(b, x, 0.3183098861837907);
  KInst *t = turn ? m_add(b, m_fma(b, x, c, m_num(b, x, -0.5)), m_num(b, x, magic)) : m_fma(b, x, c, m_num(b, x, magic));
  KInst *q = m_sub(b, t, m_num(b, x, magic)); q = turn ? m_add(b, q, m_num(b, x, 0.5)) : q;
  KInst *r = m_fnma(b, q, m_num(b, x, p2), m_fnma(b, q, m_num(b, x, p1), x)); return (Angle){ m_fnma(b, q, m_num(b, x, p3), r), t };
}

/* f64: parts of 33 bits, good to |x| = 2^20 (with fma 2^30, the error growing slowly). Beyond, only |sin| <= 1 is promised. */
static Angle reduce_f64(KBuild *b, KInst *x, bool turn) {
  Angle a = reduce_parts(b, x, turn, 3.1415926534682512, 1.2154201012607932e-10, 4.044532497591901e-21); a.r = m_clamp(b, a.r, -1.6, 1.6); return a;
}

/* f32: with fma in f32; without it in f64, where the products are exact. */
static Angle reduce_near(KBuild *b, KInst *x, bool turn) {
  if (b->target->fma) return reduce_parts(b, x, turn, 3.1415927410125732, -8.742277657347586e-08, -3.4302490200117638e-15);
  Angle a = reduce_f64(b, k_cast(b, CV_PLAIN, T_F64, x), turn); KInst *low = k_cast(b, CV_PLAIN, T_I32, m_bits(b, a.t));
  return (Angle){ k_cast(b, CV_PLAIN, T_F32, a.r), m_float(b, low) };
}

/* The bits of 2/pi behind 32 zeros, in words: w[at + j] by comparing, there are five places to start. */
static KInst *word(KBuild *b, KInst *at, int j) {
  static const int64_t w[] = { 0, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab };
  KInst *v = k_const(b, (KType){ T_U32, at->type.lanes }, 0, w[j]);
  for (int k = 1; k < 5; k++) v = m_pick(b, m_fn(b, KF_GE, at, m_int(b, at, k)), k_const(b, v->type, 0, w[j + k]), v);
  return v;
}

/* Bits shift .. shift + 31 of the words hi, lo; a shift by 32 gives 0, as scalar.def has it. */
static KInst *window(KBuild *b, KInst *hi, KInst *lo, KInst *shift) {
  KInst *l = m_fn(b, KF_SHR, lo, m_sub(b, m_int(b, shift, 32), shift)), *w = m_or(b, m_fn(b, KF_SHL, hi, shift), l);
  return k_cast(b, CV_PLAIN, T_U64, w);
}

/* |x| = M 2^s with 24 bits of M. Bits of 2/pi of weight 2^(2 - s) and more only add multiples of 4 to x 2/pi: the product of M with the 96 bits from
 * there on, modulo 2^64, is x 2/pi mod 4 with the weight 2^-62. Of negative x, r changes sign. turn: x + pi/2, of |x| since cos is even. */
static Angle reduce_far(KBuild *b, KInst *x, bool turn) {
  KInst *i = k_cast(b, CV_BITS, T_U32, m_abs(b, x)), *s = m_sub(b, m_fn(b, KF_SHR, i, m_int(b, i, 23)), m_int(b, i, 150));
  KInst *from = m_add(b, s, m_int(b, s, 32 - 2));          /* bits to leave out, with the 32 zeros; s >= -7, smaller x are not used */
  KInst *at = m_fn(b, KF_SHR, from, m_int(b, from, 5)), *shift = m_and(b, from, m_int(b, from, 31)), *w[4];
  for (int j = 0; j < 4; j++) w[j] = word(b, at, j);
  KInst *m = m_or(b, m_and(b, i, m_int(b, i, 0x7fffff)), m_int(b, i, 0x800000)); m = k_cast(b, CV_PLAIN, T_U64, m);
  KInst *c32 = m_int(b, m, 32), *p = m_fn(b, KF_SHL, m_mul(b, m, window(b, w[0], w[1], shift)), c32);
  p = m_add(b, p, m_mul(b, m, window(b, w[1], w[2], shift))); p = m_add(b, p, m_fn(b, KF_SHR, m_mul(b, m, window(b, w[2], w[3], shift)), c32));
  if (turn) p = m_add(b, p, m_int(b, p, (int64_t)1 << 62));
  KInst *n = m_fn(b, KF_SHR, m_add(b, p, m_int(b, p, (int64_t)1 << 62)), m_int(b, p, 63));
  KInst *rest = k_cast(b, CV_BITS, T_I64, m_sub(b, p, m_fn(b, KF_SHL, n, m_int(b, n, 63)))), *r = k_cast(b, CV_PLAIN, T_F64, rest);
  r = k_cast(b, CV_PLAIN, T_F32, m_mul(b, r, m_num(b, r, 3.4061215800304797e-19)));
  if (!turn) r = m_pick(b, m_test(b, KF_LT, x, 0), m_neg(b, r), r);
  return (Angle){ r, m_float(b, k_cast(b, CV_PLAIN, T_I32, n)) };
}

/* |x| to the limit by parts; where any lane is beyond it, that lane by the long product. */
static Angle reduce_f32(KBuild *b, KInst *x, bool turn) {
  Angle a = reduce_near(b, x, turn); double limit = b->target->fma ? 100000 : 1000000;
  KInst *big = m_test(b, KF_GT, m_abs(b, x), limit), *r = m_var(b, a.r), *t = m_var(b, a.t); KSave save = m_if_any(b, big);
  Angle far = reduce_far(b, x, turn);
  big = m_and(b, big, m_test(b, KF_LT, m_abs(b, x), INFINITY)); set(b, r, m_pick(b, big, far.r, a.r)); set(b, t, m_pick(b, big, far.t, a.t));
  k_back(b, save); return (Angle){ r, t };
}

/* sin(x), or with turn sin(x + pi/2). The product keeps the sign of 0. */
static KInst *sin_turned(KBuild *b, KInst *x, bool turn) {
  bool d = m_is64(x); Angle a = d ? reduce_f64(b, x, turn) : reduce_f32(b, x, turn); KInst *z = m_mul(b, a.r, a.r), *i = m_bits(b, a.t);
  KInst *v = m_fma(b, m_mul(b, a.r, z), POLY(b, z, sin), a.r);
  return m_float(b, m_fn(b, KF_XOR, m_bits(b, v), m_fn(b, KF_SHL, i, m_int(b, i, d ? 63 : 31))));
}
static KInst *m_sin(KBuild *b, KInst *x) { return sin_turned(b, x, false); }
static KInst *m_cos(KBuild *b, KInst *x) { return sin_turned(b, x, true); }

static const double atan_f32[] = { -3.333315253e-01, 1.999377310e-01, -1.421105266e-01, 1.066599339e-01, -7.552189380e-02, 4.321156442e-02,
  -1.636774465e-02, 2.920645988e-03 };
static const double atan_f64[] = { -0.3333333333333333, 0.19999999999999554, -0.14285714285648404, 0.11111111107234799, -0.09090908969557403,
  0.07692305354678655, -0.06666636435777692, 0.05882074956371294, -0.05261265735709454, 0.04752086773576656, -0.04308119655330471,
  0.03872640214042632, -0.033750132001619734, 0.027567942297344678, -0.020238706986393514, 0.012756172907694298, -0.006575683344151699,
  0.002622977891906089, -0.0007518472526973822, 0.0001368724853148122, -1.1832505417555692e-05 };
static KInst *m_atan(KBuild *b, KInst *x) {
  bool d = m_is64(x); KInst *large = m_test(b, KF_GT, m_abs(b, x), 1), *t = m_pick(b, large, m_div(b, m_num(b, x, -1), x), x), *z = m_mul(b, t, t);
  KInst *r = m_fma(b, m_mul(b, z, t), POLY(b, z, atan), t), *minus = m_test(b, KF_LT, x, 0);
  KInst *quarter = m_pick(b, minus, m_num(b, x, -1.5707963267948966), m_num(b, x, 1.5707963267948966));
  KInst *low = m_num(b, x, d ? 6.123233995736766e-17 : -4.371139000186241e-08);
  low = m_pick(b, minus, m_neg(b, low), low); return m_pick(b, large, m_add(b, quarter, m_add(b, r, low)), r);
}

/* ---- x ** y. Floats: products where y is a small whole constant, a root where it is 1/2; else exp(y log |x|), with log |x| so that the
 * product's error does not show, then the sign and the cases of C's pow. Integers: squares and products, bit by bit.
 *
 *   x ** 3  = x * x * x           x ** -2 = (1/x) * (1/x)           x ** 0.5 = sqrt(x + 0), +inf for -inf */

/* The value of y if it is one number in all lanes. */
static bool constant_of(const KInst *y, double *v) {
  const KInst *k = y->op == K_BCAST ? y->a[0] : y; bool flt = type_is_float(k->type.elem);
  *v = flt ? k->f : (double)k->imm; return k->op == K_CONST;
}

/* x^n, n >= 1. */
static KInst *whole_power(KBuild *b, KInst *x, int n) {
  KInst *r = NULL;
  for (; n; n >>= 1) { if (n & 1) r = r ? m_mul(b, r, x) : x; x = n > 1 ? m_mul(b, x, x) : x; }
  return r;
}

/* NULL: y is no such constant. The error grows with n: 3.5 ulp at 8. */
static KInst *by_products(KBuild *b, KInst *x, KInst *y) {
  double v;
  if (!constant_of(y, &v)) return NULL;
  if (v == 0) return m_num(b, x, 1);
  if (v == 0.5) {
    KInst *root = m_fn(b, KF_SQRT, m_add(b, x, m_num(b, x, 0)), NULL); return m_pick(b, m_test(b, KF_EQ, x, -INFINITY), m_num(b, x, INFINITY), root);
  }
  if (v != floor(v) || v < -4 || v > 8) return NULL;
  return v > 0 ? whole_power(b, x, (int)v) : whole_power(b, m_div(b, m_num(b, x, 1), x), (int)-v);
}

/* C's rules: 1 for y = 0, x = 1 and |x| = 1 with infinite y; x < 0: NaN unless y is whole, and the sign of an odd y (also of -0). */
static KInst *edges(KBuild *b, KInst *x, KInst *y, KInst *r) {
  KInst *one = m_num(b, x, 1), *half = m_mul(b, y, m_num(b, x, 0.5)), *bits = m_bits(b, x), *zero = m_num(b, x, 0);
  KInst *whole = m_fn(b, KF_EQ, m_fn(b, KF_FLOOR, y, NULL), y), *odd = m_and(b, whole, m_fn(b, KF_NE, m_fn(b, KF_FLOOR, half, NULL), half));
  KInst *below = m_fn(b, KF_LT, x, zero), *minus = m_fn(b, KF_LT, bits, m_int(b, bits, 0)); r = m_pick(b, m_and(b, minus, odd), m_neg(b, r), r);
  KInst *bad = m_and(b, below, m_fn(b, KF_NOT, whole, NULL)), *finite = m_fn(b, KF_GT, x, m_num(b, x, -INFINITY));
  r = m_pick(b, m_and(b, bad, finite), m_num(b, x, NAN), r);
  KInst *endless = m_and(b, m_test(b, KF_EQ, m_abs(b, x), 1), m_test(b, KF_EQ, m_abs(b, y), INFINITY));
  KInst *is_one = m_or(b, m_test(b, KF_EQ, x, 1), m_test(b, KF_EQ, y, 0)); return m_pick(b, m_or(b, is_one, endless), one, r);
}

/* One bit of y a step; a negative y gives 1 for x = 1, +-1 for x = -1, else 0. */
static KInst *integer_power(KBuild *b, KInst *x, KInst *y) {
  int bits = 8 * (x->type.elem == T_WINT ? 8 : type_bytes(x->type.elem)); bool sign = type_class(x->type.elem) == 'i';
  KInst *zero = m_int(b, x, 0), *one = m_int(b, x, 1), *r = one, *p = x, *odd = m_fn(b, KF_NE, m_and(b, y, one), zero);
  for (int k = 0; k < bits - sign; k++) {
    KInst *bit = m_and(b, m_fn(b, KF_SHR, y, m_int(b, x, k)), one); r = m_pick(b, m_fn(b, KF_NE, bit, zero), m_mul(b, r, p), r); p = m_mul(b, p, p);
  }
  if (!sign) return r;
  KInst *minus = m_int(b, x, -1), *unit = m_pick(b, odd, minus, one);
  KInst *inverse = m_pick(b, m_fn(b, KF_EQ, x, one), one, m_pick(b, m_fn(b, KF_EQ, x, minus), unit, zero));
  return m_pick(b, m_fn(b, KF_LT, y, zero), inverse, r);
}
static bool is_one(const KInst *k) { double v; return constant_of(k, &v) && v == 1; }

/* 1 / (1 + e) as above. 1 / y and 1 / sqrt(y) by an estimate and a step, where there is an instruction for it. Where the step's error is no small
 * number (0, infinity, NaN; with a rough estimate also denormal ones), the estimate is the result, or a division's. */
static KInst *m_divide(KBuild *b, KInst *x, KInst *y) {
  bool sum = y->op == K_FN && y->fn == KF_ADD, root = y->op == K_FN && y->fn == KF_SQRT;
  if (y->type.elem != T_F32 || !is_one(x)) return m_div(b, x, y);
  if (sum && !b->c->opt.fast_math && (is_one(y->a[0]) || is_one(y->a[1]))) return m_ratio(b, x, y->a[is_one(y->a[0])], false);
  if (!b->target->parts && (!b->target->rough || sum)) return m_div(b, x, y);
  KInst *q = root ? y->a[0] : y, *r = m_fn(b, root ? KF_RSQRTE : KF_RCPE, q, NULL), *e = m_fnma(b, root ? m_mul(b, q, r) : q, r, m_num(b, q, 1));
  if (b->target->parts) return m_pick(b, m_test(b, KF_GT, e, -1), m_fma(b, root ? m_mul(b, r, m_num(b, q, 0.5)) : r, e, r), r);
  KInst *h = root ? m_mul(b, e, m_fma(b, e, m_num(b, q, 0.375), m_num(b, q, 0.5))) : m_fma(b, e, e, e), *v = m_var(b, m_fma(b, r, h, r));
  KInst *ok = m_test(b, KF_LT, h, 1); KSave save = m_if_any(b, m_fn(b, KF_NOT, ok, NULL));
  set(b, v, m_pick(b, ok, v, m_div(b, x, root ? m_fn(b, KF_SQRT, q, NULL) : q))); k_back(b, save); return v;
}

/* x * y exactly: the product and, with what is to be added, its rest. */
static KInst *rest_of(KBuild *b, KInst *x, KInst *y, KInst *product) { return m_fma(b, x, y, m_neg(b, product)); }

/* v[i & 7] in every lane. */
static KInst *look_up(KBuild *b, KInst *i, const double *v) {
  KInst *r[8]; KType t = { T_F32, i->type.lanes }; bool fits = t.lanes == 8 || t.lanes == 16;
  if (fits && (b->target->parts || b->target->rough)) return k_put(b, (KInst){ .op = K_TABLE, .type = t, .a = { i }, .table = v });
  for (int k = 0; k < 8; k++) r[k] = k_const(b, t, (double)(float)v[k], 0);
  for (int n = 4, bit = 1; n; n /= 2, bit *= 2)
    for (int k = 0; k < n; k++) r[k] = m_pick(b, m_fn(b, KF_NE, m_and(b, i, m_int(b, i, bit)), m_int(b, i, 0)), r[2 * k + 1], r[2 * k]);
  return r[0];
}
/* C, so short that m C - 1 is exact in the whole cell; -log C in two parts, the first in multiples of 2^-17; (log(1 + r) - r + r^2/2) (-2 / r^3) */
static const double cell_c[] = { 1.3125, 1.25, 1.125, 1.0625, 1, 0.875, 0.78125, 0.71875 };
static const double cell_log[] = { -0x1.1676p-2, -0x1.c9p-3, -0x1.e27p-4, -0x1.f0ap-5, 0, 0x1.1178p-3, 0x1.f99p-3, 0x1.522ap-2 };
static const double cell_low[] = { 7.937937e-7, 9.799357e-7, -4.428829e-7, -1.452871e-6, 0, 1.729539e-6, 3.388478e-6, 3.344585e-6 };
static const double log1p_f32[] = { -6.666666269e-01, 4.999975562e-01, -4.000431001e-01, 3.349332809e-01, -2.775150537e-01 };

/* x^y for normal x > 0: x = 2^e m, m in 0.725 .. 1.45 by cells, r = m C - 1; log x = e ln 2 - log C + r - r^2/2 + ... = w + l, *t = y w, and with the
 * product's rest e^(y w + y l). Right for |*t| < 87. With up, for all: t's exponent less up (in units of the last place of 2^24). */
static KInst *power_core(KBuild *b, KInst *x, KInst *up, KInst *y, KInst **t) {
  KInst *k = m_bits(b, x), *i = m_sub(b, k, m_int(b, k, 0x3f39999a)), *e = m_and(b, i, m_int(b, i, -(1 << 23)));
  KInst *m = m_float(b, m_sub(b, k, e)), *cell = m_fn(b, KF_SHR, i, m_int(b, i, 20)), *r = m_fma(b, m, look_up(b, cell, cell_c), m_num(b, x, -1));
  e = k_cast(b, CV_PLAIN, T_F32, e); e = up ? m_sub(b, e, up) : e;
  KInst *h = m_mul(b, r, m_num(b, x, -0.5)), *v = m_mul(b, h, r), *q = m_mul(b, v, r);
  KInst *l = m_fma(b, e, m_num(b, x, 1.428606765e-06 / 8388608), look_up(b, cell, cell_low));
  KInst *c = m_fma(b, e, m_num(b, x, 0.693145751953125 / 8388608), look_up(b, cell, cell_log)), *s = m_add(b, c, r), *w = m_add(b, s, v);
  KInst *low = m_add(b, m_sub(b, r, m_sub(b, s, c)), rest_of(b, h, r, m_sub(b, w, s)));
  l = m_add(b, m_fma(b, q, POLY_OF(b, r, log1p_f32), l), low); *t = m_mul(b, y, w);
  KInst *p = up ? m_clamp(b, *t, -110, 110) : *t; low = m_fma(b, y, l, rest_of(b, y, w, p)); low = up ? m_clamp(b, low, -1, 1) : low;
  Power n = power_of_2(b, m_add(b, p, low), 1.4426950408889634, up ? FAR(x) : 127);
  r = m_add(b, less_ln2(b, n.n, p, false), less_ln2(b, n.n, low, true));
  if (up) return exp_scaled(b, r, n);
  return m_float(b, m_add(b, m_bits(b, POLY_FAST(b, r, exp)), m_fn(b, KF_SHL, n.i, m_int(b, n.i, 23))));
}

/* What is not right there, and the cases of edges, behind a branch. */
static KInst *power_f32(KBuild *b, KInst *x, KInst *y) {
  KInst *t, *a = m_abs(b, x), *r = m_var(b, power_core(b, x, NULL, y, &t)), *ok = m_and(b, in_range(b, x, 128), m_test(b, KF_LT, m_abs(b, t), 87));
  KSave save = m_if_any(b, m_fn(b, KF_NOT, ok, NULL)); KInst *tiny = m_test(b, KF_LT, a, 1.17549435e-38), *zero = m_num(b, x, 0);
  KInst *up = m_pick(b, tiny, m_num(b, x, 32 * 8388608.0), zero), *all = m_pick(b, tiny, m_mul(b, a, m_num(b, x, 4294967296.0)), a);
  KInst *inside = m_and(b, m_fn(b, KF_GT, a, zero), m_and(b, m_test(b, KF_LT, a, INFINITY), m_test(b, KF_LT, m_abs(b, y), INFINITY)));
  all = m_pick(b, inside, power_core(b, all, up, y, &t), m_exp(b, m_mul(b, y, m_log(b, a))));
  set(b, r, edges(b, x, y, all)); k_back(b, save); return r;
}

static KInst *m_pow(KBuild *b, KInst *x, KInst *y) {
  double v;
  if (x->type.lanes == 1) x = k_bcast(b, x, y->type.lanes);
  if (!type_is_float(x->type.elem)) return constant_of(y, &v) && v >= 1 && v < 64 ? whole_power(b, x, (int)v) : integer_power(b, x, y);
  KInst *r = by_products(b, x, y);
  if (r) return r;
  if (y->type.lanes != x->type.lanes) y = k_emit(b, (KInst){ .op = K_BCAST, .type = x->type, .a = { y } });
  if (b->target->fma && !m_is64(x)) return power_f32(b, x, y);
  KInst *a = k_cast(b, CV_PLAIN, T_F64, m_abs(b, x)), *wide = k_cast(b, CV_PLAIN, T_F64, y);     /* f64's error: about |y log x| ulp */
  return edges(b, x, y, k_cast(b, CV_PLAIN, x->type.elem, m_exp(b, m_mul(b, wide, m_log(b, a)))));
}
KInst *k_math(KBuild *b, Fn fn, KInst *x, KInst *y) {
  static KInst *(*const rows[FN_COUNT])(KBuild *b, KInst *x) = {
    [FN_EXP] = m_exp, [FN_EXPM1] = m_expm1, [FN_LOG] = m_log, [FN_LOG1P] = m_log1p, [FN_SIN] = m_sin, [FN_COS] = m_cos, [FN_ATAN] = m_atan,
    [FN_TANH] = m_tanh, [FN_ERF] = m_erf, [FN_NORMTAIL] = m_normtail };
  return fn == FN_POW ? m_pow(b, x, y) : fn == FN_DIV ? m_divide(b, x, y) : rows[fn](b, x);
}
