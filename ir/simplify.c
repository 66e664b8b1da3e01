/* expr_simplify: folds, brings integers to a canonical form, decides what ranges and conditions decide.
 *
 *   before                                     after
 *     x[(4 * i + j) / 4, (4 * i + j) % 4]        x[i, j]                   j < 4
 *     x[1 * k - 1 + i * 2]                       x[2 * i + k - 1]
 *     x[min(i, n - 1)]                           x[i]                      i < n
 *     i < 3 ? (x[i] or 0) : 1.0                  i < 3 ? x[i] : 1.0        x has 3
 *     (x[i - 9] or 0)                            0                         i < 9
 *
 * needs   nothing     never   reorders floats
 * keeps   the type, and the value bit by bit (but for the sign of a zero that is the sum of one element)
 */
#include "lin.h"

typedef struct Simplify { Ctx *c; Known known; } Simplify;

static Expr *simplify(Simplify *s, Expr *e);

/* ---- quotients and remainders of linear forms by m > 0 */
static Lin lin_div(Ctx *c, const Lin *a, int64_t m);
static Lin lin_mod(Ctx *c, const Lin *a, int64_t m);

static int64_t mod_floor(int64_t a, int64_t m) { return a % m < 0 ? a % m + m : a % m; }

/* a / m or a % m as it stands. */
static Lin lin_quotient(Ctx *c, Fn f, const Lin *a, int64_t m)
{
  return lin_of(c, expr_fn2(c, f, lin_expr(c, a), expr_int(c, m)));
}

/* Is e f(x, p) with a number p > 0? */
static bool is_by_number(const Expr *e, Fn f, int64_t *p)
{
  if (e->kind != E_FN || e->fn != f || e->type != T_WINT || e->arg[0]->type != T_WINT || !expr_is_const(e->arg[1])) return false;
  *p = e->arg[1]->i;
  return *p > 0;
}

/* a = m * quotient + rest, with all terms that m divides in the quotient, and 0 <= rest.c < m. */
static void lin_split(Ctx *c, const Lin *a, int64_t m, Lin *quotient, Lin *rest)
{
  *quotient = lin_const(div_floor(a->c, m));
  *rest = lin_const(mod_floor(a->c, m));
  for (int k = 0; k < a->n; k++) {
    bool whole = a->at[k].k % m == 0;
    lin_add_term(c, whole ? quotient : rest, a->at[k].atom, whole ? a->at[k].k / m : a->at[k].k);
  }
}

/* Divides the factors of a by their common divisor with m: floor((g * x + c) / (g * m)) = floor((x + floor(c / g)) / m). Gives g. */
static int64_t lin_reduce(Lin *a, int64_t m)
{
  int64_t g = m;
  for (int k = 0; k < a->n; k++) g = gcd_of(g, a->at[k].k);
  for (int k = 0; k < a->n; k++) a->at[k].k /= g;
  a->c = div_floor(a->c, g);
  return g;
}

/* Does a stay between two multiples of m? Then *q is its quotient. */
static bool lin_within(Ctx *c, const Lin *a, int64_t m, int64_t *q)
{
  Range r = lin_range(c, a);
  if (!(r.lo > -0x1p52 && r.hi < 0x1p52)) return false;
  *q = div_floor((int64_t)r.lo, m);
  return *q == div_floor((int64_t)r.hi, m);
}

/* The rest of a division that is one term: (x / p + c) / m = (x + c * p) / (p * m), (x % p) / m = (x / m) % (p / m). */
static bool lin_div_nested(Ctx *c, const Lin *a, int64_t m, Lin *out)
{
  int64_t p, pm;
  Expr *e = a->n == 1 && a->at[0].k == 1 ? a->at[0].atom : NULL;
  if (!e || e->kind != E_FN) return false;
  if (is_by_number(e, FN_DIV, &p) && !__builtin_mul_overflow(p, m, &pm)) {
    Lin x = lin_of(c, e->arg[0]), add = lin_const(a->c);
    lin_add(c, &x, &add, p);
    *out = lin_div(c, &x, pm);
    return !out->over;
  }
  if (!is_by_number(e, FN_MOD, &p) || a->c || p % m) return false;
  Lin x = lin_of(c, e->arg[0]), q = lin_div(c, &x, m);
  *out = lin_mod(c, &q, p / m);
  return !out->over;
}

