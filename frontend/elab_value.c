/* Values of elaboration and functions of them.
 *   [a, b] * 2           is [a * 2, b * 2]: functions distribute over lists, numbers spread
 *   x + relu(y)          of whole tensors is lifted: a tree that becomes one equation when it is stored
 *   t - 2 + 2            over a symbolic dimension is t again: only what is `dim + n` in the end can be an extent   */
#include "../ir/scalar.h"
#include "elab.h"
#include <math.h>
#include <stdlib.h>

#define EXT_MAX ((int64_t)1 << 40)

/* ---- making and asking */
Val v_num(Expr *e) { return (Val){ V_NUM, .e = e }; }
Val v_int(Elab *el, int64_t i) { return v_num(expr_int(el->c, i)); }
Val v_bool(Elab *el, bool b) { return v_num(expr_const(el->c, T_BOOL, 0, b)); }
Val v_float(Elab *el, double f) { return v_num(expr_float(el->c, f)); }
Val v_list(Elab *el, int n) {
  if (n > 1000000) fail_at(el, el->ncall ? el->call[el->ncall - 1].pos : el->g->pos, "a list of %d elements is too long", n);
  return (Val){ V_LIST, .l = NEW_AS(el->c, List, NEWN(el->c, Val, n + 1), n, n + 1) };
}
Val v_tensor(Elab *el, Tensor *t) { return (Val){ V_TENSOR, .x = NEW_AS(el->c, Tens, .t = t) }; }
Val v_lim(Elab *el, Expr *e, Expr *n) { return (Val){ V_LIM, .m = NEW_AS(el->c, Lim, e, n) }; }
Val first_of(Val v) { return v.k == V_TUPLE && v.l->n ? v.l->at[0] : v; }
static bool is_const(Val v) { return v.k == V_NUM && v.e->kind == E_CONST; }
bool v_is_int(Val v, int64_t *i) { if (!is_const(v) || type_is_float(v.e->type)) return false; *i = v.e->i; return true; }
bool v_is_bool(Val v, bool *b) { if (!is_const(v) || v.e->type != T_BOOL) return false; *b = v.e->i != 0; return true; }
static bool is_dim(const Expr *e, const void *any) { (void)any; return e->kind == E_INDEX && e->index->is_dim; }
static bool varies(const Expr *e, const void *any) { return e->kind == E_READ || e->kind == E_REDUCE || (e->kind == E_INDEX && !is_dim(e, any)); }
bool v_static(Val v) { return v.k == V_NUM ? !expr_some(v.e, varies, NULL) : v.k != V_TENSOR && v.k != V_LIFT && v.k != V_LIM; }
bool v_whole(Val v) { return v.k == V_TENSOR || v.k == V_LIFT; }
Idx *v_idx(Val v) { return v.k == V_NUM && v.e->kind == E_INDEX && !v.e->index->is_dim ? (Idx *)v.e->index : NULL; }

const char *v_kind(Val v) {
  static const char *const name[] = { "none", "a number", "a string", "a type", "a list", "a composite", "several results", "a tensor",
                                      "a whole-tensor expression", "a limited index", "an absent tensor", "an unbound index", "an error" };
  return v.k != V_NUM ? name[v.k] : !v_static(v) ? "an element" : v.e->type == T_BOOL ? "a truth value" : name[V_NUM];
}

int64_t need_int(Elab *el, Val v, Pos p, const char *what) {
  int64_t i; if (v_is_int(v, &i)) return i;
  if (v.k == V_NUM && v_static(v) && v.e->kind != E_CONST) fail_at(el, p, "%s needs a constant extent: %s is symbolic", what, expr_print(el->c, v.e));
  fail_at(el, p, "%s must be an integer that is known when the graph is compiled; this is %s", what, v_kind(v));
}

/* ---- extents */
Expr *ext_expr(Elab *el, Extent e) {
  if (!e.dim) return expr_int(el->c, e.n);
  Expr *d = expr_index(el->c, e.dim); return e.n ? expr_fn2(el->c, FN_ADD, d, expr_int(el->c, e.n)) : d;
}
Val v_ext(Elab *el, Extent e) { return v_num(ext_expr(el, e)); }
Val v_dims(Elab *el, Dims d) {
  if (!d.pack) return v_ext(el, d.e[0]);
  Val v = v_list(el, d.n); for (int i = 0; i < d.n; i++) v.l->at[i] = v_ext(el, d.e[i]); return v;
}

