/* Affine forms, conditions that hold, and the proof that a place lies inside a dimension.
 *   2 * i + k - 1 < n ? x[2 * i + k - 1] : 0       hi is proven by the condition, lo by neither it nor the ranges */
#include "lin.h"
#include "scalar.h"
#include <math.h>

#define POINTS_MAX ((int64_t)1 << 20)
#define TABLE_INDICES 16
#define TABLE_WORK ((int64_t)1 << 26)     /* nodes evaluated by all tabulations for one expression */

/* ---- Aff: the view of the rest of the compiler */
static Aff aff_of_lin(Ctx *c, const Lin *a) {
  Aff r = { a->c, a->n, NEWN(c, Index *, a->n), NEWN(c, int64_t, a->n) };
  for (int k = 0; k < a->n; k++) r.index[k] = a->at[k].atom->index, r.k[k] = a->at[k].k;
  return r;
}

static Lin lin_of_aff(Ctx *c, const Aff *a) {
  Lin r = lin_const(a->c); for (int k = 0; k < a->n; k++) lin_add_term(c, &r, expr_index(c, a->index[k]), a->k[k]); return r;
}
bool expr_affine(Ctx *c, const Expr *e, Aff *out) {
  Lin a = lin_of(c, e); if (a.over || !lin_is_affine(a)) return false; *out = aff_of_lin(c, &a); return true;
}
Expr *aff_expr(Ctx *c, const Aff *a) { return lin_expr(c, lin_of_aff(c, a)); }
int64_t aff_coef(const Aff *a, const Index *i) { int k = array_find(a->index, a->n, i); return k < 0 ? 0 : a->k[k]; }
Aff aff_sub(Ctx *c, const Aff *a, const Aff *b) {
  Lin x = lin_minus(c, lin_of_aff(c, a), lin_of_aff(c, b)); if (x.over) bug(c, "a difference of places leaves 64 bits"); return aff_of_lin(c, &x);
}

/* ---- conditions */
Mark known_mark(const Known *k) { return (Mark){ k->lin.n, k->cond.n, k->impossible }; }
void known_back(Known *k, Mark m) { k->lin.n = m.lin; k->cond.n = m.cond; k->impossible = m.impossible; }

/* a >= 0 for integers says the same as floor(a / gcd) >= 0: 4 * i - 3 >= 0 is i - 1 >= 0. */
static Lin lin_tight(Ctx *c, Lin a) {
  Lin r = lin_copy(c, &a); int64_t g = 0; for (int k = 0; k < r.n; k++) g = gcd_of(g, r.at[k].k); if (g < 2 || r.over) return r;
  for (int k = 0; k < r.n; k++) r.at[k].k /= g;
  r.c = div_floor(r.c, g); return r;
}

void known_add_lin(Known *k, Lin a) {
  Lin f = lin_tight(k->c, a); if (f.over) return; if (lin_range(k->c, f).hi < 0) k->impossible = 1; PUSH(k->c, k->lin, f);
}

/* A comparison of integers whose sides are values of the type in which they are compared? */
static bool is_int_test(Ctx *c, const Expr *e) {
  Type t = fn_promoted(e->fn, e->arg); if (!type_is_int(t)) return false;
  for (int k = 0; k < 2 && t != T_WINT; k++) {
    Range r = expr_range(c, e->arg[k]); if (r.lo < type_lowest(t) || r.hi > type_highest(t)) return false;
  }
  return true;
}

/* What a test of a against b says of d = a - b: sign * d + offset >= 0; d != 0 is of use where 0 is an end of d's range. */
static const struct { Fn negated; int sign, offset; } tests[FN_COUNT] = {
  [FN_LT] = { FN_GE, -1, -1 }, [FN_LE] = { FN_GT, -1, 0 }, [FN_GT] = { FN_LE, 1, -1 }, [FN_GE] = { FN_LT, 1, 0 },
  [FN_EQ] = { FN_NE, 0, 0 }, [FN_NE] = { FN_EQ, 0, 0 } };

