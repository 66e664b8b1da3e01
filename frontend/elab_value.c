/* Values of elaboration and functions of them.
 *
 *   [a, b] * 2           is [a * 2, b * 2]: functions distribute over lists, numbers spread
 *   x + relu(y)          of whole tensors is lifted: a tree that becomes one equation when it is stored
 *   t - 2 + 2            over a symbolic dimension is t again: only what is `dim + n` in the end can be an extent
 */
#include "../ir/scalar.h"
#include "elab.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- making and asking */
Val v_num(Expr *e) { return (Val){ V_NUM, { .e = e } }; }
Val v_int(Elab *el, int64_t i) { return v_num(expr_int(el->c, i)); }
Val v_bool(Elab *el, bool b) { return v_num(expr_const(el->c, T_BOOL, 0, b)); }
Val v_float(Elab *el, double f) { return v_num(expr_float(el->c, f)); }

Val v_list(Elab *el, int n)
{
  if (n > 1000000) fail_at(el, el->ncall ? el->call[el->ncall - 1].pos : el->g->pos, "a list of %d elements is too long", n);
  List *l = NEW(el->c, List);
  l->n = n;
  l->at = NEWN(el->c, Val, n + 1);
  return (Val){ V_LIST, { .l = l } };
}

Val v_tensor(Elab *el, Tensor *t)
{
  Tens *x = NEW(el->c, Tens);
  x->t = t;
  return (Val){ V_TENSOR, { .x = x } };
}

Val v_lim(Elab *el, Expr *e, Expr *n)
{
  Lim *m = NEW(el->c, Lim);
  *m = (Lim){ e, n };
  return (Val){ V_LIM, { .m = m } };
}

bool v_is_int(Val v, int64_t *i)
{
  if (v.k != V_NUM || v.e->kind != E_CONST || type_is_float(v.e->type)) return false;
  *i = v.e->i;
  return true;
}

bool v_is_bool(Val v, bool *b)
{
  if (v.k != V_NUM || v.e->kind != E_CONST || v.e->type != T_BOOL) return false;
  *b = v.e->i != 0;
  return true;
}

static bool dims_only(const Expr *e, void *ok)
{
  if (e->kind == E_READ || e->kind == E_REDUCE || (e->kind == E_INDEX && !e->index->is_dim)) *(bool *)ok = false;
  return *(bool *)ok;
}

bool v_static(Val v)
{
  if (v.k != V_NUM) return v.k != V_TENSOR && v.k != V_LIFT && v.k != V_LIM;
  bool ok = true;
  expr_walk(v.e, dims_only, &ok);
  return ok;
}

Idx *v_idx(Val v)
{
  return v.k == V_NUM && v.e->kind == E_INDEX && !v.e->index->is_dim ? (Idx *)v.e->index : NULL;
}

const char *v_kind(Val v)
{
  static const char *const name[] = { "none", "a number", "a string", "a type", "a list", "a composite", "several results", "a tensor",
                                      "a whole-tensor expression", "a limited index", "an absent tensor", "an unbound index", "an error" };
  if (v.k == V_NUM && !v_static(v)) return "an element";
  if (v.k == V_NUM && v.e->type == T_BOOL) return "a truth value";
  return name[v.k];
}

int64_t need_int(Elab *el, Val v, Pos p, const char *what)
{
  int64_t i;
  if (v_is_int(v, &i)) return i;
  if (v.k == V_NUM && v_static(v) && v.e->kind != E_CONST) fail_at(el, p, "%s needs a constant extent: %s is symbolic", what, expr_print(el->c, v.e));
  fail_at(el, p, "%s must be an integer that is known when the graph is compiled; this is %s", what, v_kind(v));
}

/* ---- extents */
Expr *ext_expr(Elab *el, Extent e)
{
  if (!e.dim) return expr_int(el->c, e.n);
  Expr *d = expr_index(el->c, e.dim);
  return e.n ? expr_fn2(el->c, FN_ADD, d, expr_int(el->c, e.n)) : d;
}

Val v_ext(Elab *el, Extent e) { return v_num(ext_expr(el, e)); }

