/* sin, cos and atan over machine functions.
 *
 *   x = q pi/2 + r, |r| <= pi/4;   sin r = r + r^3 S(r^2),  cos r = 1 - r^2/2 + r^4 C(r^2);   q mod 4 picks one and its sign
 *   atan(x) = x + x^3 P(x^2) on |x| <= 1, else +-pi/2 + the same of -1/x
 *
 * Reduction: pi/2 in three parts (Cody and Waite) while they suffice; f32 beyond that by multiplying with the bits of 2/pi that matter
 * (Payne and Hanek, "Radian reduction for trigonometric functions", SIGNUM 1983), behind a branch that ordinary arguments never take. */
#include "lower.h"
#include "math.h"
#include <math.h>

static const double sin_f32[] = { -1.666665524e-01, 8.332168683e-03, -1.951601153e-04 };
static const double cos_f32[] = { 4.166664556e-02, -1.388735487e-03, 2.443700578e-05 };
static const double sin_f64[] = { -0.16666666666666666, 0.008333333333333331, -0.00019841269841265017, 2.755731921930192e-06, -2.5052106219521895e-08,
  1.6058529572267877e-10, -7.586576588171073e-13 };
static const double cos_f64[] = { 0.041666666666666664, -0.0013888888888888887, 2.4801587301584618e-05, -2.7557319221382114e-07, 2.087675578389404e-09,
  -1.1470459749675607e-11, 4.745804889760674e-14 };

typedef struct Angle { KInst *r, *q; } Angle;              /* q: a whole float; only q mod 4 counts */

static Angle reduce_parts(KBuild *b, KInst *x, double p1, double p2, double p3) {
  KInst *q = m_round(b, m_mul(b, x, m_num(b, x, 0.6366197723675814))), *r = m_fnma(b, q, m_num(b, x, p1), x);
  r = m_fnma(b, q, m_num(b, x, p2), r); return (Angle){ m_fnma(b, q, m_num(b, x, p3), r), q };
}

/* f64: parts of 33 bits, good to |x| = 2^20 (with fma 2^30, the error growing slowly). Beyond, only |sin| <= 1 is promised. */
static Angle reduce_f64(KBuild *b, KInst *x) {
  Angle a = reduce_parts(b, x, 1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21);
  a.r = m_min(b, m_max(b, a.r, m_num(b, x, -0.8)), m_num(b, x, 0.8)); return a;
}

/* f32: with fma in f32; without it in f64, where the products are exact. */
static Angle reduce_near(KBuild *b, KInst *x) {
  if (b->target->fma || x->type.lanes < 0) return reduce_parts(b, x, 1.5707963705062866, -4.371138828673793e-08, -1.7151245100058819e-15);
  Angle a = reduce_f64(b, k_cast(b, CV_PLAIN, T_F64, x));
  return (Angle){ k_cast(b, CV_PLAIN, T_F32, a.r), k_cast(b, CV_PLAIN, T_F32, a.q) };
}

/* The bits of 2/pi behind 32 zeros, in words: w[at + j] by comparing, there are five places to start. */
static KInst *word(KBuild *b, KInst *at, int j) {
  static const int64_t w[] = { 0, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab };
  KInst *v = k_const(b, (KType){ T_U32, at->type.lanes }, 0, w[j]);
  for (int k = 1; k < 5; k++) v = m_pick(b, k_fn(b, KF_GE, at, m_int(b, at, k), NULL), k_const(b, v->type, 0, w[j + k]), v);
  return v;
}

/* Bits shift .. shift + 31 of the words hi, lo; a shift by 32 gives 0, as scalar.def has it. */
static KInst *window(KBuild *b, KInst *hi, KInst *lo, KInst *shift) {
  KInst *l = k_fn(b, KF_SHR, lo, m_sub(b, m_int(b, shift, 32), shift), NULL), *w = k_fn(b, KF_OR, k_fn(b, KF_SHL, hi, shift, NULL), l, NULL);
  return k_cast(b, CV_PLAIN, T_U64, w);
}