static Lin lin_div(Ctx *c, const Lin *a, int64_t m)
{
  Lin quotient, rest, nested;
  int64_t q = 0;
  if (a->over) return *a;
  lin_split(c, a, m, &quotient, &rest);
  m /= lin_reduce(&rest, m);
  if (m == 1) nested = rest;
  else if (lin_within(c, &rest, m, &q)) nested = lin_const(q);
  else if (!lin_div_nested(c, &rest, m, &nested)) nested = lin_quotient(c, FN_DIV, &rest, m);
  lin_add(c, &quotient, &nested, 1);
  return quotient;
}

/* Inside a remainder by m, x % p counts as x if m divides p. */
static Lin lin_strip_mod(Ctx *c, const Lin *a, int64_t m)
{
  Lin r = lin_const(a->c);
  int64_t p;
  for (int k = 0; k < a->n; k++) {
    Expr *e = a->at[k].atom;
    if (is_by_number(e, FN_MOD, &p) && p % m == 0) {
      Lin x = lin_of(c, e->arg[0]);
      lin_add(c, &r, &x, a->at[k].k);
    } else {
      lin_add_term(c, &r, e, a->at[k].k);
    }
  }
  return r;
}

/* Factors into 0..m-1. */
static Lin lin_mod_factors(Ctx *c, const Lin *a, int64_t m)
{
  Lin r = lin_const(a->c);
  for (int k = 0; k < a->n; k++) lin_add_term(c, &r, a->at[k].atom, mod_floor(a->at[k].k, m));
  return r;
}

/* (g * x + c) % (g * m) = g * ((x + floor(c / g)) % m) + c % g */
static Lin lin_mod_reduced(Ctx *c, Lin rest, int64_t m)
{
  int64_t whole = rest.c, g = lin_reduce(&rest, m), q = 0;
  Lin r = lin_const(whole - rest.c * g), inner;
  m /= g;
  if (m == 1) return r;
  if (lin_within(c, &rest, m, &q)) {
    inner = lin_copy(c, &rest);
    inner.c -= q * m;
  } else {
    inner = lin_quotient(c, FN_MOD, &rest, m);
  }
  lin_add(c, &r, &inner, g);
  return r;
}

static Lin lin_mod(Ctx *c, const Lin *a, int64_t m)
{
  Lin quotient, rest, stripped = lin_strip_mod(c, a, m);
  int64_t q = 0;
  if (a->over || stripped.over) return (Lin){ .over = true };
  lin_split(c, &stripped, m, &quotient, &rest);
  if (lin_within(c, &rest, m, &q)) {
    rest.c -= q * m;
    return rest;
  }
  return lin_mod_reduced(c, lin_mod_factors(c, &rest, m), m);
}

/* ---- p * (x / p) + x % p = x */
static int lin_find(const Lin *a, const Expr *e, int64_t k)
{
  for (int j = 0; j < a->n; j++)
    if (a->at[j].k == k && expr_equal(a->at[j].atom, e)) return j;
  return -1;
}

static bool lin_join_one(Ctx *c, Lin *a, int at)
{
  int64_t p, k = a->at[at].k, kp;
  Expr *e = a->at[at].atom;
  if (!is_by_number(e, FN_MOD, &p) || __builtin_mul_overflow(k, p, &kp)) return false;
  Lin x = lin_of(c, e->arg[0]), q = lin_div(c, &x, p);
  int j = !q.over && q.n == 1 && q.at[0].k == 1 && !q.c ? lin_find(a, q.at[0].atom, kp) : -1;
  if (j < 0) return false;
  lin_drop(a, j > at ? j : at);
  lin_drop(a, j > at ? at : j);
  lin_add(c, a, &x, k);
  return true;
}

static void lin_join(Ctx *c, Lin *a)
{
  for (int k = 0; k < a->n && !a->over; k++)
    if (lin_join_one(c, a, k)) k = -1;
}

/* Indices that only take the value 0 go, unless they are all there is: x[n, ...] stays x[n, ...]. */
static void lin_drop_ones(Lin *a)
{
  for (int k = a->n - 1; k >= 0; k--) {
    const Expr *e = a->at[k].atom;
    bool alone = a->n == 1 && !a->c && a->at[k].k == 1;
    if (e->kind == E_INDEX && !e->index->is_dim && !e->index->ext.dim && e->index->ext.n == 1 && !alone) lin_drop(a, k);
  }
}

