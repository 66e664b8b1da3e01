/* expr_simplify: folds, brings integers to a canonical form, decides what ranges and conditions decide.
 *   before                                     after
 *     x[(4 * i + j) / 4, (4 * i + j) % 4]        x[i, j]                   j < 4
 *     x[1 * k - 1 + i * 2]                       x[2 * i + k - 1]
 *     x[min(i, n - 1)]                           x[i]                      i < n
 *     i < 3 ? (x[i] or 0) : 1.0                  i < 3 ? x[i] : 1.0        x has 3
 *     (x[i - 9] or 0)                            0                         i < 9
 * needs nothing; never reorders floats; keeps the type, and the value bit by bit (but for the sign of a zero that is the sum of one element) */
#include "lin.h"

static Expr *simplify(Known *s, Expr *e);

/* ---- quotients and remainders of linear forms by m > 0 */
static Lin lin_div(Ctx *c, Lin a, int64_t m);
static const Lin no_form = { .over = true };
static int64_t mod_floor(int64_t a, int64_t m) { return a % m < 0 ? a % m + m : a % m; }
/* a / m or a % m as it stands. */
static Lin lin_quotient(Ctx *c, Fn f, Lin a, int64_t m) { return lin_of(c, expr_fn2(c, f, lin_expr(c, a), expr_int(c, m))); }

/* The number p > 0 of f(x, p); 0 if e is nothing like that. */
static int64_t number_of(const Expr *e, Fn f) {
  bool is = e->kind == E_FN && e->fn == f && e->type == T_WINT && e->arg[0]->type == T_WINT && expr_is_const(e->arg[1]);
  return is && e->arg[1]->i > 0 ? e->arg[1]->i : 0;
}

/* a = m * quotient + rest, with all terms that m divides in the quotient, and 0 <= rest.c < m. */
typedef struct Split { Lin quotient, rest; } Split;
static Split lin_split(Ctx *c, Lin a, int64_t m) {
  Split s = { lin_const(div_floor(a.c, m)), lin_const(mod_floor(a.c, m)) };
  for (const Term *t = a.at; t < a.at + a.n; t++) lin_add_term(c, t->k % m ? &s.rest : &s.quotient, t->atom, t->k % m ? t->k : t->k / m);
  return s;
}

/* Divides the factors of a by their common divisor with m: floor((g * x + c) / (g * m)) = floor((x + floor(c / g)) / m). Gives g. */
static int64_t lin_reduce(Lin *a, int64_t m) {
  int64_t g = m; for (int k = 0; k < a->n; k++) g = gcd_of(g, a->at[k].k); for (int k = 0; k < a->n; k++) a->at[k].k /= g;
  a->c = div_floor(a->c, g); return g;
}

/* Does a stay between two multiples of m? Then *q is its quotient. */
static bool lin_within(Ctx *c, Lin a, int64_t m, int64_t *q) {
  Range r = lin_range(c, a); if (!(r.lo > -0x1p52 && r.hi < 0x1p52)) return false;
  *q = div_floor((int64_t)r.lo, m); return *q == div_floor((int64_t)r.hi, m);
}

/* Inside a remainder by m, x % p counts as x if m divides p. */
static Lin lin_strip_mod(Ctx *c, Lin a, int64_t m) {
  Lin r = lin_const(a.c);
  for (const Term *t = a.at; t < a.at + a.n; t++) {
    int64_t p = number_of(t->atom, FN_MOD); Lin x = lin_of(c, p && p % m == 0 ? t->atom->arg[0] : t->atom); lin_add(c, &r, &x, t->k);
  }
  return r;
}