/* |x| = M 2^s with 24 bits of M. Bits of 2/pi of weight 2^(2 - s) and more only add multiples of 4 to x 2/pi: the product of M with the 96
 * bits from there on, modulo 2^64, is x 2/pi mod 4 with the weight 2^-62. Negative x: both parts change sign. */
static Angle reduce_far(KBuild *b, KInst *x) {
  KInst *i = k_cast(b, CV_BITS, T_U32, m_abs(b, x)), *s = m_sub(b, k_fn(b, KF_SHR, i, m_int(b, i, 23), NULL), m_int(b, i, 150));
  KInst *from = m_add(b, s, m_int(b, s, 32 - 2));          /* bits to leave out, with the 32 zeros; s >= -7, smaller x are not used */
  KInst *at = k_fn(b, KF_SHR, from, m_int(b, from, 5), NULL), *shift = k_fn(b, KF_AND, from, m_int(b, from, 31), NULL), *w[4];
  for (int j = 0; j < 4; j++) w[j] = word(b, at, j);
  KInst *m = k_fn(b, KF_OR, k_fn(b, KF_AND, i, m_int(b, i, 0x7fffff), NULL), m_int(b, i, 0x800000), NULL);
  m = k_cast(b, CV_PLAIN, T_U64, m);
  KInst *c32 = m_int(b, m, 32), *p = k_fn(b, KF_SHL, m_mul(b, m, window(b, w[0], w[1], shift)), c32, NULL);
  p = m_add(b, p, m_mul(b, m, window(b, w[1], w[2], shift)));
  p = m_add(b, p, k_fn(b, KF_SHR, m_mul(b, m, window(b, w[2], w[3], shift)), c32, NULL));
  KInst *n = k_fn(b, KF_SHR, m_add(b, p, m_int(b, p, (int64_t)1 << 61)), m_int(b, p, 62), NULL);
  KInst *rest = k_cast(b, CV_BITS, T_I64, m_sub(b, p, k_fn(b, KF_SHL, n, m_int(b, n, 62), NULL))), *r = k_cast(b, CV_PLAIN, T_F64, rest);
  r = k_cast(b, CV_PLAIN, T_F32, m_mul(b, r, m_num(b, r, 3.4061215800304797e-19)));
  KInst *q = k_cast(b, CV_PLAIN, T_F32, k_cast(b, CV_BITS, T_I64, n)), *minus = m_test(b, KF_LT, x, 0);
  return (Angle){ m_pick(b, minus, m_neg(b, r), r), m_pick(b, minus, m_neg(b, q), q) };
}

static KInst *enter(KBuild *b, KInst *branch, KSave *save) {
  if (b->memo)
    *save = k_into(b, &branch->body);
  else {
    *save = (KSave){ b->block, NULL };
    b->block = &branch->body;
  }
  return branch;
}

static void leave(KBuild *b, KSave save) {
  if (b->memo)
    k_back(b, save);
  else b->block = save.block;
}

static void set(KBuild *b, KInst *var, KInst *v) { k_emit(b, (KInst){ .op = K_SET, .type = var->type, .a = { var, v } }); }

/* |x| to the limit by parts; where any lane is beyond it, that lane by the long product. */
static Angle reduce_f32(KBuild *b, KInst *x) {
  Angle a = reduce_near(b, x); double limit = b->target->fma || x->type.lanes < 0 ? 100000 : 1000000;
  KInst *big = m_test(b, KF_GT, m_abs(b, x), limit);
  big = k_fn(b, KF_AND, big, m_test(b, KF_LT, m_abs(b, x), INFINITY), NULL);
  if (x->type.lanes < 0) return a;
  KInst *any = x->type.lanes == 1 ? big : k_emit(b, (KInst){ .op = K_HRED, .fn = KF_OR, .type = { T_BOOL, 1 }, .a = { big } });
  KInst *r = k_emit(b, (KInst){ .op = K_VAR, .type = x->type, .a = { a.r } }), *q = k_emit(b, (KInst){ .op = K_VAR, .type = x->type, .a = { a.q } });
  KSave save;
  enter(b, k_emit(b, (KInst){ .op = K_IF, .a = { any } }), &save);
  Angle far = reduce_far(b, x);
  set(b, r, m_pick(b, big, far.r, a.r));
  set(b, q, m_pick(b, big, far.q, a.q));
  leave(b, save); return (Angle){ r, q };
}

