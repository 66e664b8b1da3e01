/* The functions of ir/scalar.def over machine functions, f32 and f64: exp, log, tanh and their kin (math_trig.c: sin, cos, atan; math_pow.c).
 *
 *   exp(x)    h = x/2, n = round(h log2 e), r = h - n ln 2;   (2^n (1 + r + r^2 q(r)))^2     the square reaches denormals and infinity
 *   log(x)    x = 2^e m, sqrt(1/2) <= m < sqrt(2), f = m - 1;  e ln 2 + log(1 + f)
 *   tanh(x)   m / (m + 1), m = (exp(2x) - 1) / 2, on |x| <= 9.02
 *
 * Scalars and vectors get the same expression, so an element has the same bits in both. NaN goes in and comes out. Argument reduction in
 * two parts of ln 2: Cody and Waite, "Software Manual for the Elementary Functions", 1980. Coefficients are our own: least maximum of the
 * relative error (Lawson's weighted least squares) for f32, interpolation at Chebyshev points for f64. docs/math.md has the errors. */
#include "math.h"
#include <math.h>

KInst *m_poly(KBuild *b, KInst *x, const double *c, int n) {
  KInst *p = m_num(b, x, c[n - 1]);
  for (int k = n - 2; k >= 0; k--) p = m_fma(b, p, x, m_num(b, x, c[k]));
  return p;
}

/* ---- exp */
static const double exp_f32[] = { 4.999999404e-01, 1.666651964e-01, 4.166840017e-02, 8.368851617e-03, 1.381431823e-03 };
static const double exp_f64[] = { 0.5000000000000001, 0.16666666666666669, 0.041666666666623824, 0.008333333333330039, 0.0013888888917367081,
  0.00019841269863171557, 2.4801521057868204e-05, 2.7557268276905696e-06, 2.7620201591031547e-07, 2.5100472505694996e-08 };

/* round(x c) as a float, and 2^(that - down). By adding 1.5 * 2^23 the rounded number appears in the low bits of the sum, where a shift
 * makes an exponent of it: no conversion. */
typedef struct Power { KInst *n, *s; } Power;
static Power power_of_2(KBuild *b, KInst *x, double c, int down) {
  bool d = m_is64(x); double magic = d ? 6755399441055744.0 + 1023 - down : 12582912.0 + 127 - down;
  KInst *t = m_fma(b, x, m_num(b, x, c), m_num(b, x, magic)), *i = k_cast(b, CV_BITS, d ? T_I64 : T_I32, t);
  i = k_fn(b, KF_SHL, i, m_int(b, i, d ? 52 : 23), NULL);
  return (Power){ m_sub(b, t, m_num(b, x, magic)), k_cast(b, CV_BITS, x->type.elem, i) };
}

/* x = n ln 2 + r, |r| <= ln 2 / 2; gives exp(r) - 1 and *s = 2^(n - down). |n| < 2^10: its product with the first part of ln 2 is exact. */
static KInst *exp_core(KBuild *b, KInst *x, int down, KInst **s) {
  bool d = m_is64(x); Power e = power_of_2(b, x, 1.4426950408889634, down);
  KInst *r = m_fnma(b, e.n, m_num(b, x, d ? 0.6931471805598903 : 0.693359375), x);
  r = m_fnma(b, e.n, m_num(b, x, d ? 5.497923018708371e-14 : -2.12194440e-4), r);
  KInst *q = d ? M_POLY(b, r, exp_f64) : M_POLY(b, r, exp_f32);
  *s = e.s;
  return m_fma(b, m_mul(b, r, r), q, r);
}

KInst *m_exp(KBuild *b, KInst *x) {
  bool d = m_is64(x); KInst *s, *h = m_mul(b, x, m_num(b, x, 0.5));
  h = m_min(b, m_max(b, h, m_num(b, x, d ? -373 : -52.5)), m_num(b, x, d ? 355.5 : 45));
  KInst *p = exp_core(b, h, 0, &s), *e = m_fma(b, s, p, s); return m_mul(b, e, e);
}

