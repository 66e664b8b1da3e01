/* Constructors of expressions: they find types, fold constants and do the exact identities of weak integers.
 *
 *   expr_fn2(c, FN_ADD, i, 0) = i     expr_fn2(c, FN_MUL, 2, 3) = 6     expr_fn2(c, FN_MOD, j, 4) = j where j < 4
 *   expr_fn2(c, FN_ADD, u8 x, 1): u8  expr_fn2(c, FN_DIV, i, 0): error   x + 0 of floats stays (-0)
 */
#include "ir.h"
#include "scalar.h"
#include <math.h>
#include <string.h>

#define DEPTH_MAX 2000
#define NODES_MAX (1u << 20)

/* Sets depth and size, which bound every recursion over the expression. */
static void node_measure(Ctx *c, Expr *e)
{
  uint64_t nodes = 1;
  for (int k = 0; k < e->n; k++) {
    nodes += e->arg[k]->nodes;
    if (e->arg[k]->depth > e->depth) e->depth = e->arg[k]->depth;
  }
  e->depth++;
  if (e->depth > DEPTH_MAX) diag_error(c, e->pos, "the expression is nested too deeply (more than %d levels)", DEPTH_MAX);
  else if (nodes > NODES_MAX) diag_error(c, e->pos, "the expression grows too large (more than %u terms)", NODES_MAX);
  else { e->nodes = (uint32_t)nodes; return; }
  diag_help(c, "name a part of it: z[...] = part;");
  frit_bail(c);
}

/* Hashes are of names and numbers, not of addresses, so that they are the same in every run. `shape` leaves indices out: a reduction
 * hashes the shape of its parts, since equal ones may bind different indices. */
static uint64_t mix(uint64_t h, uint64_t v)
{
  h = (h ^ v) * 0x9e3779b97f4a7c15u;
  return h ^ h >> 32;
}

static void node_hash(Expr *e, uint64_t own, uint64_t index)
{
  uint64_t h = mix((uint64_t)e->kind + 64, own), shape = h;
  bool blind = e->kind == E_REDUCE;
  h = mix(h, index);
  for (int k = 0; k < e->n; k++) {
    h = mix(h, blind ? e->arg[k]->shape : e->arg[k]->hash);
    shape = mix(shape, e->arg[k]->shape);
  }
  e->hash = h;
  e->shape = (uint32_t)(shape ^ shape >> 32);
}

/* A node whose own part (function, number, ...) hashes to `own`. */
static Expr *node_new(Ctx *c, ExprKind kind, Type t, Expr *const *arg, int n, Pos p, uint64_t own)
{
  Expr *e = NEW(c, Expr);
  *e = (Expr){ .kind = kind, .type = t, .n = n, .pos = p };
  if (n) {
    e->arg = NEWN(c, Expr *, n);
    memcpy(e->arg, arg, sizeof *arg * (size_t)n);
  }
  node_measure(c, e);
  node_hash(e, own, 0);
  return e;
}

/* ---- leaves */
static Expr *const_new(Ctx *c, Type t, Num v, Pos p)
{
  bool floats = type_is_float(t);
  double f = value_round(v.f, t);
  int64_t i = floats ? 0 : value_wrap(v.i, t);
  uint64_t bits = (uint64_t)i;
  if (floats) memcpy(&bits, &f, sizeof bits);
  Expr *e = node_new(c, E_CONST, t, NULL, 0, p, bits);
  if (floats) e->f = f;
  else e->i = i;
  return e;
}

Expr *expr_const(Ctx *c, Type t, double f, int64_t i) { return const_new(c, t, (Num){ f, i }, (Pos){ 0 }); }
Expr *expr_int(Ctx *c, int64_t v) { return expr_const(c, T_WINT, 0, v); }
Expr *expr_float(Ctx *c, double v) { return expr_const(c, T_WFLOAT, v, 0); }

Expr *expr_index(Ctx *c, Index *i)
{
  Expr *e = node_new(c, E_INDEX, T_WINT, NULL, 0, (Pos){ 0 }, 0);
  e->index = i;
  node_hash(e, 0, (uint64_t)i->id + 1);
  return e;
}

static uint64_t name_hash(const char *s)
{
  uint64_t h = 0;
  for (; s && *s; s++) h = mix(h, (unsigned char)*s);
  return h;
}

Expr *expr_read(Ctx *c, Tensor *t, Expr **places, Pos p)
{
  Expr *e = node_new(c, E_READ, t->type, places, t->rank, p, name_hash(t->name));
  e->tensor = t;
  return e;
}

bool expr_is_const(const Expr *e) { return e->kind == E_CONST; }

static Num const_num(const Expr *e) { return type_is_float(e->type) ? (Num){ e->f, 0 } : (Num){ 0, e->i }; }

double expr_number(const Expr *e)
{
  if (e->kind != E_CONST) return NAN;
  return type_is_float(e->type) ? e->f : e->type == T_U64 ? (double)(uint64_t)e->i : (double)e->i;
}

static bool is_int_const(const Expr *e, int64_t v) { return e->kind == E_CONST && !type_is_float(e->type) && e->i == v; }