bool expr_ext(Elab *el, Expr *e, Extent *out)
{
  if (e->kind == E_CONST && !type_is_float(e->type)) {
    *out = extent_of(e->i);
    return true;
  }
  Aff a;
  if (type_is_float(e->type) || !expr_affine(el->c, e, &a) || a.n > 1) return false;
  if (a.n == 1 && (!a.index[0]->is_dim || a.k[0] != 1)) return false;
  *out = (Extent){ a.n ? a.index[0] : NULL, a.c };
  return true;
}

Extent need_ext(Elab *el, Val v, Pos p, const char *what)
{
  Extent e = { NULL, 0 };
  if (v.k != V_NUM) fail_at(el, p, "%s must be an integer; this is %s", what, v_kind(v));
  if (v.e->kind == E_CONST && v.e->type == T_BOOL) fail_at(el, p, "%s must be an integer; this is a truth value", what);
  if (!expr_ext(el, v.e, &e)) {
    if (type_is_float(v.e->type)) fail_at(el, p, "%s must be an integer; this is %s", what, expr_print(el->c, v.e));
    if (v_static(v)) fail_at(el, p, "%s needs a constant extent: of a symbolic dimension only `dimension + number` is one, this is %s", what, expr_print(el->c, v.e));
    fail_at(el, p, "%s depends on an index or tensor; give a constant extent and a condition (if)", what);
  }
  if (e.n > (int64_t)1 << 40) fail_at(el, p, "%s is %lld, more than 2^40", what, (long long)e.n);
  return e;
}

bool ext_is(Extent e, int64_t n) { return !e.dim && e.n == n; }
Extent ext_pos(Extent e) { return !e.dim && e.n < 0 ? extent_of(0) : e; }

Extent ext_mul(Elab *el, Extent a, Extent b, Pos p)
{
  if (ext_is(a, 1)) return b;
  if (ext_is(b, 1)) return a;
  if (ext_is(a, 0) || ext_is(b, 0)) return extent_of(0);
  int64_t n = 0;
  if (a.dim || b.dim) fail_at(el, p, "this product of extents needs a constant extent: %s times %s", ext_print(el, &a, 1), ext_print(el, &b, 1));
  if (__builtin_mul_overflow(a.n, b.n, &n) || n > (int64_t)1 << 40) fail_at(el, p, "an extent of %lld times %lld is more than 2^40", (long long)a.n, (long long)b.n);
  return extent_of(n);
}

char *ext_print(Elab *el, const Extent *e, int n)
{
  Text t = { .c = el->c };
  text_add(&t, "[");
  for (int d = 0; d < n; d++) {
    if (d) text_add(&t, ", ");
    if (!e[d].dim) text_add(&t, "%lld", (long long)e[d].n);
    else if (!e[d].n) text_add(&t, "%s", e[d].dim->name);
    else text_add(&t, "%s %c %lld", e[d].dim->name, e[d].n < 0 ? '-' : '+', (long long)llabs(e[d].n));
  }
  text_add(&t, "]");
  return t.s;
}

Extent *ext_broadcast(Elab *el, const Extent *a, int na, const Extent *b, int nb, int *n)
{
  *n = na > nb ? na : nb;
  Extent *out = NEWN(el->c, Extent, *n + 1);
  for (int d = 0; d < *n; d++) {
    int da = d - (*n - na), db = d - (*n - nb);
    Extent x = da >= 0 ? a[da] : extent_of(1), y = db >= 0 ? b[db] : extent_of(1);
    if (!ext_is(x, 1) && !ext_is(y, 1) && !extent_equal(x, y)) return NULL;
    out[d] = ext_is(x, 1) ? y : x;
  }
  return out;
}

/* ---- functions of numbers and elements */
static bool is_rounding(Fn f) { return f == FN_FLOOR || f == FN_TRUNC || f == FN_ROUND; }
static bool is_bits(Fn f) { return f == FN_AND || f == FN_OR || f == FN_XOR || f == FN_NOT || f == FN_SHL || f == FN_SHR; }

