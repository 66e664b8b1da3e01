/* Affine forms, conditions that hold, and the proof that a place lies inside a dimension.
 *
 *   2 * i + k - 1 < n ? x[2 * i + k - 1] : 0       hi is proven by the condition, lo by neither it nor the ranges
 */
#include "lin.h"
#include "scalar.h"
#include <math.h>

#define POINTS_MAX ((int64_t)1 << 20)
#define TABLE_INDICES 16
#define TABLE_WORK ((int64_t)1 << 26)     /* nodes evaluated by all tabulations for one expression */

/* ---- Aff: the view of the rest of the compiler */
bool expr_affine(Ctx *c, const Expr *e, Aff *out)
{
  Lin a = lin_of(c, (Expr *)e);
  if (a.over || !lin_is_affine(&a)) return false;
  *out = (Aff){ a.c, a.n, NEWN(c, Index *, a.n), NEWN(c, int64_t, a.n) };
  for (int k = 0; k < a.n; k++) {
    out->index[k] = a.at[k].atom->index;
    out->k[k] = a.at[k].k;
  }
  return true;
}

static Lin lin_of_aff(Ctx *c, const Aff *a)
{
  Lin r = lin_const(a->c);
  for (int k = 0; k < a->n; k++) lin_add_term(c, &r, expr_index(c, a->index[k]), a->k[k]);
  return r;
}

Expr *aff_expr(Ctx *c, const Aff *a)
{
  Lin r = lin_of_aff(c, a);
  return lin_expr(c, &r);
}

int64_t aff_coef(const Aff *a, const Index *i)
{
  for (int k = 0; k < a->n; k++)
    if (a->index[k] == i) return a->k[k];
  return 0;
}

Aff aff_sub(Ctx *c, const Aff *a, const Aff *b)
{
  Lin x = lin_of_aff(c, a), y = lin_of_aff(c, b);
  lin_add(c, &x, &y, -1);
  if (x.over) bug(c, "a difference of places leaves 64 bits");
  Aff r = { x.c, x.n, NEWN(c, Index *, x.n), NEWN(c, int64_t, x.n) };
  for (int k = 0; k < x.n; k++) {
    r.index[k] = x.at[k].atom->index;
    r.k[k] = x.at[k].k;
  }
  return r;
}

/* ---- conditions */
Mark known_mark(const Known *k) { return (Mark){ k->lin.n, k->cond.n, k->impossible }; }

void known_back(Known *k, Mark m)
{
  k->lin.n = m.lin;
  k->cond.n = m.cond;
  k->impossible = m.impossible;
}

/* a >= 0 for integers says the same as floor(a / gcd) >= 0: 4 * i - 3 >= 0 is i - 1 >= 0. */
static void lin_tighten(Lin *a)
{
  int64_t g = 0;
  for (int k = 0; k < a->n; k++) g = gcd_of(g, a->at[k].k);
  if (g < 2 || a->over) return;
  for (int k = 0; k < a->n; k++) a->at[k].k /= g;
  a->c = div_floor(a->c, g);
}

void known_add_lin(Known *k, const Lin *a)
{
  Lin f = lin_copy(k->c, a);
  lin_tighten(&f);
  if (f.over) return;
  if (lin_range(k->c, &f).hi < 0) k->impossible = 1;
  PUSH(k->c, k->lin, f);
}

/* sign * d + offset >= 0 */
static void known_add_scaled(Known *k, const Lin *d, int sign, int64_t offset)
{
  Lin f = lin_const(offset);
  lin_add(k->c, &f, d, sign);
  known_add_lin(k, &f);
}

/* d != 0 is of use where 0 is an end of d's range. */
static void known_add_unequal(Known *k, const Lin *d)
{
  Range r = lin_range(k->c, d);
  if (r.lo == 0) known_add_scaled(k, d, 1, -1);
  if (r.hi == 0) known_add_scaled(k, d, -1, -1);
}

static const Fn negated[FN_COUNT] = {
  [FN_EQ] = FN_NE, [FN_NE] = FN_EQ, [FN_LT] = FN_GE, [FN_GE] = FN_LT, [FN_GT] = FN_LE, [FN_LE] = FN_GT,
};

/* Is the comparison one of integers, and are both sides values of the type in which they are compared? */
static bool is_int_test(Ctx *c, const Expr *e)
{
  Type t = type_promote(e->arg[0]->type, e->arg[1]->type);
  if (!type_is_int(t)) return false;
  for (int k = 0; k < 2 && t != T_WINT; k++) {
    Range r = expr_range(c, e->arg[k]);
    if (r.lo < type_lowest(t) || r.hi > type_highest(t)) return false;
  }
  return true;
}