/* (g * x + c) % (g * m) = g * ((x + floor(c / g)) % m) + c % g, with factors in 0..m-1 */
static Lin lin_mod_reduced(Ctx *c, Lin a, int64_t m) {
  Lin rest = lin_const(a.c); for (int k = 0; k < a.n; k++) lin_add_term(c, &rest, a.at[k].atom, mod_floor(a.at[k].k, m));
  int64_t g = lin_reduce(&rest, m), q, low = a.c - rest.c * g; m /= g; if (m == 1) return lin_const(low);
  if (lin_within(c, rest, m, &q)) rest.c -= q * m;
  else rest = lin_quotient(c, FN_MOD, rest, m);
  return lin_times(c, low, rest, g);
}
static Lin lin_mod(Ctx *c, Lin a, int64_t m) {
  Lin stripped = lin_strip_mod(c, a, m); int64_t q; if (a.over || stripped.over) return no_form;
  Lin rest = lin_split(c, stripped, m).rest; if (!lin_within(c, rest, m, &q)) return lin_mod_reduced(c, rest, m); rest.c -= q * m; return rest;
}

/* a / m where a is one quotient or remainder: (x / p + c) / m = (x + c * p) / (p * m), (x % p) / m = (x / m) % (p / m). */
static Lin lin_div_nested(Ctx *c, Lin a, int64_t m) {
  Expr *e = a.n == 1 && a.at[0].k == 1 ? a.at[0].atom : NULL; int64_t div = e ? number_of(e, FN_DIV) : 0, mod = e ? number_of(e, FN_MOD) : 0, both;
  if (mod && !a.c && mod % m == 0) return lin_mod(c, lin_div(c, lin_of(c, e->arg[0]), m), mod / m);
  if (!div || __builtin_mul_overflow(div, m, &both)) return no_form;
  Lin x = lin_of(c, e->arg[0]); lin_add(c, &x, &(Lin){ .c = a.c }, div); return lin_div(c, x, both);
}

static Lin lin_div(Ctx *c, Lin a, int64_t m) {
  if (a.over) return a;
  Split s = lin_split(c, a, m); int64_t q; m /= lin_reduce(&s.rest, m);
  bool within = m > 1 && lin_within(c, s.rest, m, &q); Lin r = m == 1 ? s.rest : within ? lin_const(q) : lin_div_nested(c, s.rest, m);
  if (m > 1 && r.over) r = lin_quotient(c, FN_DIV, s.rest, m);
  lin_add(c, &s.quotient, &r, 1); return s.quotient;
}

/* ---- canonical form: p * (x / p) + x % p = x */
static bool lin_join_one(Ctx *c, Lin *a, int at) {
  Expr *e = a->at[at].atom; int64_t p = number_of(e, FN_MOD), k = a->at[at].k, kp; if (!p || __builtin_mul_overflow(k, p, &kp)) return false;
  Lin x = lin_of(c, e->arg[0]), q = lin_div(c, x, p); if (q.over || q.n != 1 || q.at[0].k != 1 || q.c) return false;
  int j = a->n - 1; while (j >= 0 && (a->at[j].k != kp || !expr_equal(a->at[j].atom, q.at[0].atom))) j--; if (j < 0) return false;
  lin_drop(a, j > at ? j : at); lin_drop(a, j > at ? at : j); lin_add(c, a, &x, k); return true;
}

static bool is_one(const Index *i) { return !i->is_dim && !i->ext.dim && i->ext.n == 1; }

/* Indices that only take the value 0 go, unless they are all there is: x[n, ...] stays x[n, ...]. */
static void lin_drop_ones(Lin *a) {
  for (int k = a->n - 1; k >= 0; k--) {
    bool alone = a->n == 1 && !a->c && a->at[k].k == 1; if (!alone && a->at[k].atom->kind == E_INDEX && is_one(a->at[k].atom->index)) lin_drop(a, k);
  }
}

static Expr *canonical(Ctx *c, Lin a, Expr *e) {
  for (int k = 0; k < a.n && !a.over; k++) if (lin_join_one(c, &a, k)) k = -1;
  if (a.over) return e;
  lin_drop_ones(&a); Expr *r = lin_expr(c, a); return expr_equal(r, e) ? e : r;
}

