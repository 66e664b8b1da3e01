/* x ** y. Floats: products where y is a small whole constant, a root where it is 1/2; else exp(y log |x|), of f32 in f64 so that the
 * product's error does not show, then the sign and the cases of C's pow. Integers: squares and products, bit by bit.
 *
 *   x ** 3  = x * x * x           x ** -2 = (1/x) * (1/x)           x ** 0.5 = sqrt(x + 0), +inf for -inf */
#include "math.h"
#include <math.h>

/* The value of y if it is one number in all lanes. */
static bool constant_of(const KInst *y, double *v) {
  const KInst *k = y->op == K_BCAST ? y->a[0] : y; bool flt = k->type.elem == T_WFLOAT || type_is_float(k->type.elem);
  if (k->op != K_CONST) return false;
  *v = flt ? k->f : (double)k->imm;
  return true;
}

/* x^n, n >= 1. */
static KInst *whole_power(KBuild *b, KInst *x, int n) {
  KInst *r = NULL;
  for (; n; n >>= 1) {
    if (n & 1) r = r ? m_mul(b, r, x) : x;
    if (n > 1) x = m_mul(b, x, x);
  }
  return r;
}

static KInst *root(KBuild *b, KInst *x) {
  KInst *r = k_fn(b, KF_SQRT, m_add(b, x, m_num(b, x, 0)), NULL, NULL);
  return m_pick(b, m_test(b, KF_EQ, x, -INFINITY), m_num(b, x, INFINITY), r);
}

/* NULL: y is no such constant. The error grows with n: 3.5 ulp at 8. */
static KInst *by_products(KBuild *b, KInst *x, KInst *y) {
  double v;
  if (!constant_of(y, &v)) return NULL;
  if (v == 0) return m_num(b, x, 1);
  if (v == 0.5) return root(b, x);
  if (v != floor(v) || v < -4 || v > 8) return NULL;
  return v > 0 ? whole_power(b, x, (int)v) : whole_power(b, m_div(b, m_num(b, x, 1), x), (int)-v);
}

/* |x|^y. f64 is computed in f64 itself: an error of about |y log x| ulp. */
static KInst *magnitude(KBuild *b, KInst *x, KInst *y) {
  bool wide = x->type.elem == T_F32 && x->type.lanes > 0; KInst *a = m_abs(b, x);
  if (!wide) return m_exp(b, m_mul(b, y, m_log(b, a)));
  a = k_cast(b, CV_PLAIN, T_F64, a);
  y = k_cast(b, CV_PLAIN, T_F64, y); return k_cast(b, CV_PLAIN, T_F32, m_exp(b, m_mul(b, y, m_log(b, a))));
}

/* C's rules: 1 for y = 0, x = 1 and |x| = 1 with infinite y; x < 0: NaN unless y is whole, and the sign of an odd y (also of -0, whose
 * sign shows in 1/x). */
static KInst *edges(KBuild *b, KInst *x, KInst *y, KInst *r) {
  KInst *one = m_num(b, x, 1), *half = m_mul(b, y, m_num(b, x, 0.5)), *zero = m_num(b, x, 0);
  KInst *whole = k_fn(b, KF_EQ, k_fn(b, KF_FLOOR, y, NULL, NULL), y, NULL);
  KInst *odd = k_fn(b, KF_AND, whole, k_fn(b, KF_NE, k_fn(b, KF_FLOOR, half, NULL, NULL), half, NULL), NULL), *below = k_fn(b, KF_LT, x, zero, NULL);
  KInst *minus = k_fn(b, KF_OR, below, m_test(b, KF_EQ, m_div(b, one, x), -INFINITY), NULL);
  r = m_pick(b, k_fn(b, KF_AND, minus, odd, NULL), m_neg(b, r), r);
  KInst *bad = k_fn(b, KF_AND, below, k_fn(b, KF_NOT, whole, NULL, NULL), NULL), *finite = k_fn(b, KF_GT, x, m_num(b, x, -INFINITY), NULL);
  r = m_pick(b, k_fn(b, KF_AND, bad, finite, NULL), m_num(b, x, NAN), r);
  KInst *endless = k_fn(b, KF_AND, m_test(b, KF_EQ, m_abs(b, x), 1), m_test(b, KF_EQ, m_abs(b, y), INFINITY), NULL);
  KInst *is_one = k_fn(b, KF_OR, m_test(b, KF_EQ, x, 1), m_test(b, KF_EQ, y, 0), NULL);
  return m_pick(b, k_fn(b, KF_OR, is_one, endless, NULL), one, r);
}

/* One bit of y a step; a negative y gives 1 for x = 1, +-1 for x = -1, else 0. */
static KInst *integer_power(KBuild *b, KInst *x, KInst *y) {
  int bits = 8 * (type_bytes(x->type.elem) ? type_bytes(x->type.elem) : 8); bool sign = type_class(x->type.elem) == 'i';
  KInst *zero = m_int(b, x, 0), *one = m_int(b, x, 1), *r = one, *p = x, *odd = k_fn(b, KF_NE, k_fn(b, KF_AND, y, one, NULL), zero, NULL);
  for (int k = 0; k < bits - sign; k++) {
    KInst *bit = k_fn(b, KF_AND, k_fn(b, KF_SHR, y, m_int(b, x, k), NULL), one, NULL);
    r = m_pick(b, k_fn(b, KF_NE, bit, zero, NULL), m_mul(b, r, p), r);
    p = m_mul(b, p, p);
  }
  if (!sign) return r;
  KInst *minus = m_int(b, x, -1), *unit = m_pick(b, odd, minus, one);
  KInst *inverse = m_pick(b, k_fn(b, KF_EQ, x, one, NULL), one, m_pick(b, k_fn(b, KF_EQ, x, minus, NULL), unit, zero));
  return m_pick(b, k_fn(b, KF_LT, y, zero, NULL), inverse, r);
}

KInst *m_pow(KBuild *b, KInst *x, KInst *y) {
  double v;
  if (x->type.lanes == 1 && y->type.lanes != 1) x = k_emit(b, (KInst){ .op = K_BCAST, .type = { x->type.elem, y->type.lanes }, .a = { x } });
  if (x->type.elem != T_WFLOAT && !type_is_float(x->type.elem))
    return constant_of(y, &v) && v >= 1 && v < 64 ? whole_power(b, x, (int)v) : integer_power(b, x, y);
  KInst *r = by_products(b, x, y);
  if (r) return r;
  if (y->type.lanes == 1 && x->type.lanes != 1) y = k_emit(b, (KInst){ .op = K_BCAST, .type = x->type, .a = { y } });
  return edges(b, x, y, magnitude(b, x, y));
}
