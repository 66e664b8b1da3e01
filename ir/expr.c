/* Constructors of expressions: they find types, fold constants and do the exact identities of weak integers.
 *   expr_fn2(c, FN_ADD, i, 0) = i     expr_fn2(c, FN_MUL, 2, 3) = 6     expr_fn2(c, FN_MOD, j, 4) = j where j < 4
 *   expr_fn2(c, FN_ADD, u8 x, 1): u8  expr_fn2(c, FN_DIV, i, 0): error   x + 0 of floats stays (-0) */
#include "scalar.h"
#include <math.h>
#include <string.h>

#define DEPTH_MAX 2000
#define NODES_MAX (1u << 20)

/* Sets depth and size, which bound every recursion over the expression. */
static void node_measure(Ctx *c, Expr *e) {
  uint64_t nodes = 1;
  for (int k = 0; k < e->n; k++) {
    nodes += e->arg[k]->nodes;
    if (e->arg[k]->depth > e->depth) e->depth = e->arg[k]->depth;
  }
  e->depth++; e->nodes = (uint32_t)nodes;
  if (e->depth > DEPTH_MAX) diag_error(c, e->pos, "the expression is nested too deeply (more than %d levels)", DEPTH_MAX);
  else if (nodes > NODES_MAX) diag_error(c, e->pos, "the expression grows too large (more than %u terms)", NODES_MAX);
  else return;
  diag_help(c, "name a part of it: z[...] = part;");
  frit_bail(c);
}

static uint64_t mix(uint64_t h, uint64_t v) { h = (h ^ v) * 0x9e3779b97f4a7c15u; return h ^ h >> 32; }

/* Hashes are of names and numbers, not of addresses, so that they are the same in every run. `shape` leaves indices out: a reduction
 * hashes the shape of its parts, since equal ones may bind different indices. */
static void node_hash(Expr *e, uint64_t own) {
  uint64_t h = mix((uint64_t)e->kind + 64, own), shape = h;
  h = mix(h, e->kind == E_INDEX ? (uint64_t)e->index->id + 1 : 0);
  for (int k = 0; k < e->n; k++) {
    h = mix(h, e->kind == E_REDUCE ? e->arg[k]->shape : e->arg[k]->hash);
    shape = mix(shape, e->arg[k]->shape);
  }
  e->hash = h;
  e->shape = (uint32_t)(shape ^ shape >> 32);
}

/* The node `as` over its n arguments; its own part (function, number, ...) hashes to `own`. */
static Expr *node_new(Ctx *c, Expr as, Expr *const *arg, uint64_t own) {
  Expr *e = NEW(c, Expr);
  *e = as;
  if (e->n) e->arg = ctx_copy(c, arg, sizeof *arg * (size_t)e->n);
  node_measure(c, e);
  node_hash(e, own);
  return e;
}

/* ---- leaves */
static Expr *const_new(Ctx *c, Type t, Num v, Pos p) {
  Expr as = { .kind = E_CONST, .type = t, .pos = p };
  uint64_t bits;
  if (type_is_float(t)) as.f = value_round(v.f, t);
  else as.i = value_wrap(v.i, t);
  memcpy(&bits, &as.i, sizeof bits);
  return node_new(c, as, NULL, bits);
}

Expr *expr_const(Ctx *c, Type t, double f, int64_t i) { return const_new(c, t, (Num){ f, i }, (Pos){ 0 }); }
Expr *expr_int(Ctx *c, int64_t v) { return expr_const(c, T_WINT, 0, v); }
Expr *expr_float(Ctx *c, double v) { return expr_const(c, T_WFLOAT, v, 0); }
Expr *expr_index(Ctx *c, Index *i) { return node_new(c, (Expr){ .kind = E_INDEX, .type = T_WINT, .index = i }, NULL, 0); }

Expr *expr_read(Ctx *c, Tensor *t, Expr **places, Pos p) {
  uint64_t name = 0;
  for (const char *s = t->name; s && *s; s++) name = mix(name, (unsigned char)*s);
  return node_new(c, (Expr){ .kind = E_READ, .type = t->type, .n = t->rank, .pos = p, .tensor = t }, places, name);
}

bool expr_is_const(const Expr *e) { return e->kind == E_CONST; }

double expr_number(const Expr *e) {
  if (e->kind != E_CONST) return NAN;
  return type_is_float(e->type) ? e->f : e->type == T_U64 ? (double)(uint64_t)e->i : (double)e->i;
}

static bool is_int_const(const Expr *e, int64_t v) { return e->kind == E_CONST && !type_is_float(e->type) && e->i == v; }