/* sin(x + turn pi/2) */
static KInst *sin_turned(KBuild *b, KInst *x, int turn) {
  bool d = m_is64(x); Angle a = d ? reduce_f64(b, x) : reduce_f32(b, x);
  KInst *z = m_mul(b, a.r, a.r), *s = m_fma(b, m_mul(b, z, a.r), d ? M_POLY(b, z, sin_f64) : M_POLY(b, z, sin_f32), a.r);
  KInst *c = m_fnma(b, m_num(b, x, 0.5), z, m_num(b, x, 1));
  c = m_fma(b, m_mul(b, z, z), d ? M_POLY(b, z, cos_f64) : M_POLY(b, z, cos_f32), c);
  KInst *i = k_cast(b, CV_PLAIN, d ? T_I64 : T_I32, a.q);
  if (turn) i = m_add(b, i, m_int(b, i, turn));
  KInst *zero = m_int(b, i, 0), *odd = k_fn(b, KF_NE, k_fn(b, KF_AND, i, m_int(b, i, 1), NULL), zero, NULL);
  KInst *minus = k_fn(b, KF_NE, k_fn(b, KF_AND, i, m_int(b, i, 2), NULL), zero, NULL), *v = m_pick(b, odd, c, s);
  return m_pick(b, minus, m_neg(b, v), v);
}

KInst *m_sin(KBuild *b, KInst *x) { return sin_turned(b, x, 0); }
KInst *m_cos(KBuild *b, KInst *x) { return sin_turned(b, x, 1); }

/* ---- atan */
static const double atan_f32[] = { -3.333315253e-01, 1.999377310e-01, -1.421105266e-01, 1.066599339e-01, -7.552189380e-02, 4.321156442e-02,
  -1.636774465e-02, 2.920645988e-03 };
static const double atan_f64[] = { -0.3333333333333333, 0.19999999999999554, -0.14285714285648404, 0.11111111107234799, -0.09090908969557403,
  0.07692305354678655, -0.06666636435777692, 0.05882074956371294, -0.05261265735709454, 0.04752086773576656, -0.04308119655330471,
  0.03872640214042632, -0.033750132001619734, 0.027567942297344678, -0.020238706986393514, 0.012756172907694298, -0.006575683344151699,
  0.002622977891906089, -0.0007518472526973822, 0.0001368724853148122, -1.1832505417555692e-05 };

KInst *m_atan(KBuild *b, KInst *x) {
  bool d = m_is64(x); KInst *large = m_test(b, KF_GT, m_abs(b, x), 1), *t = m_pick(b, large, m_div(b, m_num(b, x, -1), x), x), *z = m_mul(b, t, t);
  KInst *r = m_fma(b, m_mul(b, z, t), d ? M_POLY(b, z, atan_f64) : M_POLY(b, z, atan_f32), t), *minus = m_test(b, KF_LT, x, 0);
  KInst *quarter = m_pick(b, minus, m_num(b, x, -1.5707963267948966), m_num(b, x, 1.5707963267948966));
  KInst *low = m_num(b, x, d ? 6.123233995736766e-17 : -4.371139000186241e-08);
  low = m_pick(b, minus, m_neg(b, low), low); return m_pick(b, large, m_add(b, quarter, m_add(b, r, low)), r);
}