static void fn_check(Elab *el, Fn f, Expr *const *a, int n, Pos p)
{
  Type t = a[0]->type;
  for (int k = 1; k < n; k++) t = type_promote(t, a[k]->type);
  if (is_bits(f) && t != T_NONE && type_is_float(t)) fail_at(el, p, "'%s' of floats", fn_info[f].text);
  if ((f == FN_DIV || f == FN_MOD || f == FN_SHL || f == FN_SHR) && t == T_BOOL) fail_at(el, p, "'%s' of truth values", fn_info[f].text);
  if ((f == FN_DIV || f == FN_MOD || f == FN_QUO || f == FN_REM) && t == T_WINT && a[1]->kind == E_CONST && a[1]->i == 0) fail_at(el, p, "division by zero");
}

/* A known side of & and | decides. */
static Expr *fn_known(Fn f, Expr *const *a)
{
  if (f != FN_AND && f != FN_OR) return NULL;
  for (int k = 0; k < 2; k++)
    if (a[k]->kind == E_CONST && a[k]->type == T_BOOL && a[1 - k]->type == T_BOOL) return (a[k]->i != 0) == (f == FN_AND) ? a[1 - k] : a[k];
  return NULL;
}

static bool find_dim(const Expr *e, void *found)
{
  if (e->kind == E_INDEX && e->index->is_dim) *(bool *)found = true;
  return !*(bool *)found && e->kind != E_READ;
}

/* What holds a symbolic dimension is brought to its affine form, so that it cancels where it can. */
static Expr *expr_settle(Elab *el, Expr *e)
{
  bool found = false;
  Aff a;
  if (!el->g->ndim || e->kind == E_CONST || e->type != T_WINT) return e;
  expr_walk(e, find_dim, &found);
  return found && expr_affine(el->c, e, &a) ? aff_expr(el->c, &a) : e;
}

/* Comparisons of integers that the ranges of their indices decide. */
static Expr *fn_compare(Elab *el, Fn f, Expr *const *a)
{
  if (f < FN_EQ || f > FN_GE || a[0]->type != T_WINT || a[1]->type != T_WINT) return NULL;
  Range d = expr_range(el->c, expr_fn2(el->c, FN_SUB, a[0], a[1]));
  if (!(d.lo <= d.hi)) return NULL;
  bool below = d.hi < 0, above = d.lo > 0, upto = d.hi <= 0, from = d.lo >= 0, apart = below || above, known = false, value = false;
  switch (f) {
  case FN_LT: known = below || from; value = below; break;
  case FN_LE: known = upto || above; value = upto; break;
  case FN_GT: known = above || upto; value = above; break;
  case FN_GE: known = from || below; value = from; break;
  default:    known = apart; value = f == FN_NE; break;
  }
  return known ? expr_const(el->c, T_BOOL, 0, value) : NULL;
}

static bool is_zero(const Expr *e) { return e->kind == E_CONST && e->type == T_WINT && e->i == 0; }
static bool is_sum(const Expr *e) { return e->kind == E_REDUCE && e->red == RED_SUM && e->type != T_WINT; }

/* max(x, -inf) and min(x, inf) are x, also for a NaN; t + -1 is t - 1; a sum begins at 0 anyway. */
static Expr *fn_tidy(Elab *el, Fn f, Expr *const *a)
{
  const Expr *k = a[1];
  for (int i = 0; i < 2 && f == FN_ADD; i++)
    if (is_zero(a[i]) && is_sum(a[1 - i])) return a[1 - i];
  if (k->kind != E_CONST) return NULL;
  if (type_is_float(k->type) && type_is_float(a[0]->type) && ((f == FN_MAX && k->f == -INFINITY) || (f == FN_MIN && k->f == INFINITY)))
    return type_promote(a[0]->type, k->type) == a[0]->type ? a[0] : NULL;
  if ((f == FN_ADD || f == FN_SUB) && k->type == T_WINT && a[0]->type == T_WINT && k->i < 0 && k->i > INT64_MIN)
    return expr_fn2(el->c, f == FN_ADD ? FN_SUB : FN_ADD, a[0], expr_int(el->c, -k->i));
  return NULL;
}