/* 2 (s p + (s - 1/2)) with s = 2^(n-1): exact where n = 0, no overflow before the end. */
KInst *m_expm1(KBuild *b, KInst *x) {
  bool d = m_is64(x); KInst *s, *h = m_min(b, m_max(b, x, m_num(b, x, d ? -38 : -18)), m_num(b, x, d ? 710 : 89)), *p = exp_core(b, h, 1, &s);
  KInst *r = m_fma(b, s, p, m_sub(b, s, m_num(b, x, 0.5))); return m_add(b, r, r);
}

/* ---- log */
static const double log_f32[] = { 3.333333135e-01, -2.500082552e-01, 2.000123560e-01, -1.662314385e-01, 1.420137286e-01, -1.316201687e-01,
  1.276540160e-01, -7.634320855e-02 };
static const double log_f64[] = { 0.6666666666666666, 0.4000000000000089, 0.28571428570795937, 0.2222222239345263, 0.181817954545265,
  0.15386249788196105, 0.1326850331279476, 0.13089445145246312 };

/* x = 2^e m for finite x > 0: gives m - 1. The bits are counted from those of sqrt(1/2), so that the exponent field is e. */
static KInst *log_split(KBuild *b, KInst *x, KInst **e) {
  bool d = m_is64(x); Type it = d ? T_I64 : T_I32;
  int frac = d ? 52 : 23; int64_t root = d ? 0x3fe6a09e667f3bcd : 0x3f3504f3;
  KInst *tiny = m_test(b, KF_LT, x, d ? 2.2250738585072014e-308 : 1.17549435e-38);
  KInst *big = m_pick(b, tiny, m_mul(b, x, m_num(b, x, ldexp(1, frac + 2))), x), *i = k_cast(b, CV_BITS, it, big);
  i = m_sub(b, i, m_int(b, i, root));
  KInst *m = m_add(b, k_fn(b, KF_AND, i, m_int(b, i, ((int64_t)1 << frac) - 1), NULL), m_int(b, i, root));
  *e = k_cast(b, CV_PLAIN, x->type.elem, k_fn(b, KF_SHR, i, m_int(b, i, frac), NULL));
  *e = m_sub(b, *e, m_pick(b, tiny, m_num(b, x, frac + 2), m_num(b, x, 0)));
  return m_sub(b, k_cast(b, CV_BITS, x->type.elem, m), m_num(b, x, 1));
}

/* log(1 + f) + e ln 2 by f - f^2/2 + f^3 p(f). */
static KInst *log_f32_core(KBuild *b, KInst *f, KInst *e) {
  KInst *y = m_mul(b, f, f), *t = m_mul(b, m_mul(b, f, y), M_POLY(b, f, log_f32));
  t = m_fma(b, e, m_num(b, f, -2.12194440e-4), t); t = m_fnma(b, m_num(b, f, 0.5), y, t);
  return m_fma(b, e, m_num(b, f, 0.693359375), m_add(b, f, t));
}

/* By s = f / (2 + f): log(1 + f) = f - (f^2/2 - s (f^2/2 + R(s^2))). */
static KInst *log_f64_core(KBuild *b, KInst *f, KInst *e) {
  KInst *s = m_div(b, f, m_add(b, m_num(b, f, 2), f)), *z = m_mul(b, s, s);
  KInst *r = m_mul(b, z, M_POLY(b, z, log_f64)), *h = m_mul(b, m_num(b, f, 0.5), m_mul(b, f, f));
  KInst *t = m_fma(b, s, m_add(b, h, r), m_mul(b, e, m_num(b, f, 5.497923018708371e-14)));
  return m_fma(b, e, m_num(b, f, 0.6931471805598903), m_sub(b, f, m_sub(b, h, t)));
}

static KInst *log_core(KBuild *b, KInst *f, KInst *e) { return m_is64(f) ? log_f64_core(b, f, e) : log_f32_core(b, f, e); }

/* r where 0 < x < inf; inf and NaN stay; 0 gives -inf, less gives NaN. */
static KInst *log_edges(KBuild *b, KInst *x, KInst *r) {
  r = m_pick(b, m_test(b, KF_LT, x, INFINITY), r, x);
  KInst *low = m_pick(b, m_test(b, KF_EQ, x, 0), m_num(b, x, -INFINITY), m_num(b, x, NAN));
  return m_pick(b, m_test(b, KF_GT, x, 0), r, low);
}

KInst *m_log(KBuild *b, KInst *x) { KInst *e, *f = log_split(b, x, &e); return log_edges(b, x, log_core(b, f, e)); }