/* ---- weak integers */
static Expr *simplify_quotient(Ctx *c, Expr *e) {
  int64_t m = number_of(e, e->fn); if (!m) return e;
  Lin a = lin_of(c, e->arg[0]); lin_drop_ones(&a); return canonical(c, e->fn == FN_DIV ? lin_div(c, a, m) : lin_mod(c, a, m), e);
}

/* d >= low is proven? */
static bool proven(Known *s, Lin d, int64_t low) { return known_nonneg(s, lin_times(s->c, -low, d, 1)); }
static Expr *truth(Known *s, const Expr *e, bool v) { Expr *r = expr_const(s->c, T_BOOL, 0, v); r->pos = e->pos; return r; }

/* Choices and comparisons that the ranges of the arguments' difference d decide; also 2 * i == 7. */
static Expr *simplify_order(Known *s, Expr *e) {
  Lin x = lin_of(s->c, e->arg[0]), y = lin_of(s->c, e->arg[1]), d = lin_minus(s->c, x, y), minus = lin_minus(s->c, y, x);
  bool greater = e->fn == FN_GT || e->fn == FN_GE, strict = e->fn == FN_LT || e->fn == FN_GT;
  if (e->fn == FN_MIN || e->fn == FN_MAX) {
    if (proven(s, minus, 0)) return e->arg[e->fn == FN_MAX];
    return proven(s, d, 0) ? e->arg[e->fn == FN_MIN] : e;
  }
  if (d.over || minus.over) return e;
  if (e->fn == FN_EQ || e->fn == FN_NE) {
    int64_t g = 0; for (int k = 0; k < d.n; k++) g = gcd_of(g, d.at[k].k);
    if ((d.n && d.c % g) || proven(s, d, 1) || proven(s, minus, 1)) return truth(s, e, e->fn == FN_NE);
    return proven(s, d, 0) && proven(s, minus, 0) ? truth(s, e, e->fn == FN_EQ) : e;
  }
  if (proven(s, greater ? d : minus, strict)) return truth(s, e, true);
  return proven(s, greater ? minus : d, 1 - strict) ? truth(s, e, false) : e;
}

static bool is_weak(const Expr *e) { for (int k = 0; k < e->n; k++) if (e->arg[k]->type != T_WINT) return false; return true; }

/* ---- sums: the whole sum is gathered at once, from its simplified terms */
static bool is_sum(const Expr *e) { return expr_is_linear(e) && is_weak(e); }

static void gather(Known *s, Lin *a, Expr *e, int64_t k) {
  bool sum = is_sum(e); a->over |= k == INT64_MIN; if (a->over) return;
  if (sum && e->fn != FN_MUL) {
    if (e->n == 2) gather(s, a, e->arg[0], k);
    gather(s, a, e->arg[e->n - 1], e->fn == FN_ADD ? k : -k); return;
  }
  Lin x = lin_of(s->c, sum ? expr_fn2(s->c, FN_MUL, simplify(s, e->arg[0]), simplify(s, e->arg[1])) : simplify(s, e)); lin_add(s->c, a, &x, k);
}

/* ---- nodes with conditions */
static Expr *simplify_under(Known *s, Expr *e, const Expr *cond, bool neg) {
  Mark m = known_mark(s); known_add(s, cond, neg); e = simplify(s, e); known_back(s, m); return e;
}

static Expr *simplify_select(Known *s, Expr *e) {
  Expr *cond = simplify(s, e->arg[0]); if (expr_is_const(cond)) return simplify(s, e->arg[cond->i ? 1 : 2]);
  Expr *a = simplify_under(s, e->arg[1], cond, false), *b = simplify_under(s, e->arg[2], cond, true);
  return a->type == b->type && expr_equal(a, b) ? a : expr_with(s->c, e, (Expr *[]){ cond, a, b });
}