/* Is it dim + n or n? */
static bool expr_ext(Elab *el, Expr *e, Extent *out) {
  Aff a = { 0 };
  if (e->kind == E_CONST && !type_is_float(e->type)) a.c = e->i;
  else if (type_is_float(e->type) || !expr_affine(el->c, e, &a) || a.n > 1) return false;
  if (a.n == 1 && (!a.index[0]->is_dim || a.k[0] != 1)) return false;
  *out = (Extent){ a.n ? a.index[0] : NULL, a.c }; return true;
}
Extent need_ext(Elab *el, Val v, Pos p, const char *what) {
  Extent e = { NULL, 0 }; bool truth; if (v.k != V_NUM || v_is_bool(v, &truth)) fail_at(el, p, "%s must be an integer; this is %s", what, v_kind(v));
  if (!expr_ext(el, v.e, &e)) {
    const char *text = expr_print(el->c, v.e); if (type_is_float(v.e->type)) fail_at(el, p, "%s must be an integer; this is %s", what, text);
    if (!v_static(v)) fail_at(el, p, "%s depends on an index or tensor; give a constant extent and a condition (if)", what);
    fail_at(el, p, "%s needs a constant extent: of a symbolic dimension only `dimension + number` is one, this is %s", what, text);
  }
  if (e.n > EXT_MAX) fail_at(el, p, "%s is %lld, more than 2^40", what, (long long)e.n);
  return e;
}

bool ext_is(Extent e, int64_t n) { return !e.dim && e.n == n; }
Extent ext_pos(Extent e) { return !e.dim && e.n < 0 ? extent_of(0) : e; }

Extent ext_mul(Elab *el, Extent a, Extent b, Pos p) {
  int64_t n = 0; if (ext_is(a, 1)) return b; if (ext_is(b, 1)) return a;
  if (ext_is(a, 0) || ext_is(b, 0)) return extent_of(0);
  if (a.dim || b.dim) fail_at(el, p, "this product of extents needs a constant extent: %s times %s", ext_print(el, &a, 1), ext_print(el, &b, 1));
  if (__builtin_mul_overflow(a.n, b.n, &n) || n > EXT_MAX)
    fail_at(el, p, "an extent of %lld times %lld is more than 2^40", (long long)a.n, (long long)b.n);
  return extent_of(n);
}

Extent ext_product(Elab *el, const Extent *e, int n, Pos p) {
  Extent out = extent_of(1); for (int d = 0; d < n; d++) out = ext_mul(el, out, e[d], p); return out;
}

char *ext_print(Elab *el, const Extent *e, int n) {
  Text t = { .c = el->c }; text_add(&t, "[");
  for (int d = 0; d < n; d++) {
    if (d) text_add(&t, ", ");
    if (!e[d].dim) text_add(&t, "%lld", (long long)e[d].n);
    else if (!e[d].n) text_add(&t, "%s", e[d].dim->name);
    else text_add(&t, "%s %c %lld", e[d].dim->name, e[d].n < 0 ? '-' : '+', (long long)llabs(e[d].n));
  }
  text_add(&t, "]"); return t.s;
}

char *ext_show(Elab *el, Extent e) { return expr_print(el->c, ext_expr(el, e)); }
char *type_show(Elab *el, const Tensor *t) { return ctx_printf(el->c, "%s%s", type_name(t->type), ext_print(el, t->shape, t->rank)); }
char *tens_show(Elab *el, const Tensor *t) { return ctx_printf(el->c, "'%s' %s", t->name, ext_print(el, t->shape, t->rank)); }
const char *plural(int64_t n) { return n == 1 ? "" : "s"; }

Extent *ext_broadcast(Elab *el, const Extent *a, int na, const Extent *b, int nb, int *n) {
  *n = na > nb ? na : nb; Extent *out = NEWN(el->c, Extent, *n + 1);
  for (int d = 0; d < *n; d++) {
    int da = d - (*n - na), db = d - (*n - nb); Extent x = da >= 0 ? a[da] : extent_of(1), y = db >= 0 ? b[db] : extent_of(1);
    if (!ext_is(x, 1) && !ext_is(y, 1) && !extent_equal(x, y)) return NULL;
    out[d] = ext_is(x, 1) ? y : x;
  }
  return out;
}