/* ---- functions */

/* Operators that need numbers (not bool), and those that need bits (not floats). */
static const bool needs_number[FN_COUNT] = { [FN_DIV] = 1, [FN_MOD] = 1, [FN_SHL] = 1, [FN_SHR] = 1, [FN_QUO] = 1, [FN_REM] = 1 };
static const bool needs_bits[FN_COUNT] = { [FN_AND] = 1, [FN_OR] = 1, [FN_XOR] = 1, [FN_NOT] = 1, [FN_SHL] = 1, [FN_SHR] = 1 };
static const bool divides[FN_COUNT] = { [FN_DIV] = 1, [FN_MOD] = 1, [FN_QUO] = 1, [FN_REM] = 1 };

static bool fn_check(Ctx *c, Fn f, Expr **arg, Type t, Pos p)
{
  const char *name = fn_info[f].text;
  if (t == T_BOOL && needs_number[f]) {
    diag_error(c, p, "'%s' of truth values", name);
    diag_help(c, "convert first: i32(x)");
  } else if (type_is_float(t) && needs_bits[f]) {
    diag_error(c, p, "'%s' of floats", name);
    diag_help(c, "bits(i32, x) gives the bits of an f32");
  } else if (t == T_WINT && divides[f] && is_int_const(arg[1], 0)) {
    diag_error(c, p, "division by zero");
  } else {
    return true;
  }
  return false;
}

/* Exact where it can be; 2 ** -1 of weak integers is the weak float 0.5. NULL after an error. */
static Expr *fold_weak(Ctx *c, Fn f, int64_t a, int64_t b, Pos p)
{
  int64_t r;
  if (fn_eval_exact(f, a, b, &r)) return const_new(c, fn_result(f, T_WINT), (Num){ 0, r }, p);
  if (f == FN_POW && b < 0) return const_new(c, T_WFLOAT, (Num){ pow((double)a, (double)b), 0 }, p);
  diag_error(c, p, "the result of '%s' does not fit into 64 bits", fn_info[f].text);
  return NULL;
}

/* f16 and bf16 compute in f32: such a result folds only if it is a value of the type. */
static Expr *fold_typed(Ctx *c, Fn f, Num a, Num b, Type t, Pos p)
{
  Type rt = fn_result(f, t);
  Num v = fn_eval(f, a, b, t);
  double single = value_round(v.f, T_F32);
  bool half = rt == T_F16 || rt == T_BF16;
  if (half && single == single && value_round(single, rt) != single) return NULL;
  return const_new(c, rt, half ? (Num){ single, 0 } : v, p);
}

static Expr *fn_fold(Ctx *c, Fn f, Expr **arg, Type t, Pos p)
{
  Num v[2] = { { 0, 0 }, { 0, 0 } };
  for (int k = 0; k < fn_info[f].arity; k++) v[k] = convert_value(const_num(arg[k]), arg[k]->type, t, CV_PLAIN);
  if (t == T_NONE) return NULL;
  if (t != T_WINT || fn_compute_type(f, t) != T_WINT) return fold_typed(c, f, v[0], v[1], t, p);
  Expr *e = fold_weak(c, f, v[0].i, v[1].i, p);
  return e ? e : const_new(c, fn_result(f, t), (Num){ 0, 0 }, p);
}

/* true & x, false | x, ... */
static Expr *bool_identity(Fn f, Expr **a)
{
  if (f != FN_AND && f != FN_OR) return NULL;
  for (int k = 0; k < 2; k++)
    if (a[k]->kind == E_CONST && a[k]->type == T_BOOL && a[1 - k]->type == T_BOOL)
      return (a[k]->i != 0) == (f == FN_AND) ? a[1 - k] : a[k];
  return NULL;
}

static Expr *minmax_identity(Ctx *c, Fn f, Expr **a)
{
  Range x = expr_range(c, a[0]), y = expr_range(c, a[1]);
  if (f == FN_MIN) return x.hi <= y.lo ? a[0] : y.hi <= x.lo ? a[1] : NULL;
  return x.lo >= y.hi ? a[0] : y.lo >= x.hi ? a[1] : NULL;
}

static Expr *mod_identity(Ctx *c, Expr **a)
{
  if (is_int_const(a[1], 1)) return expr_int(c, 0);
  if (a[1]->kind != E_CONST || a[1]->i <= 0) return NULL;
  Range x = expr_range(c, a[0]);
  return x.lo >= 0 && x.hi < (double)a[1]->i ? a[0] : NULL;
}

/* Exact rewrites of weak integers (all arguments are of type T_WINT). */
static Expr *weak_identity(Ctx *c, Fn f, Expr **a)
{
  switch (f) {
  case FN_ADD: return is_int_const(a[0], 0) ? a[1] : is_int_const(a[1], 0) ? a[0] : NULL;
  case FN_SUB: return is_int_const(a[1], 0) ? a[0] : NULL;
  case FN_MUL:
    for (int k = 0; k < 2; k++) {
      if (is_int_const(a[k], 0)) return a[k];
      if (is_int_const(a[k], 1)) return a[1 - k];
    }
    return NULL;
  case FN_DIV: return is_int_const(a[1], 1) ? a[0] : NULL;
  case FN_MOD: return mod_identity(c, a);
  case FN_MIN: case FN_MAX: return minmax_identity(c, f, a);
  default: return NULL;
  }
}