Expr *num_fn(Elab *el, Fn f, Expr **a, int n, Pos p)
{
  fn_check(el, f, a, n, p);
  Expr *known = NULL;
  if (n == 2) known = fn_known(f, a);
  if (n == 2 && !known) known = fn_compare(el, f, a);
  if (n == 2 && !known) known = fn_tidy(el, f, a);
  if (known) return expr_settle(el, known);
  if (is_rounding(f) && a[0]->type != T_NONE && !type_is_float(a[0]->type)) return a[0];
  return expr_settle(el, expr_fn(el->c, f, a, p));
}

/* ---- equality of what is no number */
static bool v_same(Val a, Val b)
{
  if (a.k != b.k) return false;
  if (a.k == V_STRING) return !strcmp(a.s, b.s);
  return a.k == V_TYPE ? a.t == b.t : a.k == V_NONE;
}

static bool is_word(Val v) { return v.k == V_STRING || v.k == V_TYPE || v.k == V_NONE; }
static bool is_whole(Val v) { return v.k == V_TENSOR || v.k == V_LIFT; }

/* ---- lists */
/* The common length of the lists among n values; -1: none. */
static int list_length(Elab *el, const Val *a, int n, const char *what, Pos p)
{
  int len = -1;
  for (int k = 0; k < n; k++) {
    if (a[k].k != V_LIST) continue;
    if (len >= 0 && a[k].l->n != len) fail_at(el, p, "lists of lengths %d and %d in '%s'", len, a[k].l->n, what);
    len = a[k].l->n;
  }
  return len;
}

static Val list_element(Val v, int i) { return v.k == V_LIST ? v.l->at[i] : v; }

static Val fn_lists(Elab *el, Fn f, const Val *a, int n, int len, Pos p)
{
  Val out = v_list(el, len), b[3];
  for (int i = 0; i < len; i++) {
    for (int k = 0; k < n; k++) b[k] = list_element(a[k], i);
    out.l->at[i] = v_fn(el, f, b, n, p);
  }
  return out;
}

/* ---- lifted expressions */
Lift *lift_of(Elab *el, Val v, Pos p)
{
  if (v.k == V_LIFT) return v.f;
  Lift *l = NEW(el->c, Lift);
  l->size = 1;
  l->pos = p;
  if (v.k == V_TENSOR) {
    l->k = L_TENSOR;
    l->x = v.x;
    l->rank = v.x->t->rank;
    l->shape = v.x->t->shape;
  } else if (v.k == V_NUM) {
    l->k = L_NUM;
    l->e = v.e;
  } else fail_at(el, p, "%s cannot stand in an expression over whole tensors", v_kind(v));
  return l;
}

static const char *label_join(Elab *el, const char *a, const char *b)
{
  if (!a || !b || !strcmp(a, b)) return a ? a : b;
  return strlen(a) + strlen(b) > 80 ? a : ctx_printf(el->c, "%s+%s", a, b);
}

static Lift *lift_new(Elab *el, LiftKind k, const Val *a, int n, Pos p)
{
  Lift *l = NEW(el->c, Lift);
  l->k = k;
  l->n = n;
  l->pos = p;
  l->size = 1;
  l->shape = NULL;
  for (int j = 0; j < n; j++) {
    Lift *b = l->arg[j] = lift_of(el, a[j], p);
    Extent *shape = ext_broadcast(el, l->shape, l->rank, b->shape, b->rank, &l->rank);
    if (!shape) fail_at(el, p, "shapes %s and %s do not broadcast", ext_print(el, j ? l->shape : a[0].f->shape, l->arg[0]->rank), ext_print(el, b->shape, b->rank));
    l->shape = shape;
    l->size += b->size;
    l->label = label_join(el, l->label, b->label);
  }
  if (l->rank > 64) fail_at(el, p, "a tensor of %d dimensions: at most 64", l->rank);
  if (l->size > 100000) fail_at(el, p, "this expression over whole tensors is too large: give parts of it names");
  return l;
}

static Val v_lift(Lift *l) { return (Val){ V_LIFT, { .f = l } }; }

static Expr *lift_read(Elab *el, const Lift *l, Expr *const *ix)
{
  Expr *place[64];
  for (int d = 0; d < l->rank; d++) place[d] = ext_is(l->shape[d], 1) ? expr_int(el->c, 0) : ix[d];
  return expr_read(el->c, l->x->t, place, l->pos);
}