/* ---- functions of numbers and elements */
/* What holds a symbolic dimension is brought to its affine form, so that it cancels where it can. */
static Expr *expr_settle(Elab *el, Expr *e) {
  Aff a; bool symbolic = el->g->ndim && e->kind != E_CONST && e->type == T_WINT && expr_some(e, is_dim, NULL);
  return symbolic && expr_affine(el->c, e, &a) ? aff_expr(el->c, &a) : e;
}

/* Comparisons of integers that the ranges of their indices decide. */
static Expr *fn_compare(Elab *el, Fn f, Expr *const *a) {
  if (f < FN_EQ || f > FN_GE || a[0]->type != T_WINT || a[1]->type != T_WINT) return NULL;
  Range d = expr_range(el->c, expr_fn2(el->c, FN_SUB, a[0], a[1])); if (!(d.lo <= d.hi)) return NULL;
  bool below = d.hi < 0, above = d.lo > 0, upto = d.hi <= 0, from = d.lo >= 0, apart = below || above;
  bool yes = f == FN_LT ? below : f == FN_LE ? upto : f == FN_GT ? above : f == FN_GE ? from : f == FN_NE && apart;
  bool no = f == FN_LT ? from : f == FN_LE ? above : f == FN_GT ? upto : f == FN_GE ? below : f == FN_EQ && apart;
  return yes || no ? expr_const(el->c, T_BOOL, 0, yes) : NULL;
}

static bool is_zero(const Expr *e) { return e->kind == E_CONST && e->type == T_WINT && e->i == 0; }
static bool is_sum(const Expr *e) { return e->kind == E_REDUCE && e->red == RED_SUM && e->type != T_WINT; }

/* max(x, -inf) and min(x, inf) are x, also for a NaN; t + -1 is t - 1; a sum begins at 0 anyway. */
static Expr *fn_tidy(Elab *el, Fn f, Expr *const *a) {
  const Expr *k = a[1]; for (int i = 0; i < 2 && f == FN_ADD; i++) if (is_zero(a[i]) && is_sum(a[1 - i])) return a[1 - i];
  if (k->kind != E_CONST) return NULL;
  if (type_is_float(k->type) && type_is_float(a[0]->type) && ((f == FN_MAX && k->f == -INFINITY) || (f == FN_MIN && k->f == INFINITY)))
    return type_promote(a[0]->type, k->type) == a[0]->type ? a[0] : NULL;
  if ((f == FN_ADD || f == FN_SUB) && k->type == T_WINT && a[0]->type == T_WINT && k->i < 0 && k->i > INT64_MIN)
    return expr_fn2(el->c, f == FN_ADD ? FN_SUB : FN_ADD, a[0], expr_int(el->c, -k->i));
  return NULL;
}
Expr *num_fn(Elab *el, Fn f, Expr **a, int n, Pos p) {
  const char *fault = fn_fault(el->c, f, a); if (fault) fail_at(el, p, "%s", fault);
  Expr *known = n == 2 ? fn_compare(el, f, a) : NULL; if (n == 2 && !known) known = fn_tidy(el, f, a);
  return expr_settle(el, known ? known : expr_fn(el->c, f, a, p));
}

/* ---- lifted expressions */
static const char *label_join(Elab *el, const char *a, const char *b) {
  if (!a || !b || !strcmp(a, b)) return a ? a : b;
  return strlen(a) + strlen(b) > 80 ? a : ctx_printf(el->c, "%s+%s", a, b);
}

static Lift *lift_of(Elab *el, Val v, Pos p) {
  if (v.k == V_LIFT) return v.f;
  if (v.k != V_TENSOR && v.k != V_NUM) fail_at(el, p, "%s cannot stand in an expression over whole tensors", v_kind(v));
  Lift *l = NEW_AS(el->c, Lift, .size = 1, .leaf = v, .pos = p); if (v.k == V_TENSOR) l->rank = v.x->t->rank, l->shape = v.x->t->shape; return l;
}

Val v_lift(Elab *el, Val v, Pos p) { return (Val){ V_LIFT, .f = lift_of(el, v, p) }; }