static void known_add_test(Known *k, const Expr *e, bool neg)
{
  if (!is_int_test(k->c, e)) return;
  Lin d = lin_of(k->c, e->arg[0]), b = lin_of(k->c, e->arg[1]);
  lin_add(k->c, &d, &b, -1);
  if (d.over) return;
  switch (neg ? negated[e->fn] : e->fn) {
  case FN_LT: known_add_scaled(k, &d, -1, -1); break;
  case FN_LE: known_add_scaled(k, &d, -1, 0); break;
  case FN_GT: known_add_scaled(k, &d, 1, -1); break;
  case FN_GE: known_add_scaled(k, &d, 1, 0); break;
  case FN_EQ: known_add_scaled(k, &d, 1, 0), known_add_scaled(k, &d, -1, 0); break;
  case FN_NE: known_add_unequal(k, &d); break;
  default: break;
  }
}

static void known_add_lins(Known *k, const Expr *e, bool neg)
{
  if (e->kind == E_CONST && e->type == T_BOOL && !e->i == !neg) k->impossible = 1;
  if (e->kind != E_FN) return;
  if (e->fn == FN_NOT && e->type == T_BOOL) {
    known_add_lins(k, e->arg[0], !neg);
  } else if (e->type == T_BOOL && e->fn == (neg ? FN_OR : FN_AND)) {
    known_add_lins(k, e->arg[0], neg);
    known_add_lins(k, e->arg[1], neg);
  } else if (fn_info[e->fn].rule == 'B') {
    known_add_test(k, e, neg);
  }
}

void known_add(Known *k, const Expr *cond, bool neg)
{
  known_add_lins(k, cond, neg);
  PUSH(k->c, k->cond, ((Cond){ cond, neg }));
}

/* ---- proofs */
/* How often x goes into a, 1 if it does not. */
static int64_t times_in(int64_t a, int64_t x)
{
  if (a == INT64_MIN || x == INT64_MIN || a % x) return 1;
  return a / x > 1 ? a / x : 1;
}

/* The factor that makes the fact cancel a term of a: 2 for 3 - i in 7 - 2 * i - j. */
static int64_t fact_times(const Lin *a, const Lin *fact)
{
  for (int i = 0; i < fact->n; i++)
    for (int j = 0; j < a->n; j++)
      if (a->at[j].key == fact->at[i].key && times_in(a->at[j].k, fact->at[i].k) > 1) return times_in(a->at[j].k, fact->at[i].k);
  return 1;
}

static bool is_nonneg_less(Known *k, const Lin *a, const Lin *fact, Lin *rest)
{
  *rest = lin_copy(k->c, a);
  lin_add(k->c, rest, fact, -fact_times(a, fact));
  return !rest->over && lin_range(k->c, rest).lo >= 0;
}

/* a >= 0 follows from the ranges, or from them and one or two of the conditions: a - f >= 0, a - f - g >= 0. */
static bool is_nonneg(Known *k, const Lin *a)
{
  Lin f = lin_copy(k->c, a), rest, last;
  lin_tighten(&f);
  if (f.over) return false;
  if (k->impossible || lin_range(k->c, &f).lo >= 0) return true;
  for (int i = 0; i < k->lin.n; i++) {
    if (is_nonneg_less(k, &f, &k->lin.at[i], &rest)) return true;
    for (int j = i + 1; j < k->lin.n && k->lin.n <= 8; j++)
      if (is_nonneg_less(k, &rest, &k->lin.at[j], &last)) return true;
  }
  return false;
}

bool known_nonneg(Known *k, const Lin *a)
{
  ArenaMark m = ctx_mark(k->c);
  bool r = is_nonneg(k, a);
  ctx_release(k->c, m);
  return r;
}

/* ---- tabulation: the expression at every point of its indices */
typedef struct Table { Index *index[TABLE_INDICES]; int64_t at[TABLE_INDICES]; int n; bool single; } Table;
typedef struct Gather { Table *t; bool grow, ok; } Gather;

static int table_find(const Table *t, const Index *i)
{
  for (int k = 0; k < t->n; k++)
    if (t->index[k] == i) return k;
  return -1;
}

static bool gather_node(const Expr *e, void *arg)
{
  Gather *g = arg;
  if (e->kind == E_READ || e->kind == E_REDUCE || e->kind == E_OR) g->ok = false;
  if (e->kind != E_INDEX || table_find(g->t, e->index) >= 0) return g->ok;
  g->ok &= g->grow && !e->index->is_dim && !e->index->ext.dim && g->t->n < TABLE_INDICES;
  if (g->ok) g->t->index[g->t->n++] = e->index;
  return g->ok;
}

/* Do only static, numbered indices occur in e? With grow they are added to the table. */
static bool table_takes(Table *t, const Expr *e, bool grow)
{
  Gather g = { t, grow, true };
  expr_walk(e, gather_node, &g);
  return g.ok;
}

/* Weak floats are computed in f32 by kernels and in double by the interpreter: t->single chooses. */
static Num table_round(const Table *t, Num v, Type type)
{
  if (!type_is_float(type)) return v;
  bool half = type == T_F16 || type == T_BF16;
  return (Num){ type == T_WFLOAT ? (t->single ? value_round(v.f, T_F32) : v.f) : value_round(v.f, half ? T_F32 : type), 0 };
}

static Num table_eval(const Table *t, const Expr *e);