/* ---- weak integers */
static Expr *canonical(Ctx *c, Lin *a, Expr *e)
{
  if (!a->over) lin_join(c, a);
  if (a->over) return e;
  lin_drop_ones(a);
  Expr *r = lin_expr(c, a);
  return expr_equal(r, e) ? e : r;
}

static Expr *simplify_quotient(Simplify *s, Expr *e)
{
  int64_t m;
  bool div = e->fn == FN_DIV;
  if (!is_by_number(e, e->fn, &m)) return e;
  Lin a = lin_of(s->c, e->arg[0]);
  lin_drop_ones(&a);
  Lin r = div ? lin_div(s->c, &a, m) : lin_mod(s->c, &a, m);
  return canonical(s->c, &r, e);
}

/* arg[0] - arg[1] */
static Lin difference(Simplify *s, const Expr *e, int sign)
{
  Lin a = lin_const(0), x = lin_of(s->c, e->arg[0]), y = lin_of(s->c, e->arg[1]);
  lin_add(s->c, &a, &x, sign);
  lin_add(s->c, &a, &y, -sign);
  return a;
}

static Expr *simplify_minmax(Simplify *s, Expr *e)
{
  Lin d = difference(s, e, 1), minus = difference(s, e, -1);
  bool least = e->fn == FN_MIN;
  if (known_nonneg(&s->known, &minus)) return e->arg[least ? 0 : 1];   /* arg[0] <= arg[1] */
  return known_nonneg(&s->known, &d) ? e->arg[least ? 1 : 0] : e;
}

/* d >= low is proven? */
static bool proven(Simplify *s, const Lin *d, int64_t low)
{
  Lin a = lin_copy(s->c, d), n = lin_const(low);
  lin_add(s->c, &a, &n, -1);
  return known_nonneg(&s->known, &a);
}

static Expr *truth(Simplify *s, const Expr *e, bool v)
{
  Expr *r = expr_const(s->c, T_BOOL, 0, v);
  r->pos = e->pos;
  return r;
}

/* Comparisons of weak integers that the ranges decide; also 2 * i == 7. */
static Expr *simplify_test(Simplify *s, Expr *e)
{
  Lin d = difference(s, e, 1), m = difference(s, e, -1);
  bool equal = e->fn == FN_EQ || e->fn == FN_NE, greater = e->fn == FN_GT || e->fn == FN_GE;
  if (d.over || m.over) return e;
  if (equal) {
    Lin rest = lin_copy(s->c, &d);
    int64_t g = lin_reduce(&rest, d.n ? 0 : 1);
    if ((d.n && d.c % g) || proven(s, &d, 1) || proven(s, &m, 1)) return truth(s, e, e->fn == FN_NE);
    return proven(s, &d, 0) && proven(s, &m, 0) ? truth(s, e, e->fn == FN_EQ) : e;
  }
  const Lin *a = greater ? &d : &m, *b = greater ? &m : &d;             /* the test says a > 0 or a >= 0 */
  int64_t strict = e->fn == FN_LT || e->fn == FN_GT;
  if (proven(s, a, strict)) return truth(s, e, true);
  return proven(s, b, 1 - strict) ? truth(s, e, false) : e;
}

static Expr *simplify_weak(Simplify *s, Expr *e)
{
  switch (e->fn) {
  case FN_DIV: case FN_MOD: return simplify_quotient(s, e);
  case FN_MIN: case FN_MAX: return simplify_minmax(s, e);
  default: return fn_info[e->fn].rule == 'B' ? simplify_test(s, e) : e;
  }
}

static bool is_weak(const Expr *e)
{
  for (int k = 0; k < e->n; k++)
    if (e->arg[k]->type != T_WINT) return false;
  return true;
}

static bool is_sum(const Expr *e)
{
  return e->kind == E_FN && is_weak(e) && (e->fn == FN_ADD || e->fn == FN_SUB || e->fn == FN_MUL || e->fn == FN_NEG);
}

/* ---- nodes with conditions */
static Expr *simplify_under(Simplify *s, Expr *e, const Expr *cond, bool neg)
{
  Mark m = known_mark(&s->known);
  if (cond) known_add(&s->known, cond, neg);
  e = simplify(s, e);
  known_back(&s->known, m);
  return e;
}