static Val lift_new(Elab *el, Oper o, const Val *a, int n, Pos p) {
  Lift *l = NEW_AS(el->c, Lift, .o = o, .n = n, .pos = p, .size = 1);
  for (int j = 0; j < n; j++) {
    Lift *b = l->arg[j] = lift_of(el, a[j], p); Extent *shape = ext_broadcast(el, l->shape, l->rank, b->shape, b->rank, &l->rank);
    if (!shape) fail_at(el, p, "shapes %s and %s do not broadcast", ext_print(el, l->shape, l->arg[0]->rank), ext_print(el, b->shape, b->rank));
    l->shape = shape; l->size += b->size; l->label = label_join(el, l->label, b->label);
  }
  if (l->rank > 64) fail_at(el, p, "a tensor of %d dimensions: at most 64", l->rank);
  if (l->size > 100000) fail_at(el, p, "this expression over whole tensors is too large: give parts of it names");
  return (Val){ V_LIFT, .f = l };
}

static void condition_check(Elab *el, Val c, Pos p) {
  if (c.k != V_NUM || (c.e->type != T_BOOL && c.e->type != T_NONE))
    fail_at(el, p, "the condition is %s: it must be a truth value", c.k == V_NUM ? type_name(c.e->type) : v_kind(c));
}

/* The operation on numbers and elements. */
static Expr *element(Elab *el, Oper o, Expr **a, int n, Pos p) {
  bool known;
  switch (o.k) {
  case OP_FN:      return num_fn(el, o.fn, a, n, p);
  case OP_CONVERT: return expr_convert(el->c, o.mode, o.type, a[0], p);
  case OP_OR:      return expr_reads(a[0], NULL) ? expr_or(el->c, a[0], a[1], p) : a[0];
  default:
    if (v_is_bool(v_num(a[0]), &known)) return known ? a[1] : a[2];
    condition_check(el, v_num(a[0]), p); return expr_select(el->c, a[0], a[1], a[2], p);
  }
}

Expr *lift_build(Elab *el, const Lift *l, Expr *const *ix) {
  Expr *a[64]; bool leaf = l->o.k == OP_LEAF; if (leaf && l->leaf.k == V_NUM) return l->leaf.e;
  for (int d = 0; leaf && d < l->rank; d++) a[d] = ext_is(l->shape[d], 1) ? expr_int(el->c, 0) : ix[d];
  for (int k = 0; k < l->n; k++) a[k] = lift_build(el, l->arg[k], ix + (l->rank - l->arg[k]->rank));
  return leaf ? expr_read(el->c, l->leaf.x->t, a, l->pos) : element(el, l->o, a, l->n, l->pos);
}

/* ---- functions of values */
static const char *oper_text(Oper o) { return o.k == OP_FN ? fn_info[o.fn].text : o.k == OP_OR ? "or" : "?:"; }

/* The common length of the lists among n values; -1: none. */
static int list_length(Elab *el, const Val *a, int n, Oper o, Pos p) {
  int len = -1;
  for (int k = 0; k < n; k++) {
    if (a[k].k != V_LIST) continue;
    if (len >= 0 && a[k].l->n != len) fail_at(el, p, "lists of lengths %d and %d in '%s'", len, a[k].l->n, oper_text(o));
    len = a[k].l->n;
  }
  return len;
}

static bool is_word(Val v) { return v.k == V_STRING || v.k == V_TYPE || v.k == V_NONE; }
static bool same_word(Val a, Val b) { return a.k == b.k && (a.k == V_STRING ? !strcmp(a.s, b.s) : a.k == V_TYPE ? a.t == b.t : a.k == V_NONE); }

