/* The arithmetic of single numbers: what scalar.def says, executable. Shared by constant folding and the reference interpreter.
 * A number is a double (float types and T_WFLOAT) or an int64_t (bool, integers, T_WINT). Integers are kept in the canonical form of their
 * type: sign-extended (i8..i64), zero-extended (u8..u32), the bit pattern for u64, 0 or 1 for bool.
 *   Num a = value_load(x, T_I8, 3), b = convert_value(a, T_I8, T_F32, CV_PLAIN);
 *   double y = value_round(fn_eval_f(FN_EXP, b.f, 0), T_F32); */
#ifndef FRIT_SCALAR_H
#define FRIT_SCALAR_H
#include "ir.h"

typedef struct Num { double f; int64_t i; } Num;         /* f for float types, else i; the other is 0 */
static inline Num const_num(const Expr *e) { return type_is_float(e->type) ? (Num){ .f = e->f } : (Num){ .i = e->i }; }

/* fn of doubles, in double; the caller rounds (value_round). Not for comparisons, isnan and bit operations (0). b is unused by unary ones. */
double fn_eval_f(Fn f, double a, double b);
/* fn of integers or bools of type t (the promoted type; T_WINT counts as i64): the result in t, wrapped. Comparisons give 0 or 1.
 * Arithmetic + - * and negation of bools is done in i32: pass T_I32. Never traps. */
int64_t fn_eval_i(Fn f, int64_t a, int64_t b, Type t); bool fn_test_f(Fn f, double a, double b);     /* test: comparisons and isnan */
/* Any function: arguments of type `t` (already converted to the promoted type), result of type fn_result(f, t). Floats are not rounded. */
Num fn_eval(Fn f, Num a, Num b, Type t);
Type fn_promoted(Fn f, Expr *const *arg);                /* the promoted type of its arguments */
Type fn_result(Fn f, Type t);                            /* of f over arguments of promoted type t */
Type fn_compute_type(Fn f, Type t);                      /* in which that is done: t, but i32 for arithmetic of bools, f32 for rule F of integers */
/* Like fn_eval_i for T_WINT, false if the exact result is no int64_t or there is none (division by zero). */
bool fn_eval_exact(Fn f, int64_t a, int64_t b, int64_t *out);

/* v of type `from` as `to`. CV_PLAIN: float to integer truncates (out of range: wraps modulo 2^64, NaN gives 0), integer to integer wraps,
 * to bool is != 0, to float rounds half to even. CV_SAT: rounds half to even, saturates (NaN: 0; floats: to the largest finite).
 * CV_BITS: the bits of the element, low bytes first; missing bytes are 0. Weak types count as i64 and, for bits, f32. */
Num convert_value(Num v, Type from, Type to, Convert mode);
/* v rounded to the values of t (f16, bf16, f32: half to even, overflow to inf); f64 and T_WFLOAT: v itself. */
double value_round(double v, Type t);
int64_t value_wrap(int64_t v, Type t);                   /* to the width of integer or bool type t (bool: v != 0) */
/* Element k of an array of t (may be unaligned). Weak types are stored as i64 and f32. */
Num value_load(const void *p, Type t, int64_t k); void value_store(void *p, Type t, int64_t k, Num v);

/* Of a reduction over elements of type t: its identity (0, 1, lowest, highest, false, true, NaN, 0, 0) and its type. */
Num red_identity(Red r, Type t); Type red_result(Red r, Type t);
static inline bool red_is_place(Red r) { return r == RED_ARGMAX || r == RED_ARGMIN; }
#endif