static void known_add_test(Known *k, const Expr *e, bool neg) {
  if (!is_int_test(k->c, e)) return;
  Fn f = neg ? tests[e->fn].negated : e->fn; Lin d = lin_minus(k->c, lin_of(k->c, e->arg[0]), lin_of(k->c, e->arg[1])); if (d.over) return;
  if (tests[f].sign) { known_add_lin(k, lin_times(k->c, tests[f].offset, d, tests[f].sign)); return; }
  Range r = f == FN_EQ ? (Range){ 0, 0 } : lin_range(k->c, d); int64_t n = f == FN_EQ ? 0 : -1;
  if (r.lo == 0) known_add_lin(k, lin_times(k->c, n, d, 1));
  if (r.hi == 0) known_add_lin(k, lin_times(k->c, n, d, -1));
}
static void known_add_lins(Known *k, const Expr *e, bool neg) {
  if (e->kind == E_CONST && e->type == T_BOOL && !e->i == !neg) k->impossible = 1;
  if (e->kind != E_FN) return;
  bool not = e->fn == FN_NOT, both = e->fn == (neg ? FN_OR : FN_AND);
  for (int j = 0; e->type == T_BOOL && (not || both) && j < e->n; j++) known_add_lins(k, e->arg[j], neg != not);
  if (fn_info[e->fn].rule == 'B') known_add_test(k, e, neg);
}
void known_add(Known *k, const Expr *cond, bool neg) { if (cond) { known_add_lins(k, cond, neg); PUSH(k->c, k->cond, ((Fact){ cond, neg })); } }
const Expr *expr_condition(const Expr *e, int j) {
  if (e->kind == E_SELECT || is_both(e)) return j ? e->arg[0] : NULL;
  return e->kind == E_REDUCE && e->n == 2 && j == 0 ? e->arg[1] : NULL;
}

/* ---- proofs */
/* The factor that makes the fact cancel a term of a: 2 for 3 - i in 7 - 2 * i - j. */
static int64_t fact_times(Lin a, Lin fact) {
  for (int i = 0; i < fact.n; i++)
    for (int j = 0; j < a.n; j++) {
      int64_t x = a.at[j].k, y = fact.at[i].k;
      if (a.at[j].key == fact.at[i].key && x != INT64_MIN && y != INT64_MIN && x % y == 0 && x / y > 1) return x / y;
    }
  return 1;
}

/* a >= 0 follows from the ranges, or from them and one or two of the conditions: a - f >= 0, a - f - g >= 0. */
static bool is_nonneg(Known *k, Lin a, int from, int facts) {
  if (!a.over && lin_range(k->c, a).lo >= 0) return true;
  for (int i = from; i < k->lin.n && facts; i++) {
    Lin rest = lin_copy(k->c, &a); lin_add(k->c, &rest, &k->lin.at[i], -fact_times(a, k->lin.at[i]));
    if (is_nonneg(k, rest, i + 1, k->lin.n <= 8 ? facts - 1 : 0)) return true;
  }
  return false;
}
bool known_nonneg(Known *k, Lin a) { Lin f = lin_tight(k->c, a); return !f.over && (k->impossible || is_nonneg(k, f, 0, 2)); }

/* ---- tabulation: the expression at every point of its indices */
typedef struct Table { Index *index[TABLE_INDICES]; int64_t at[TABLE_INDICES]; int n; bool single; } Table;

static int table_find(const Table *t, const Index *i) { return array_find(t->index, t->n, i); }

/* Do only static, numbered indices occur in e? With grow they are added to the table. */
static bool table_takes(Table *t, const Expr *e, bool grow) {
  if (e->kind == E_READ || e->kind == E_REDUCE || e->kind == E_OR) return false;
  if (e->kind == E_INDEX && table_find(t, e->index) < 0) {
    if (!grow || e->index->is_dim || e->index->ext.dim || t->n == TABLE_INDICES) return false;
    t->index[t->n++] = e->index;
  }
  for (int k = 0; k < e->n; k++) if (!table_takes(t, e->arg[k], grow)) return false;
  return true;
}

/* Weak floats are computed in f32 by kernels and in double by the interpreter: t->single chooses. */
static Num table_eval(const Table *t, const Expr *e) {
  const Expr *a = e->n ? e->arg[0] : NULL, *b = e->n ? e->arg[e->n - 1] : NULL;
  switch (e->kind) {
  case E_CONST: return const_num(e);      case E_INDEX: return (Num){ .i = t->at[table_find(t, e->index)] };
  case E_FN: break;                       case E_CONVERT: return convert_value(table_eval(t, a), a->type, e->type, e->mode);
  case E_SELECT: a = table_eval(t, a).i ? e->arg[1] : b; return convert_value(table_eval(t, a), a->type, e->type, CV_PLAIN);
  default: return (Num){ .i = 0 };     /* kept out by table_takes */
  }
  Type p = fn_promoted(e->fn, e->arg); bool single = e->type == T_WFLOAT ? t->single : e->type != T_F64;
  Num x = convert_value(table_eval(t, a), a->type, p, CV_PLAIN), y = e->n == 2 ? convert_value(table_eval(t, b), b->type, p, CV_PLAIN) : x;
  Num r = fn_eval(e->fn, x, y, p); if (type_is_float(e->type) && single) r.f = value_round(r.f, T_F32); return r;
}