static Expr *simplify_select(Simplify *s, Expr *e)
{
  Expr *cond = simplify(s, e->arg[0]);
  if (expr_is_const(cond)) return simplify(s, e->arg[cond->i ? 1 : 2]);
  Expr *a = simplify_under(s, e->arg[1], cond, false), *b = simplify_under(s, e->arg[2], cond, true);
  return a->type == b->type && expr_equal(a, b) ? a : expr_with(s->c, e, (Expr *[]){ cond, a, b });
}

/* ---- sums: the whole sum is gathered at once, from its simplified terms */
static void gather(Simplify *s, Lin *a, Expr *e, int64_t k);

static void gather_product(Simplify *s, Lin *a, Expr *e, int64_t k)
{
  Expr *r = expr_fn2(s->c, FN_MUL, simplify(s, e->arg[0]), simplify(s, e->arg[1]));
  Lin x = lin_of(s->c, r);
  lin_add(s->c, a, &x, k);
}

static void gather(Simplify *s, Lin *a, Expr *e, int64_t k)
{
  bool sum = is_sum(e), last_minus = sum && e->fn != FN_ADD;
  if (k == INT64_MIN) a->over = true;
  if (a->over) return;
  if (sum && e->fn == FN_MUL) { gather_product(s, a, e, k); return; }
  if (sum) {
    if (e->n == 2) gather(s, a, e->arg[0], k);
    gather(s, a, e->arg[e->n - 1], last_minus ? -k : k);
    return;
  }
  Lin x = lin_of(s->c, simplify(s, e));
  lin_add(s->c, a, &x, k);
}

static Expr *simplify_sum(Simplify *s, Expr *e)
{
  Lin a = { 0 };
  gather(s, &a, e, 1);
  return canonical(s->c, &a, e);
}

static Expr *simplify_fn(Simplify *s, Expr *e)
{
  Expr *arg[2];
  bool both = e->fn == FN_AND && e->type == T_BOOL;
  if (is_sum(e)) return simplify_sum(s, e);
  arg[0] = simplify(s, e->arg[0]);
  if (e->n == 2) arg[1] = simplify_under(s, e->arg[1], both ? arg[0] : NULL, false);
  if (arg[0] != e->arg[0] || (e->n == 2 && arg[1] != e->arg[1])) e = expr_with(s->c, e, arg);
  return e->kind == E_FN && is_weak(e) ? simplify_weak(s, e) : e;
}

/* Indices of extent 1 leave the reduction. */
static Expr *reduce_narrow(Ctx *c, Expr *e)
{
  int n = 0;
  Index **bound = NEWN(c, Index *, e->nbound), **gone = NEWN(c, Index *, e->nbound);
  Expr **zero = NEWN(c, Expr *, e->nbound);
  for (int k = 0; k < e->nbound; k++) {
    bool one = !e->bound[k]->ext.dim && e->bound[k]->ext.n == 1;
    if (one) zero[k - n] = expr_int(c, 0), gone[k - n] = e->bound[k];
    else bound[n++] = e->bound[k];
  }
  if (n == e->nbound) return e;
  Expr *arg[2] = { NULL, NULL };
  for (int k = 0; k < e->n; k++) arg[k] = expr_subst(c, e->arg[k], gone, zero, e->nbound - n);
  return expr_reduce(c, e->red, bound, n, arg[0], arg[1], e->pos);
}

static Expr *simplify_reduce(Simplify *s, Expr *e)
{
  Expr *narrow = reduce_narrow(s->c, e);
  if (narrow->kind != E_REDUCE) return simplify(s, narrow);
  Expr *cond = narrow->n == 2 ? simplify(s, narrow->arg[1]) : NULL;
  Expr *body = simplify_under(s, narrow->arg[0], cond, false);
  if (body == narrow->arg[0] && (!cond || cond == narrow->arg[1])) return narrow;
  return expr_reduce(s->c, e->red, narrow->bound, narrow->nbound, body, cond, e->pos);
}

/* ---- or: what is known of the reads that decide it */
typedef struct Reads { Simplify *s; int open; bool never, certain; Lin miss; } Reads;

static void reads_look(Reads *r, const Expr *e);

static void reads_look_under(Reads *r, const Expr *e, const Expr *cond, bool neg)
{
  Mark m = known_mark(&r->s->known);
  bool certain = r->certain;
  if (cond) known_add(&r->s->known, cond, neg);
  r->certain = false;
  reads_look(r, e);
  r->certain = certain;
  known_back(&r->s->known, m);
}