/* ---- functions */
enum { NUMBERS = 1, BITS = 2, DIVISOR = 4 };             /* operators that need numbers (not bool), bits (not floats), a divisor */
static const unsigned char fn_needs[FN_COUNT] = {
  [FN_DIV] = NUMBERS | DIVISOR, [FN_MOD] = NUMBERS | DIVISOR, [FN_QUO] = NUMBERS | DIVISOR, [FN_REM] = NUMBERS | DIVISOR,
  [FN_SHL] = NUMBERS | BITS, [FN_SHR] = NUMBERS | BITS, [FN_AND] = BITS, [FN_OR] = BITS, [FN_XOR] = BITS, [FN_NOT] = BITS,
};

static bool fn_check(Ctx *c, Fn f, Expr **arg, Type t, Pos p) {
  if (t == T_BOOL && fn_needs[f] & NUMBERS) {
    diag_error(c, p, "'%s' of truth values", fn_info[f].text);
    diag_help(c, "convert first: i32(x)");
  } else if (type_is_float(t) && fn_needs[f] & BITS) {
    diag_error(c, p, "'%s' of floats", fn_info[f].text);
    diag_help(c, "bits(i32, x) gives the bits of an f32");
  } else if (t == T_WINT && fn_needs[f] & DIVISOR && is_int_const(arg[1], 0)) {
    diag_error(c, p, "division by zero");
  } else {
    return true;
  }
  return false;
}

/* Exact where it can be; 2 ** -1 of weak integers is the weak float 0.5. */
static Expr *fold_weak(Ctx *c, Fn f, int64_t a, int64_t b, Pos p) {
  int64_t r;
  if (fn_eval_exact(f, a, b, &r)) return const_new(c, fn_result(f, T_WINT), (Num){ .i = r }, p);
  if (f == FN_POW && b < 0) return const_new(c, T_WFLOAT, (Num){ .f = pow((double)a, (double)b) }, p);
  diag_error(c, p, "the result of '%s' does not fit into 64 bits", fn_info[f].text);
  return const_new(c, fn_result(f, T_WINT), (Num){ .i = 0 }, p);
}

/* f16 and bf16 compute in f32: such a result folds only if it is a value of the type. */
static Expr *fn_fold(Ctx *c, Fn f, Expr **arg, Type t, Pos p) {
  Num v[2] = { { .i = 0 }, { .i = 0 } };
  if (t == T_NONE) return NULL;
  for (int k = 0; k < fn_info[f].arity; k++) v[k] = convert_value(const_num(arg[k]), arg[k]->type, t, CV_PLAIN);
  if (t == T_WINT && fn_compute_type(f, t) == T_WINT) return fold_weak(c, f, v[0].i, v[1].i, p);
  Type rt = fn_result(f, t);
  Num r = fn_eval(f, v[0], v[1], t);
  if (rt == T_F16 || rt == T_BF16) {
    r.f = value_round(r.f, T_F32);
    if (r.f == r.f && value_round(r.f, rt) != r.f) return NULL;
  }
  return const_new(c, rt, r, p);
}

/* true & x, false | x, ... */
static Expr *bool_identity(Fn f, Expr **a) {
  for (int k = 0; k < 2 && (f == FN_AND || f == FN_OR); k++)
    if (a[k]->kind == E_CONST && a[k]->type == T_BOOL && a[1 - k]->type == T_BOOL) return (a[k]->i != 0) == (f == FN_AND) ? a[1 - k] : a[k];
  return NULL;
}

static Expr *minmax_identity(Ctx *c, Fn f, Expr **a) {
  Range x = expr_range(c, a[0]), y = expr_range(c, a[1]);
  if (f == FN_MIN) return x.hi <= y.lo ? a[0] : y.hi <= x.lo ? a[1] : NULL;
  return x.lo >= y.hi ? a[0] : y.lo >= x.hi ? a[1] : NULL;
}

static Expr *mod_identity(Ctx *c, Expr **a) {
  if (is_int_const(a[1], 1)) return expr_int(c, 0);
  if (a[1]->kind != E_CONST || a[1]->i <= 0) return NULL;
  Range x = expr_range(c, a[0]);
  return x.lo >= 0 && x.hi < (double)a[1]->i ? a[0] : NULL;
}

/* Exact rewrites of weak integers (all arguments are of type T_WINT). */
static Expr *weak_identity(Ctx *c, Fn f, Expr **a) {
  switch (f) {
  case FN_ADD: return is_int_const(a[0], 0) ? a[1] : is_int_const(a[1], 0) ? a[0] : NULL;
  case FN_SUB: return is_int_const(a[1], 0) ? a[0] : NULL;
  case FN_MUL:
    for (int k = 0; k < 2; k++)
      if (is_int_const(a[k], 0) || is_int_const(a[k], 1)) return a[k]->i ? a[1 - k] : a[k];
    return NULL;
  case FN_DIV: return is_int_const(a[1], 1) ? a[0] : NULL;
  case FN_MOD: return mod_identity(c, a);
  case FN_MIN: case FN_MAX: return minmax_identity(c, f, a);
  default: return NULL;
  }
}