static void table_next(Table *t) { for (int k = t->n - 1; k >= 0; t->at[k--] = 0) if (++t->at[k] < t->index[k]->ext.n) return; }

/* The least and greatest value of e where the conditions hold that speak of its indices alone. False if there are too many points. */
static bool table_range(Known *known, const Expr *e, int64_t *lo, int64_t *hi) {
  Table t = { .n = 0 }; VEC(Fact) cond = { 0 }; *lo = INT64_MAX, *hi = INT64_MIN; if (!table_takes(&t, e, true)) return false;
  int64_t points = 1; for (int k = 0; k < t.n; k++) if (__builtin_mul_overflow(points, extent_max(t.index[k]->ext), &points)) return false;
  if (points > POINTS_MAX || points * e->nodes > TABLE_WORK - known->spent) return false;
  known->spent += points * e->nodes;
  for (int k = 0; k < known->cond.n; k++) if (table_takes(&t, known->cond.at[k].e, false)) PUSH(known->c, cond, known->cond.at[k]);
  for (int single = 0; single < 2; single++) {
    t.single = single;
    for (int64_t p = 0; p < points; p++, table_next(&t)) {
      bool holds = true; for (int k = 0; k < cond.n && holds; k++) holds = !table_eval(&t, cond.at[k].e).i == cond.at[k].neg; if (!holds) continue;
      int64_t v = table_eval(&t, e).i; *lo = v < *lo ? v : *lo, *hi = v > *hi ? v : *hi;
    }
  }
  return true;
}

/* ---- inside and outside */
void known_inside(Known *k, const Expr *e, Extent n, bool *lo, bool *hi) {
  Lin x = lin_of(k->c, e); int64_t least, most; *lo = known_nonneg(k, x);
  *hi = known_nonneg(k, lin_times(k->c, -1, lin_minus(k->c, lin_extent(k->c, n), x), 1));
  if ((*lo && *hi) || lin_is_affine(x) || !type_is_int(e->type) || !table_range(k, e, &least, &most)) return;
  *lo |= least >= 0; *hi |= most < extent_min(n);
}

void expr_inside(Ctx *c, const Expr *e, Extent n, const Facts *facts, bool *lo, bool *hi) {
  Known k = { .c = c }; for (int j = 0; facts && j < facts->n; j++) known_add(&k, facts->at[j].e, facts->at[j].neg); known_inside(&k, e, n, lo, hi);
}

/* ---- what decides `or` */
const Expr *read_place(Ctx *c, const Expr *read, int d, Extent *n) {
  const Tensor *t = read->tensor; *n = t->shape[d]; if (!t->history || d != t->stream_dim) return read->arg[d];
  n->n += t->history; return expr_fn2(c, FN_ADD, read->arg[d], expr_int(c, t->history));
}

/* always: the read is evaluated whatever the conditions. */
static void miss_place(Known *k, Miss *m, const Expr *read, int d, bool always) {
  bool lo, hi; Extent n; const Expr *e = read_place(k->c, read, d, &n); known_inside(k, e, n, &lo, &hi); if (lo && hi) return;
  Lin x = lin_of(k->c, e), below = lin_times(k->c, -1, x, -1), above = lin_minus(k->c, x, lin_extent(k->c, n));
  m->open += !lo + !hi + (lin_is_affine(x) ? 0 : 2); m->lin = lo ? above : below;
  m->certain |= always && (known_nonneg(k, below) || known_nonneg(k, above));
}

/* Reads inside a reduction are settled there; of an inner `or` only the alternative's count; a choice evaluates one side. */
static void miss_look(Known *k, Miss *m, const Expr *e, bool always) {
  if (e->kind == E_REDUCE) return;
  for (int j = e->kind == E_OR; j < e->n; j++) {
    const Expr *cond = expr_condition(e, j); Mark mark = known_mark(k); known_add(k, cond, j == 2);
    miss_look(k, m, e->arg[j], always && e->kind != E_OR && !cond); known_back(k, mark);
  }
  for (int d = 0; e->kind == E_READ && d < e->n; d++) miss_place(k, m, e, d, always);
}
Miss known_miss(Known *k, const Expr *e) { Miss m = { 0 }; miss_look(k, &m, e, true); return m; }