static Expr *fn_shortcut(Ctx *c, Fn f, Expr **arg, Type t, Pos p)
{
  int n = fn_info[f].arity;
  bool constant = true, weak = true;
  for (int k = 0; k < n; k++) {
    constant &= arg[k]->kind == E_CONST;
    weak &= arg[k]->type == T_WINT;
  }
  if (constant) return fn_fold(c, f, arg, t, p);
  if ((f == FN_FLOOR || f == FN_TRUNC || f == FN_ROUND) && (type_is_int(t) || t == T_BOOL)) return arg[0];
  if (n == 2 && t == T_BOOL) return bool_identity(f, arg);
  return n == 2 && weak ? weak_identity(c, f, arg) : NULL;
}

Expr *expr_fn(Ctx *c, Fn f, Expr **arg, Pos p)
{
  int n = fn_info[f].arity;
  Type t = n == 2 ? type_promote(arg[0]->type, arg[1]->type) : arg[0]->type;
  if (!fn_check(c, f, arg, t, p)) return const_new(c, fn_result(f, t), (Num){ 0, 0 }, p);
  Expr *e = fn_shortcut(c, f, arg, t, p);
  if (e) return e;
  e = node_new(c, E_FN, fn_result(f, t), arg, n, p, (uint64_t)f);
  e->fn = f;
  return e;
}

Expr *expr_fn1(Ctx *c, Fn f, Expr *a) { return expr_fn(c, f, (Expr *[]){ a }, a->pos); }

Expr *expr_fn2(Ctx *c, Fn f, Expr *a, Expr *b)
{
  return expr_fn(c, f, (Expr *[]){ a, b }, a->pos.src ? a->pos : b->pos);
}

/* ---- conversions and choice */
Expr *expr_convert(Ctx *c, Convert mode, Type t, Expr *a, Pos p)
{
  if (a->type == t) return a;
  if (a->kind == E_CONST && t != T_NONE) return const_new(c, t, convert_value(const_num(a), a->type, t, mode), p);
  Expr *e = node_new(c, E_CONVERT, t, &a, 1, p, (uint64_t)mode * T_COUNT + (uint64_t)t);
  e->mode = mode;
  return e;
}

static void condition_check(Ctx *c, const Expr *cond, Pos p)
{
  if (cond->type == T_BOOL || cond->type == T_NONE) return;
  diag_error(c, p, "the condition is of type %s, not a truth value", type_name(cond->type));
  diag_help(c, "compare it: x != 0");
}

Expr *expr_select(Ctx *c, Expr *cond, Expr *a, Expr *b, Pos p)
{
  condition_check(c, cond, p);
  if (cond->kind == E_CONST) return expr_number(cond) != 0 ? a : b;
  return node_new(c, E_SELECT, type_promote(a->type, b->type), (Expr *[]){ cond, a, b }, 3, p, 0);
}

Expr *expr_or(Ctx *c, Expr *a, Expr *b, Pos p)
{
  return node_new(c, E_OR, type_promote(a->type, b->type), (Expr *[]){ a, b }, 2, p, 0);
}

/* ---- reductions */

/* Over no index: the body where the condition holds, else the identity. NULL for those that are not their body's value. */
static Expr *reduce_nothing(Ctx *c, Red r, Type t, Expr *body, Expr *cond, Pos p)
{
  bool place = r == RED_ARGMAX || r == RED_ARGMIN;
  if (place) return const_new(c, t, (Num){ 0, 0 }, p);
  if (t == T_NONE) return NULL;
  body = expr_convert(c, CV_PLAIN, t, body, p);
  return cond ? expr_select(c, cond, body, const_new(c, t, red_identity(r, t), p), p) : body;
}

static bool is_empty(Index **bound, int n)
{
  for (int k = 0; k < n; k++)
    if (extent_max(bound[k]->ext) == 0) return true;
  return false;
}

Expr *expr_reduce(Ctx *c, Red r, Index **bound, int nbound, Expr *body, Expr *cond, Pos p)
{
  Type t = red_result(r, body->type);
  if (cond) condition_check(c, cond, p);
  bool never = (cond && is_int_const(cond, 0)) || is_empty(bound, nbound);
  if (cond && cond->kind == E_CONST) cond = NULL;
  if (never && t != T_NONE) return const_new(c, t, red_identity(r, t), p);
  Expr *e = never || nbound ? NULL : reduce_nothing(c, r, t, body, cond, p);
  if (e) return e;
  e = node_new(c, E_REDUCE, t, (Expr *[]){ body, cond }, cond ? 2 : 1, p, (uint64_t)r * 64 + (uint64_t)nbound);
  e->red = r;
  e->nbound = nbound;
  e->bound = NEWN(c, Index *, nbound);
  if (nbound) memcpy(e->bound, bound, sizeof *bound * (size_t)nbound);
  return e;
}