Expr *lift_build(Elab *el, const Lift *l, Expr *const *ix)
{
  Expr *a[3];
  for (int k = 0; k < l->n; k++) a[k] = lift_build(el, l->arg[k], ix + (l->rank - l->arg[k]->rank));
  switch (l->k) {
  case L_TENSOR:  return lift_read(el, l, ix);
  case L_NUM:     return l->e;
  case L_FN:      return num_fn(el, l->fn, a, l->n, l->pos);
  case L_CONVERT: return expr_convert(el->c, l->mode, l->type, a[0], l->pos);
  case L_SELECT:  return v_select(el, v_num(a[0]), v_num(a[1]), v_num(a[2]), l->pos).e;
  case L_OR:      return expr_or(el->c, a[0], a[1], l->pos);
  }
  return NULL;
}

/* ---- functions of values */
static void fn_operand(Elab *el, Fn f, Val v, Pos p)
{
  if (v.k == V_NUM || is_whole(v)) return;
  if (v.k == V_POISON) fail_silent(el);
  if (v.k == V_STRING || v.k == V_TYPE) fail_at(el, p, "'%s' of %s has no meaning", fn_info[f].text, v_kind(v));
  fail_at(el, p, "'%s' of %s: not a number", fn_info[f].text, v_kind(v));
}

Val v_fn(Elab *el, Fn f, const Val *a, int n, Pos p)
{
  int len = list_length(el, a, n, fn_info[f].text, p);
  if (len >= 0) return fn_lists(el, f, a, n, len, p);
  if ((f == FN_EQ || f == FN_NE) && (is_word(a[0]) || is_word(a[1]))) return v_bool(el, v_same(a[0], a[1]) == (f == FN_EQ));
  bool whole = false;
  Expr *e[3];
  for (int k = 0; k < n; k++) {
    fn_operand(el, f, a[k], p);
    whole |= is_whole(a[k]);
    e[k] = a[k].e;
  }
  if (!whole) return v_num(num_fn(el, f, e, n, p));
  Lift *l = lift_new(el, L_FN, a, n, p);
  l->fn = f;
  return v_lift(l);
}

Val v_fn2(Elab *el, Fn f, Val a, Val b, Pos p) { return v_fn(el, f, (Val[]){ a, b }, 2, p); }

Val v_convert(Elab *el, Convert mode, Type t, Val v, Pos p)
{
  if (v.k == V_LIST) {
    Val out = v_list(el, v.l->n);
    for (int i = 0; i < v.l->n; i++) out.l->at[i] = v_convert(el, mode, t, v.l->at[i], p);
    return out;
  }
  if (v.k == V_NUM) return v_num(expr_convert(el->c, mode, t, v.e, p));
  if (!is_whole(v)) fail_at(el, p, "%s cannot be converted to %s", v_kind(v), type_name(t));
  if (mode == CV_PLAIN && v.k == V_TENSOR && v.x->t->type == t) return v;
  Lift *l = lift_new(el, L_CONVERT, &v, 1, p);
  l->mode = mode;
  l->type = t;
  return v_lift(l);
}

static Val select_lists(Elab *el, Val c, Val a, Val b, int len, Pos p)
{
  Val out = v_list(el, len);
  for (int i = 0; i < len; i++) out.l->at[i] = v_select(el, list_element(c, i), list_element(a, i), list_element(b, i), p);
  return out;
}

Val v_select(Elab *el, Val c, Val a, Val b, Pos p)
{
  bool known;
  if (v_is_bool(c, &known)) return known ? a : b;
  Val all[3] = { c, a, b };
  int len = list_length(el, all, 3, "?:", p);
  if (len >= 0) return select_lists(el, c, a, b, len, p);
  if (is_whole(c) || is_whole(a) || is_whole(b)) return v_lift(lift_new(el, L_SELECT, all, 3, p));
  if (c.k != V_NUM || (c.e->type != T_BOOL && c.e->type != T_NONE)) fail_at(el, p, "the condition is %s: it must be a truth value", c.k == V_NUM ? type_name(c.e->type) : v_kind(c));
  if (a.k != V_NUM || b.k != V_NUM) fail_at(el, p, "the sides of '?:' must be numbers where the condition is not known; here they are %s and %s", v_kind(a), v_kind(b));
  return v_num(expr_select(el->c, c.e, a.e, b.e, p));
}