static void operands_check(Elab *el, Oper o, const Val *a, int n, bool whole, Pos p) {
  for (int k = 0; k < n && o.k == OP_FN; k++) {
    if (a[k].k == V_POISON) fail_silent(el);
    bool word = a[k].k == V_STRING || a[k].k == V_TYPE;
    if (a[k].k != V_NUM && !v_whole(a[k]))
      fail_at(el, p, "'%s' of %s%s", fn_info[o.fn].text, v_kind(a[k]), word ? " has no meaning" : ": not a number");
  }
  if (o.k == OP_CONVERT && a[0].k != V_NUM && !whole) fail_at(el, p, "%s cannot be converted to %s", v_kind(a[0]), type_name(o.type));
  if (o.k == OP_OR && a[0].k != V_NUM) fail_at(el, p, "'or' guards reads of elements; this is %s", v_kind(a[0]));
  if (o.k == OP_OR && a[1].k != V_NUM && expr_reads(a[0].e, NULL)) fail_at(el, p, "the alternative of 'or' is %s: it must be a number", v_kind(a[1]));
  if (o.k != OP_SELECT || whole) return;
  condition_check(el, a[0], p);
  if (a[1].k != V_NUM || a[2].k != V_NUM)
    fail_at(el, p, "the sides of '?:' must be numbers where the condition is not known; here they are %s and %s", v_kind(a[1]), v_kind(a[2]));
}
static Val apply(Elab *el, Oper o, const Val *a, int n, Pos p) {
  bool known, whole = false; Expr *e[3]; if (o.k == OP_SELECT && v_is_bool(a[0], &known)) return a[known ? 1 : 2];
  int len = list_length(el, a, n, o, p);
  if (len >= 0) {
    Val out = v_list(el, len), b[3];
    for (int i = 0; i < len; i++) {
      for (int k = 0; k < n; k++) b[k] = a[k].k == V_LIST ? a[k].l->at[i] : a[k];
      out.l->at[i] = apply(el, o, b, n, p);
    }
    return out;
  }
  if (o.k == OP_FN && (o.fn == FN_EQ || o.fn == FN_NE) && (is_word(*a) || is_word(a[1]))) return v_bool(el, same_word(*a, a[1]) == (o.fn == FN_EQ));
  for (int k = 0; k < n; k++) { whole |= o.k != OP_OR && v_whole(a[k]); e[k] = a[k].e; }
  operands_check(el, o, a, n, whole, p); if (!whole) return v_num(element(el, o, e, n, p));
  return o.k == OP_CONVERT && o.mode == CV_PLAIN && a[0].k == V_TENSOR && a[0].x->t->type == o.type ? a[0] : lift_new(el, o, a, n, p);
}

Val v_fn(Elab *el, Fn f, const Val *a, int n, Pos p) { return apply(el, (Oper){ .k = OP_FN, .fn = f }, a, n, p); }
Val v_fn2(Elab *el, Fn f, Val a, Val b, Pos p) { return v_fn(el, f, (Val[]){ a, b }, 2, p); }
Val v_convert(Elab *el, Convert mode, Type t, Val v, Pos p) { return apply(el, (Oper){ .k = OP_CONVERT, .mode = mode, .type = t }, &v, 1, p); }
Val v_select(Elab *el, Val c, Val a, Val b, Pos p) { return apply(el, (Oper){ .k = OP_SELECT }, (Val[]){ c, a, b }, 3, p); }
Val v_or(Elab *el, Val a, Val b, Pos p) { return apply(el, (Oper){ .k = OP_OR }, (Val[]){ a, b }, 2, p); }

Type v_type(Elab *el, Frame *f, Val v, Pos p) {
  Type t = T_NONE; if (v.k == V_COMP) return T_I64;
  for (int i = 0; v.k == V_LIST && i < v.l->n; i++) t = type_promote(t, v_type(el, f, v.l->at[i], p));
  if (v.k == V_LIST) return t;
  if (v.k != V_NUM && !v_whole(v)) fail_at(el, p, "%s has no type", v_kind(v));
  Expr *ix[64]; for (int d = 0; v.k == V_LIFT && d < v.f->rank; d++) ix[d] = expr_int(el->c, 0);
  t = v.k == V_NUM ? v.e->type : v.k == V_TENSOR ? v.x->t->type : lift_build(el, v.f, ix)->type; if (t == T_NONE) f->unknown = true;
  return type_strong(t);
}

Val v_store(Elab *el, Val v, const char *name, Pos p) {
  if (v.k == V_TENSOR) return v;
  Lift *l = lift_of(el, v, p); Index **free = NEWN(el->c, Index *, l->rank + 1); Expr **ix = NEWN(el->c, Expr *, l->rank + 1);
  for (int d = 0; d < l->rank; d++) {
    free[d] = &idx_new(el, d < 9 ? ctx_internn(el->c, "ijklmnopq" + d, 1) : pack_name(el, "i", d), l->shape[d], false)->ix;
    ix[d] = expr_index(el->c, free[d]);
  }
  Expr *e = lift_build(el, l, ix);
  if (e->type == T_NONE) fail_at(el, p, "the type of this expression over whole tensors cannot be found: it depends on itself");
  Tensor *t = NEW_AS(el->c, Tensor, .name = name_fresh(el, name), .type = type_strong(e->type), .rank = l->rank, .shape = (Extent *)l->shape,
                   .pos = p, .stream_dim = -1);
  Eq *q = emit_eq(el, t, ix, free, l->rank, e, p); if (q) q->label = label_now(el, l->label); return v_tensor(el, t);
}