static Expr *simplify_fn(Known *s, Expr *e) {
  Expr *arg[2]; Lin a = { 0 }; if (is_sum(e)) { gather(s, &a, e, 1); return canonical(s->c, a, e); }
  arg[0] = simplify(s, e->arg[0]); if (e->n == 2) arg[1] = simplify_under(s, e->arg[1], is_both(e) ? arg[0] : NULL, false);
  if (arg[0] != e->arg[0] || (e->n == 2 && arg[1] != e->arg[1])) e = expr_with(s->c, e, arg);
  if (e->kind != E_FN || !is_weak(e)) return e;
  if (e->fn == FN_DIV || e->fn == FN_MOD) return simplify_quotient(s->c, e);
  return e->fn == FN_MIN || e->fn == FN_MAX || fn_info[e->fn].rule == 'B' ? simplify_order(s, e) : e;
}

/* Indices of extent 1 leave the reduction. */
static Expr *reduce_narrow(Ctx *c, Expr *e) {
  int n = 0, ngone = 0; Index **bound = NEWN(c, Index *, e->nbound), **gone = NEWN(c, Index *, e->nbound);
  Expr **zero = NEWN(c, Expr *, e->nbound), *arg[2] = { NULL, NULL };
  for (int k = 0; k < e->nbound; k++)
    if (is_one(e->bound[k])) zero[ngone] = expr_int(c, 0), gone[ngone++] = e->bound[k];
    else bound[n++] = e->bound[k];
  if (!ngone) return e;
  for (int k = 0; k < e->n; k++) arg[k] = expr_subst(c, e->arg[k], gone, zero, ngone);
  return expr_reduce(c, e->red, bound, n, arg[0], arg[1], e->pos);
}
static Expr *simplify_reduce(Known *s, Expr *e) {
  e = reduce_narrow(s->c, e); if (e->kind != E_REDUCE) return simplify(s, e);
  Expr *cond = e->n == 2 ? simplify(s, e->arg[1]) : NULL, *body = simplify_under(s, e->arg[0], cond, false);
  return body == e->arg[0] && (!cond || cond == e->arg[1]) ? e : expr_with(s->c, e, (Expr *[]){ body, cond });
}

/* ---- or */
static bool chooses(const Expr *e, const void *p) { (void)p; return e->kind == E_SELECT || e->kind == E_OR || (e->kind == E_FN && e->fn == FN_AND); }

/* With a choice inside, the one miss may be under a condition. */
static Expr *simplify_or(Known *s, Expr *e) {
  Expr *a = simplify(s, e->arg[0]); Miss miss = known_miss(s, a); if (!miss.open) return a;
  Mark m = known_mark(s); if (miss.open == 1 && !expr_some(a, chooses, NULL)) known_add_lin(s, miss.lin);
  Expr *b = simplify(s, e->arg[1]); known_back(s, m); return miss.certain ? b : expr_with(s->c, e, (Expr *[]){ a, b });
}

/* ---- all */
static Expr *simplify_arg(Ctx *c, Expr *e, void *s) { (void)c; return simplify(s, e); }

static Expr *simplify_node(Known *s, Expr *e) {
  switch (e->kind) {
  case E_FN: return simplify_fn(s, e);     case E_SELECT: return simplify_select(s, e);
  case E_OR: return simplify_or(s, e);     case E_REDUCE: return simplify_reduce(s, e);
  default: return expr_map_args(s->c, e, simplify_arg, s);
  }
}

/* The side that is left of a choice may be of a narrower type; what cannot be converted (weak types have no notation) stays as it was. */
static Expr *simplify(Known *s, Expr *e) {
  Expr *r = simplify_node(s, e); if (r->type == e->type || e->type == T_NONE || r->type == T_NONE) return r;
  bool weak = e->type == T_WINT || e->type == T_WFLOAT; return weak && !expr_is_const(r) ? e : expr_convert(s->c, CV_PLAIN, e->type, r, e->pos);
}
Expr *expr_simplify(Ctx *c, Expr *e) { return simplify(&(Known){ .c = c }, e); }
