/* Linear forms over any integer terms, and what is known to hold: for ir/ and the bounds check of elaboration (all others have Aff).
 *   4 * i + (j + 1) % 4 - 3     c = -3, terms: 4 * [i], 1 * [(j + 1) % 4] */
#ifndef FRIT_LIN_H
#define FRIT_LIN_H
#include "ir.h"

/* A term is an index, or a weak integer that is not linear (a quotient, a read, ...). Sorted: indices by id, then the others by hash. */
typedef struct Term { Expr *atom; int64_t k; uint64_t key; } Term;
typedef struct Lin { int64_t c; Term *at; int n, cap; bool over; } Lin;      /* over: a coefficient left 64 bits; the form means nothing */

static inline Lin lin_const(int64_t v) { return (Lin){ .c = v }; }
Lin lin_of(Ctx *c, const Expr *e), lin_extent(Ctx *c, Extent e), lin_copy(Ctx *c, const Lin *a);
Lin lin_times(Ctx *c, int64_t n, Lin a, int64_t k), lin_minus(Ctx *c, Lin a, Lin b);      /* n + k * a; a - b */
void lin_add(Ctx *c, Lin *a, const Lin *b, int64_t k);           /* a += k * b */
void lin_add_term(Ctx *c, Lin *a, Expr *atom, int64_t k), lin_drop(Lin *a, int k);
Expr *lin_expr(Ctx *c, Lin a); Range lin_range(Ctx *c, Lin a);
bool lin_is_affine(Lin a);                                       /* only indices */
bool expr_is_linear(const Expr *e);                              /* a weak sum, difference, product, negation */
int64_t div_floor(int64_t a, int64_t m);                         /* m > 0 */

/* Conditions that hold, as forms >= 0 and as written (for tabulation). A stack: known_add, then known_back to an earlier length. */
typedef struct Known { Ctx *c; VEC(Lin) lin; VEC(Fact) cond; int impossible; int64_t spent; } Known;   /* spent: work of tabulation so far */
typedef struct Mark { int lin, cond, impossible; } Mark;
Mark known_mark(const Known *k);
void known_back(Known *k, Mark m), known_add_lin(Known *k, Lin a), known_add(Known *k, const Expr *cond, bool neg);   /* cond may be NULL */
bool known_nonneg(Known *k, Lin a);                              /* is a >= 0 proven? */
void known_inside(Known *k, const Expr *e, Extent n, bool *lo, bool *hi);
/* Place d of a read counted from the oldest frame that its tensor keeps; *n: how many there are. */
const Expr *read_place(Ctx *c, const Expr *read, int d, Extent *n);
/* The reads that decide `e or ...`: ends that are not proven; where the last of them is missed (lin >= 0); whether one is missed for certain. */
typedef struct Miss { int open; Lin lin; bool certain; } Miss;
Miss known_miss(Known *k, const Expr *e);
/* Do two places, of different indices, never meet? By their difference, or a common step (2 * i and 2 * j + 1). */
bool places_apart(Ctx *c, Expr *a, Expr *b);
bool digits_apart(const Aff *a);                                  /* does a take each of its values once? A mixed radix */
/* The argument of e that holds (for j == 2: does not hold) where argument j counts; NULL: none. */
const Expr *expr_condition(const Expr *e, int j);
static inline bool is_both(const Expr *e) { return e->kind == E_FN && e->fn == FN_AND && e->type == T_BOOL; }

/* The node over fn of its arguments; itself, if none differs. */
Expr *expr_map_args(Ctx *c, Expr *e, Expr *(*fn)(Ctx *, Expr *, void *), void *arg);
#endif