/* One side of one dimension that is not proven counts as one open end; r->miss >= 0 says that it is missed. */
static void reads_look_place(Reads *r, const Expr *e, Extent n)
{
  bool lo, hi;
  Ctx *c = r->s->c;
  known_inside(&r->s->known, e, n, &lo, &hi);
  if (lo && hi) return;
  Lin x = lin_of(c, (Expr *)e), size = lin_extent(c, n);
  r->open += !lo + !hi + (lin_is_affine(&x) ? 0 : 2);
  r->miss = lo ? lin_copy(c, &x) : lin_const(-1);
  lin_add(c, &r->miss, lo ? &size : &x, -1);
  if (r->certain && known_outside(&r->s->known, e, n)) r->never = true;
}

/* Reads inside a reduction are settled there; of an inner `or` only the alternative's count; a choice evaluates one side. */
static void reads_look(Reads *r, const Expr *e)
{
  bool both = e->kind == E_FN && e->fn == FN_AND && e->type == T_BOOL;
  if (e->kind == E_REDUCE) return;
  if (e->kind == E_OR) {
    reads_look_under(r, e->arg[1], NULL, false);
  } else if (e->kind == E_SELECT) {
    reads_look(r, e->arg[0]);
    reads_look_under(r, e->arg[1], e->arg[0], false);
    reads_look_under(r, e->arg[2], e->arg[0], true);
  } else if (both) {
    reads_look(r, e->arg[0]);
    reads_look_under(r, e->arg[1], e->arg[0], false);
  } else {
    for (int k = 0; k < e->n; k++) reads_look(r, e->arg[k]);
    for (int d = 0; e->kind == E_READ && d < e->n; d++) reads_look_place(r, e->arg[d], e->tensor->shape[d]);
  }
}

static Expr *simplify_alternative(Simplify *s, Expr *e, const Reads *r)
{
  Mark m = known_mark(&s->known);
  if (r->open == 1 && r->certain) known_add_lin(&s->known, &r->miss);
  e = simplify(s, e);
  known_back(&s->known, m);
  return e;
}

static bool has_choice(const Expr *e)
{
  if (e->kind == E_SELECT || e->kind == E_OR || (e->kind == E_FN && e->fn == FN_AND)) return true;
  for (int k = 0; k < e->n; k++)
    if (has_choice(e->arg[k])) return true;
  return false;
}

static Expr *simplify_or(Simplify *s, Expr *e)
{
  Expr *a = simplify(s, e->arg[0]);
  Reads r = { .s = s, .certain = true };
  reads_look(&r, a);
  if (!r.open) return a;
  r.certain = !has_choice(a);     /* else a miss may be under a condition */
  Expr *b = simplify_alternative(s, e->arg[1], &r);
  return r.never ? b : expr_with(s->c, e, (Expr *[]){ a, b });
}

/* ---- all */
static Expr *simplify_args(Simplify *s, Expr *e)
{
  Expr **arg = NEWN(s->c, Expr *, e->n);
  bool changed = false;
  for (int k = 0; k < e->n; k++) {
    arg[k] = simplify(s, e->arg[k]);
    changed |= arg[k] != e->arg[k];
  }
  return changed ? expr_with(s->c, e, arg) : e;
}

static Expr *simplify_node(Simplify *s, Expr *e)
{
  switch (e->kind) {
  case E_CONST: case E_INDEX: return e;
  case E_READ: case E_CONVERT: return simplify_args(s, e);
  case E_FN: return simplify_fn(s, e);
  case E_SELECT: return simplify_select(s, e);
  case E_OR: return simplify_or(s, e);
  case E_REDUCE: return simplify_reduce(s, e);
  }
  return e;
}

/* The side that is left of a choice may be of a narrower type; what cannot be converted (weak types have no notation) stays as it was. */
static Expr *simplify(Simplify *s, Expr *e)
{
  Expr *r = simplify_node(s, e);
  if (r->type == e->type || e->type == T_NONE || r->type == T_NONE) return r;
  bool weak = e->type == T_WINT || e->type == T_WFLOAT;
  return weak && !expr_is_const(r) ? e : expr_convert(s->c, CV_PLAIN, e->type, r, e->pos);
}

Expr *expr_simplify(Ctx *c, Expr *e)
{
  Simplify s = { .c = c, .known = { .c = c } };
  return simplify(&s, e);
}