static Num table_call(const Table *t, const Expr *e)
{
  Expr *a = e->arg[0], *b = e->arg[e->n - 1];
  Type p = e->n == 2 ? type_promote(a->type, b->type) : a->type;
  Num x = convert_value(table_eval(t, a), a->type, p, CV_PLAIN);
  Num y = e->n == 2 ? convert_value(table_eval(t, b), b->type, p, CV_PLAIN) : x;
  return table_round(t, fn_eval(e->fn, x, y, p), e->type);
}

static Num table_eval(const Table *t, const Expr *e)
{
  const Expr *side;
  switch (e->kind) {
  case E_CONST: return type_is_float(e->type) ? (Num){ e->f, 0 } : (Num){ 0, e->i };
  case E_INDEX: return (Num){ 0, t->at[table_find(t, e->index)] };
  case E_FN: return table_call(t, e);
  case E_CONVERT: return convert_value(table_eval(t, e->arg[0]), e->arg[0]->type, e->type, e->mode);
  case E_SELECT:
    side = e->arg[table_eval(t, e->arg[0]).i ? 1 : 2];
    return convert_value(table_eval(t, side), side->type, e->type, CV_PLAIN);
  default: return (Num){ 0, 0 };  /* kept out by table_takes */
  }
}

static int64_t table_points(const Table *t)
{
  int64_t n = 1;
  for (int k = 0; k < t->n; k++)
    if (__builtin_mul_overflow(n, extent_max(t->index[k]->ext), &n)) return INT64_MAX;
  return n;
}

static void table_next(Table *t)
{
  for (int k = t->n - 1; k >= 0; k--) {
    if (++t->at[k] < t->index[k]->ext.n) return;
    t->at[k] = 0;
  }
}

static bool table_admits(const Table *t, const Cond *cond, int n)
{
  for (int k = 0; k < n; k++)
    if (!table_eval(t, cond[k].e).i != cond[k].neg) return false;
  return true;
}

/* The least and greatest value of e where the conditions hold that speak of its indices alone. False if there are too many points. */
static bool table_range(Known *known, const Expr *e, int64_t *lo, int64_t *hi)
{
  Table t = { .n = 0 };
  VEC(Cond) cond = { 0 };
  *lo = INT64_MAX, *hi = INT64_MIN;
  if (!table_takes(&t, e, true)) return false;
  int64_t points = table_points(&t);
  if (points > POINTS_MAX || points * e->nodes > TABLE_WORK - known->spent) return false;
  known->spent += points * e->nodes;
  for (int k = 0; k < known->cond.n; k++)
    if (table_takes(&t, known->cond.at[k].e, false)) PUSH(known->c, cond, known->cond.at[k]);
  for (int single = 0; single < 2; single++) {
    t.single = single;
    for (int64_t p = 0; p < points; p++, table_next(&t)) {
      if (!table_admits(&t, cond.at, cond.n)) continue;
      int64_t v = table_eval(&t, e).i;
      *lo = v < *lo ? v : *lo, *hi = v > *hi ? v : *hi;
    }
  }
  return true;
}

/* ---- inside and outside */
static Lin lin_below(Known *k, const Expr *e, Extent n)   /* n - 1 - e */
{
  Lin a = lin_const(-1), size = lin_extent(k->c, n), x = lin_of(k->c, (Expr *)e);
  lin_add(k->c, &a, &size, 1);
  lin_add(k->c, &a, &x, -1);
  return a;
}

static bool is_static_int(const Expr *e) { return e->type == T_WINT || type_is_int(e->type); }

static void inside(Known *k, const Expr *e, Extent n, bool *lo, bool *hi)
{
  Lin x = lin_of(k->c, (Expr *)e), below = lin_below(k, e, n);
  int64_t least, most;
  *lo = known_nonneg(k, &x);
  *hi = known_nonneg(k, &below);
  if ((*lo && *hi) || lin_is_affine(&x) || !is_static_int(e) || !table_range(k, e, &least, &most)) return;
  *lo |= least >= 0;
  *hi |= most < extent_min(n);
}

void known_inside(Known *k, const Expr *e, Extent n, bool *lo, bool *hi)
{
  ArenaMark m = ctx_mark(k->c);
  inside(k, e, n, lo, hi);
  ctx_release(k->c, m);
}

bool known_outside(Known *k, const Expr *e, Extent n)
{
  ArenaMark m = ctx_mark(k->c);
  Lin minus = lin_const(-1), x = lin_of(k->c, (Expr *)e), size = lin_extent(k->c, n);
  lin_add(k->c, &minus, &x, -1);
  lin_add(k->c, &x, &size, -1);
  bool r = known_nonneg(k, &minus) || known_nonneg(k, &x);
  ctx_release(k->c, m);
  return r;
}

void expr_inside(Ctx *c, const Expr *e, Extent n, const Facts *facts, bool *lo, bool *hi)
{
  Known k = { .c = c };
  for (int j = 0; facts && j < facts->n; j++) known_add(&k, facts->at[j], facts->neg && facts->neg[j]);
  known_inside(&k, e, n, lo, hi);
}
