/* Private to math*.c: short names for building expressions. All values of one expansion have the type of x. */
#ifndef FRIT_MATH_H
#define FRIT_MATH_H
#include "kir.h"

static inline bool m_is64(const KInst *x) { return x->type.elem == T_F64; }
/* A number of x's type (f32: rounded to it, so that all readers agree). */
static inline KInst *m_num(KBuild *b, const KInst *x, double v) { return k_const(b, x->type, m_is64(x) ? v : (double)(float)v, 0); }
static inline KInst *m_int(KBuild *b, const KInst *x, int64_t v) { return k_const(b, x->type, 0, v); }
static inline KInst *m_add(KBuild *b, KInst *x, KInst *y) { return k_fn(b, KF_ADD, x, y, NULL); }
static inline KInst *m_sub(KBuild *b, KInst *x, KInst *y) { return k_fn(b, KF_SUB, x, y, NULL); }
static inline KInst *m_mul(KBuild *b, KInst *x, KInst *y) { return k_fn(b, KF_MUL, x, y, NULL); }
static inline KInst *m_div(KBuild *b, KInst *x, KInst *y) { return k_fn(b, KF_DIV, x, y, NULL); }
static inline KInst *m_min(KBuild *b, KInst *x, KInst *y) { return k_fn(b, KF_MIN, x, y, NULL); }
static inline KInst *m_max(KBuild *b, KInst *x, KInst *y) { return k_fn(b, KF_MAX, x, y, NULL); }
static inline KInst *m_neg(KBuild *b, KInst *x) { return k_fn(b, KF_NEG, x, NULL, NULL); }
static inline KInst *m_round(KBuild *b, KInst *x) { return k_fn(b, KF_ROUND, x, NULL, NULL); }
static inline KInst *m_fma(KBuild *b, KInst *x, KInst *y, KInst *z) { return k_fn(b, KF_FMA, x, y, z); }
static inline KInst *m_fnma(KBuild *b, KInst *x, KInst *y, KInst *z) { return k_fn(b, KF_FNMA, x, y, z); }
static inline KInst *m_scale(KBuild *b, KInst *x, KInst *n) { return k_fn(b, KF_SCALE2, x, n, NULL); }
static inline KInst *m_test(KBuild *b, KFn fn, KInst *x, double v) { return k_fn(b, fn, x, m_num(b, x, v), NULL); }
static inline KInst *m_pick(KBuild *b, KInst *c, KInst *x, KInst *y) { return k_fn(b, KF_SELECT, c, x, y); }
static inline KInst *m_abs(KBuild *b, KInst *x) { return m_max(b, x, m_neg(b, x)); }
/* c[0] + c[1] x + ... + c[n-1] x^(n-1) by Horner's rule. */
KInst *m_poly(KBuild *b, KInst *x, const double *c, int n);
#define M_POLY(b, x, c) m_poly((b), (x), (c), (int)(sizeof(c) / sizeof *(c)))

KInst *m_exp(KBuild *b, KInst *x);
KInst *m_expm1(KBuild *b, KInst *x);
KInst *m_log(KBuild *b, KInst *x);
KInst *m_log1p(KBuild *b, KInst *x);
KInst *m_tanh(KBuild *b, KInst *x);
KInst *m_erf(KBuild *b, KInst *x);
KInst *m_atan(KBuild *b, KInst *x);
KInst *m_sin(KBuild *b, KInst *x);
KInst *m_cos(KBuild *b, KInst *x);
KInst *m_pow(KBuild *b, KInst *x, KInst *y);
#endif