/* a holds no read where it is known: then the alternative does not matter. */
Val v_or(Elab *el, Val a, Val b, Pos p)
{
  Val all[2] = { a, b };
  int len = list_length(el, all, 2, "or", p);
  if (len >= 0) {
    Val out = v_list(el, len);
    for (int i = 0; i < len; i++) out.l->at[i] = v_or(el, list_element(a, i), list_element(b, i), p);
    return out;
  }
  if (a.k != V_NUM) fail_at(el, p, "'or' guards reads of elements; this is %s", v_kind(a));
  if (!expr_reads(a.e, NULL)) return a;
  if (b.k != V_NUM) fail_at(el, p, "the alternative of 'or' is %s: it must be a number", v_kind(b));
  return v_num(expr_or(el->c, a.e, b.e, p));
}

static Type lift_type(Elab *el, const Lift *l)
{
  Expr *ix[64];
  for (int d = 0; d < l->rank; d++) ix[d] = expr_int(el->c, 0);
  return lift_build(el, l, ix)->type;
}

Type v_type(Elab *el, Frame *f, Val v, Pos p)
{
  Type t = T_NONE;
  if (v.k == V_LIST) {
    for (int i = 0; i < v.l->n; i++) t = type_promote(t, v_type(el, f, v.l->at[i], p));
    return t;
  }
  if (v.k == V_COMP) return T_I64;
  if (v.k == V_NUM) t = v.e->type;
  else if (v.k == V_TENSOR) t = v.x->t->type;
  else if (v.k == V_LIFT) t = lift_type(el, v.f);
  else fail_at(el, p, "%s has no type", v_kind(v));
  if (t == T_NONE) f->unknown = true;
  return type_strong(t);
}

/* ---- storing */
static void store_indices(Elab *el, const Lift *l, Index **free, Expr **ix)
{
  static const char *const letter[] = { "i", "j", "k", "l", "m", "n", "o", "p", "q" };
  for (int d = 0; d < l->rank; d++) {
    const char *name = ctx_intern(el->c, d < 9 ? letter[d] : ctx_printf(el->c, "i%d", d));
    free[d] = &idx_new(el, name, l->shape[d], false)->ix;
    ix[d] = expr_index(el->c, free[d]);
  }
}

Val v_store(Elab *el, Val v, const char *name, Pos p)
{
  if (v.k == V_TENSOR) return v;
  Lift *l = lift_of(el, v, p);
  Index **free = NEWN(el->c, Index *, l->rank + 1);
  Expr **ix = NEWN(el->c, Expr *, l->rank + 1);
  store_indices(el, l, free, ix);
  Expr *e = lift_build(el, l, ix);
  if (e->type == T_NONE) fail_at(el, p, "the type of this expression over whole tensors cannot be found: it depends on itself");
  Tensor *t = NEW(el->c, Tensor);
  *t = (Tensor){ .name = name_fresh(el, name), .type = type_strong(e->type), .rank = l->rank, .shape = l->shape, .pos = p, .stream_dim = -1 };
  Eq *q = emit_eq(el, t, ix, free, l->rank, e, p);
  if (q) q->label = label_now(el, l->label);
  return v_tensor(el, t);
}

/* ---- known data */
static Val data_element(Elab *el, const Tensor *t, int64_t k)
{
  Num v = value_load(t->data, t->type, k);
  if (t->type == T_BOOL) return v_bool(el, v.i != 0);
  return type_is_float(t->type) ? v_float(el, v.f) : v_int(el, v.i);
}

Val list_values(Elab *el, const Tens *x)
{
  const Tensor *t = x->t;
  int64_t n = tensor_size(t);
  if (x->known) return (Val){ V_LIST, { .l = (List *)x->known } };
  if (!t->data || n > 1000000) return (Val){ V_NONE, { 0 } };
  Val out = v_list(el, (int)n);
  for (int i = 0; i < n; i++) out.l->at[i] = data_element(el, t, i);
  return t->rank ? out : out.l->at[0];
}