/* u = 1 + x and what the sum lost (Knuth's two-sum), which goes into f. */
KInst *m_log1p(KBuild *b, KInst *x) {
  KInst *e, *one = m_num(b, x, 1), *u = m_add(b, one, x), *v = m_sub(b, u, one), *lost = m_add(b, m_sub(b, one, m_sub(b, u, v)), m_sub(b, x, v));
  KInst *f = log_split(b, u, &e);
  f = m_add(b, f, m_scale(b, lost, m_max(b, m_neg(b, e), m_num(b, x, -100)))); return log_edges(b, u, log_core(b, f, e));
}

/* ---- tanh */
/* (exp(2 u) - 1) / 2 = u + u^2 (this). */
static const double tanh_f32_poly[] = { 9.999999404e-01, 6.666616797e-01, 3.333376348e-01, 1.338674128e-01, 4.442394152e-02 };

/* p / q, q > 0. An estimate r of 1/q with an error of d, then t = p r and t + r (p - q t): an error of d^2. */
static KInst *quotient(KBuild *b, KInst *p, KInst *q) {
  if (b->target->rcp_bits <= 0) return m_div(b, p, q);
  KInst *r = k_fn(b, KF_RCPE, q, NULL, NULL);
  if (b->target->rcp_bits < 14) r = m_mul(b, r, m_fnma(b, q, r, m_num(b, q, 2)));
  KInst *t = m_mul(b, p, r); return m_fma(b, m_fnma(b, q, t, p), r, t);
}

static KInst *tanh_f64(KBuild *b, KInst *x) {
  KInst *a = m_min(b, m_abs(b, x), m_num(b, x, 20)), *two = m_num(b, x, 2), *e = m_expm1(b, m_mul(b, a, two)), *t = m_div(b, e, m_add(b, e, two));
  return m_pick(b, m_test(b, KF_LT, x, 0), m_neg(b, t), m_pick(b, m_test(b, KF_GT, x, 0), t, x));
}

/* x = n ln 2 / 2 + u; m = (exp(2 x) - 1) / 2 = 2^n (u + u^2 q(u)) + (2^n - 1) / 2;  tanh x = m / (m + 1). At 9.02 it is 1. */
KInst *m_tanh(KBuild *b, KInst *x) {
  if (m_is64(x)) return tanh_f64(b, x);
  bool fma = b->target->fma;
  x = m_min(b, m_max(b, x, m_num(b, x, -9.02)), m_num(b, x, 9.02));
  Power e = power_of_2(b, x, 2.8853900817779268, 0);
  KInst *u = m_fnma(b, e.n, m_num(b, x, fma ? 0.34657359027997264 : 0.3466796875), x);
  if (!fma) u = m_fnma(b, e.n, m_num(b, x, -1.0609722e-4), u);
  KInst *h = m_fma(b, m_mul(b, u, u), M_POLY(b, u, tanh_f32_poly), u), *m = m_fma(b, e.s, h, m_fma(b, e.s, m_num(b, x, 0.5), m_num(b, x, -0.5)));
  return quotient(b, m, m_add(b, m, m_num(b, x, 1)));
}

/* ---- erf: near 0 an odd polynomial; beyond, 1 - exp(g(|x|)) with g = log(1 - erf) */
static const double erf_small_f32[] = { 1.283791512e-01, -3.761247993e-01, 1.128168255e-01, -2.676171809e-02, 4.985939246e-03, -5.953736836e-04 };
static const double erf_large_f32[] = { -1.807172957e-04, -1.127737641e+00, -6.370773911e-01, -1.040239260e-01, 2.227156982e-02, -3.054452362e-03,
  1.970858430e-04 };
static const double erf_small_f64[] = { 0.1283791670955126, -0.37612638903183754, 0.1128379167095512, -0.02686617064512984, 0.0052239776254232985,
  -0.000854832702193483, 0.00012055332902888736, -1.4925647567519332e-05, 1.6462045441468418e-06, -1.6364642158167616e-07, 1.4792401209404813e-08,
  -1.216456005728345e-09, 8.709045129053106e-11, -4.230945824295338e-12 };