static Expr *fn_shortcut(Ctx *c, Fn f, Expr **arg, Type t, Pos p) {
  int n = fn_info[f].arity;
  bool constant = true, weak = true;
  for (int k = 0; k < n; k++) {
    constant &= arg[k]->kind == E_CONST;
    weak &= arg[k]->type == T_WINT;
  }
  if (constant) return fn_fold(c, f, arg, t, p);
  if ((f == FN_FLOOR || f == FN_TRUNC || f == FN_ROUND) && (type_is_int(t) || t == T_BOOL)) return arg[0];
  return n != 2 ? NULL : t == T_BOOL ? bool_identity(f, arg) : weak ? weak_identity(c, f, arg) : NULL;
}

Expr *expr_fn(Ctx *c, Fn f, Expr **arg, Pos p) {
  Type t = fn_promoted(f, arg);
  if (!fn_check(c, f, arg, t, p)) return const_new(c, fn_result(f, t), (Num){ .i = 0 }, p);
  Expr *e = fn_shortcut(c, f, arg, t, p);
  return e ? e : node_new(c, (Expr){ .kind = E_FN, .type = fn_result(f, t), .n = fn_info[f].arity, .pos = p, .fn = f }, arg, (uint64_t)f);
}

Expr *expr_fn1(Ctx *c, Fn f, Expr *a) { return expr_fn(c, f, (Expr *[]){ a }, a->pos); }
Expr *expr_fn2(Ctx *c, Fn f, Expr *a, Expr *b) { return expr_fn(c, f, (Expr *[]){ a, b }, a->pos.src ? a->pos : b->pos); }

/* ---- conversions and choice */
Expr *expr_convert(Ctx *c, Convert mode, Type t, Expr *a, Pos p) {
  if (a->type == t) return a;
  if (a->kind == E_CONST && t != T_NONE) return const_new(c, t, convert_value(const_num(a), a->type, t, mode), p);
  return node_new(c, (Expr){ .kind = E_CONVERT, .type = t, .n = 1, .pos = p, .mode = mode }, &a, (uint64_t)mode * T_COUNT + (uint64_t)t);
}

static void condition_check(Ctx *c, const Expr *cond, Pos p) {
  if (cond->type == T_BOOL || cond->type == T_NONE) return;
  diag_error(c, p, "the condition is of type %s, not a truth value", type_name(cond->type));
  diag_help(c, "compare it: x != 0");
}

Expr *expr_select(Ctx *c, Expr *cond, Expr *a, Expr *b, Pos p) {
  condition_check(c, cond, p);
  if (cond->kind == E_CONST) return expr_number(cond) != 0 ? a : b;
  return node_new(c, (Expr){ .kind = E_SELECT, .type = type_promote(a->type, b->type), .n = 3, .pos = p }, (Expr *[]){ cond, a, b }, 0);
}

Expr *expr_or(Ctx *c, Expr *a, Expr *b, Pos p) {
  return node_new(c, (Expr){ .kind = E_OR, .type = type_promote(a->type, b->type), .n = 2, .pos = p }, (Expr *[]){ a, b }, 0);
}

/* ---- reductions */
/* Over no index: the body where the condition holds, else the identity. NULL while the type is not known. */
static Expr *reduce_nothing(Ctx *c, Red r, Type t, Expr *body, Expr *cond, Pos p) {
  if (red_is_place(r)) return const_new(c, t, (Num){ .i = 0 }, p);
  if (t == T_NONE) return NULL;
  body = expr_convert(c, CV_PLAIN, t, body, p);
  return cond ? expr_select(c, cond, body, const_new(c, t, red_identity(r, t), p), p) : body;
}

Expr *expr_reduce(Ctx *c, Red r, Index **bound, int nbound, Expr *body, Expr *cond, Pos p) {
  Type t = red_result(r, body->type);
  if (cond) condition_check(c, cond, p);
  bool never = cond && is_int_const(cond, 0);
  for (int k = 0; k < nbound; k++) never |= extent_max(bound[k]->ext) == 0;
  if (cond && cond->kind == E_CONST) cond = NULL;
  if (never && t != T_NONE) return const_new(c, t, red_identity(r, t), p);
  Expr *e = never || nbound ? NULL : reduce_nothing(c, r, t, body, cond, p);
  if (e) return e;
  Expr as = { .kind = E_REDUCE, .type = t, .n = cond ? 2 : 1, .pos = p, .red = r, .nbound = nbound };
  as.bound = ctx_copy(c, bound, sizeof *bound * (size_t)nbound);
  return node_new(c, as, (Expr *[]){ body, cond }, (uint64_t)r * 64 + (uint64_t)nbound);
}