/* In t = (|x| - 3.5) / 2.5. */
static const double erf_large_f64[] = { -14.112437402148174, -18.165248970912977, -6.042206592138938, -0.0816509097178572, 0.03412841107971968,
  -0.014384548328888422, 0.005953704477141584, -0.0023739973006794987, 0.0008935765716880319, -0.00030781940159072446, 9.090101551597176e-05,
  -1.847528986000811e-05, -1.4780737118311842e-06, 4.56839762190763e-06, -3.4204246659666945e-06, 1.91269798607734e-06, -9.165507592535276e-07,
  3.918923288527924e-07, -1.2999681259733388e-07, 1.8848830089033838e-08, -2.1580142736303587e-09, 4.710840527099266e-09, 4.521416204583651e-09,
  -7.240824974515327e-09, 2.247276352107439e-09 };

static KInst *erf_exponent(KBuild *b, KInst *a) {
  if (!m_is64(a)) return M_POLY(b, a, erf_large_f32);
  KInst *t = m_mul(b, m_sub(b, a, m_num(b, a, 3.5)), m_num(b, a, 0.4)); return M_POLY(b, t, erf_large_f64);
}

KInst *m_erf(KBuild *b, KInst *x) {
  bool d = m_is64(x); KInst *s, *z = m_mul(b, x, x), *a = m_min(b, m_abs(b, x), m_num(b, x, d ? 5.95 : 3.95));
  KInst *small = m_fma(b, x, d ? M_POLY(b, z, erf_small_f64) : M_POLY(b, z, erf_small_f32), x), *p = exp_core(b, erf_exponent(b, a), 0, &s);
  KInst *big = m_sub(b, m_num(b, x, 1), m_fma(b, s, p, s));
  big = m_pick(b, m_test(b, KF_LT, x, 0), m_neg(b, big), big);
  return m_pick(b, m_test(b, KF_GT, m_abs(b, x), d ? 1 : 0.92), big, small);
}

/* ---- the table */
static KInst *same(KBuild *b, KInst *x) { (void)b; return x; }
typedef struct MathRow { KFn direct; KInst *(*fn)(KBuild *b, KInst *x); } MathRow;
#define DIRECT(F) [FN_##F] = { KF_##F, NULL }
#define BY(F, f) [FN_##F] = { KF_COUNT, f }
static const MathRow rows[FN_COUNT] = {
  DIRECT(ADD), DIRECT(SUB), DIRECT(MUL), DIRECT(DIV), DIRECT(MOD), DIRECT(AND), DIRECT(OR), DIRECT(XOR), DIRECT(SHL), DIRECT(SHR), DIRECT(EQ),
  DIRECT(NE), DIRECT(LT), DIRECT(LE), DIRECT(GT), DIRECT(GE), DIRECT(NEG), DIRECT(NOT), DIRECT(SQRT), DIRECT(FLOOR), DIRECT(TRUNC), DIRECT(ROUND),
  DIRECT(MIN), DIRECT(MAX), DIRECT(QUO), DIRECT(REM), DIRECT(ISNAN),
  BY(EXP, m_exp), BY(EXPM1, m_expm1), BY(LOG, m_log), BY(LOG1P, m_log1p), BY(SIN, m_sin), BY(COS, m_cos), BY(ATAN, m_atan), BY(TANH, m_tanh), BY(ERF, m_erf),
};
#undef DIRECT
#undef BY

/* a - q b where q = floor or trunc of a / b. */
static KInst *float_rest(KBuild *b, Fn fn, KInst *x, KInst *y) {
  KInst *q = k_fn(b, fn == FN_MOD ? KF_FLOOR : KF_TRUNC, m_div(b, x, y), NULL, NULL);
  return fn == FN_QUO ? q : m_fnma(b, q, y, x);
}

KInst *k_math(KBuild *b, Fn fn, KInst *x, KInst *y) {
  bool flt = x->type.elem == T_WFLOAT || type_is_float(x->type.elem);
  if (fn == FN_POW) return m_pow(b, x, y);
  if (flt && (fn == FN_MOD || fn == FN_QUO || fn == FN_REM)) return float_rest(b, fn, x, y);
  if (!flt && (fn == FN_FLOOR || fn == FN_TRUNC || fn == FN_ROUND)) return same(b, x);
  if (rows[fn].fn) return rows[fn].fn(b, x);
  return k_fn(b, rows[fn].direct, x, y, NULL);
}
