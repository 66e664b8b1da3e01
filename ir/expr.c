/* Expressions. Constructors find types, fold constants, do the exact identities of weak integers, and bound depth and size, so that plain
 * recursion over trees is safe: equality by content, rebuilding, walking.
 *   expr_fn2(c, FN_ADD, i, 0) = i     expr_fn2(c, FN_MUL, 2, 3) = 6     expr_fn2(c, FN_MOD, j, 4) = j where j < 4
 *   expr_fn2(c, FN_ADD, u8 x, 1): u8  expr_fn2(c, FN_DIV, i, 0): error   x + 0 of floats stays (-0) */
#include "lin.h"
#include "scalar.h"
#include <math.h>
#include <string.h>

#define DEPTH_MAX 2000
#define NODES_MAX (1u << 20)

static void node_measure(Ctx *c, Expr *e) {
  uint64_t nodes = 1; int depth = 0;
  for (int k = 0; k < e->n; k++) nodes += e->arg[k]->nodes, depth = e->arg[k]->depth > depth ? e->arg[k]->depth : depth;
  e->depth = depth + 1; e->nodes = (uint32_t)nodes;
  if (e->depth > DEPTH_MAX) diag_error(c, e->pos, "the expression is nested too deeply (more than %d levels)", DEPTH_MAX);
  else if (nodes > NODES_MAX) diag_error(c, e->pos, "the expression grows too large (more than %u terms)", NODES_MAX);
  else return;
  diag_help(c, "name a part of it: z[...] = part;"); frit_bail(c);
}

static uint64_t mix(uint64_t h, uint64_t v) { h = (h ^ v) * 0x9e3779b97f4a7c15u; return h ^ h >> 32; }

/* Hashes are of names and numbers, not of addresses, so that they are the same in every run. `shape` leaves indices out: a reduction
 * hashes the shape of its parts, since equal ones may bind different indices. */
static void node_hash(Expr *e, uint64_t own) {
  uint64_t h = mix((uint64_t)e->kind + 64, own), shape = h; h = mix(h, e->kind == E_INDEX ? (uint64_t)e->index->id + 1 : 0);
  for (int k = 0; k < e->n; k++) h = mix(h, e->kind == E_REDUCE ? e->arg[k]->shape : e->arg[k]->hash), shape = mix(shape, e->arg[k]->shape);
  e->hash = h; e->shape = (uint32_t)(shape ^ shape >> 32);
}

/* The node `as` over its n arguments; its own part (function, number, ...) hashes to `own`. */
static Expr *node_new(Ctx *c, Expr as, Expr *const *arg, uint64_t own) {
  Expr *e = ctx_copy(c, &as, sizeof as); if (e->n) e->arg = ctx_copy(c, arg, sizeof *arg * (size_t)e->n);
  node_measure(c, e); node_hash(e, own); return e;
}

/* ---- leaves */
static Expr *const_new(Ctx *c, Type t, Num v, Pos p) {
  Expr as = { .kind = E_CONST, .type = t, .pos = p }; uint64_t bits;
  if (type_is_float(t)) as.f = value_round(v.f, t);
  else as.i = value_wrap(v.i, t);
  memcpy(&bits, &as.i, sizeof bits); return node_new(c, as, NULL, bits);
}
Expr *expr_const(Ctx *c, Type t, double f, int64_t i) { return const_new(c, t, (Num){ f, i }, (Pos){ 0 }); }
Expr *expr_int(Ctx *c, int64_t v) { return expr_const(c, T_WINT, 0, v); }
Expr *expr_float(Ctx *c, double v) { return expr_const(c, T_WFLOAT, v, 0); }
Expr *expr_index(Ctx *c, Index *i) { return node_new(c, (Expr){ .kind = E_INDEX, .type = T_WINT, .index = i }, NULL, 0); }
Expr *expr_read(Ctx *c, Tensor *t, Expr **places, Pos p) {
  uint64_t name = 0; for (const char *s = t->name; s && *s; s++) name = mix(name, (unsigned char)*s);
  return node_new(c, (Expr){ .kind = E_READ, .type = t->type, .n = t->rank, .pos = p, .tensor = t }, places, name);
}
double expr_number(const Expr *e) {
  if (e->kind != E_CONST) return NAN;
  return type_is_float(e->type) ? e->f : e->type == T_U64 ? (double)(uint64_t)e->i : (double)e->i;
}
static bool is_int_const(const Expr *e, int64_t v) { return e->kind == E_CONST && !type_is_float(e->type) && e->i == v; }

/* ---- functions */
enum { NUMBERS = 1, BITS = 2, DIVISOR = 4 };             /* operators that need numbers (not bool), bits (not floats), a divisor */
static const unsigned char fn_needs[FN_COUNT] = {
  [FN_DIV] = NUMBERS | DIVISOR, [FN_MOD] = NUMBERS | DIVISOR, [FN_QUO] = NUMBERS | DIVISOR, [FN_REM] = NUMBERS | DIVISOR,
  [FN_SHL] = NUMBERS | BITS, [FN_SHR] = NUMBERS | BITS, [FN_AND] = BITS, [FN_OR] = BITS, [FN_XOR] = BITS, [FN_NOT] = BITS };

const char *fn_fault(Ctx *c, Fn f, Expr *const *arg) {
  Type t = fn_promoted(f, arg); bool bools = t == T_BOOL && fn_needs[f] & NUMBERS, floats = type_is_float(t) && fn_needs[f] & BITS;
  if (bools) return ctx_printf(c, "'%s' of truth values: convert them first, i32(x)", fn_info[f].text);
  if (floats) return ctx_printf(c, "'%s' of floats: bits(i32, x) gives the bits of an f32", fn_info[f].text);
  return t == T_WINT && fn_needs[f] & DIVISOR && is_int_const(arg[1], 0) ? "division by zero" : NULL;
}

/* Exact where it can be; 2 ** -1 of weak integers is the weak float 0.5. */
static Expr *fold_weak(Ctx *c, Fn f, int64_t a, int64_t b, Pos p) {
  int64_t r = 0; bool exact = fn_eval_exact(f, a, b, &r);
  if (!exact && f == FN_POW && b < 0) return const_new(c, T_WFLOAT, (Num){ .f = pow((double)a, (double)b) }, p);
  if (!exact) diag_error(c, p, "the result of '%s' does not fit into 64 bits", fn_info[f].text);
  return const_new(c, fn_result(f, T_WINT), (Num){ .i = exact ? r : 0 }, p);
}

/* f16 and bf16 compute in f32: such a result folds only if it is a value of the type. */
static Expr *fn_fold(Ctx *c, Fn f, Expr **arg, Type t, Pos p) {
  Num v[2] = { { .i = 0 }, { .i = 0 } }; if (t == T_NONE) return NULL;
  for (int k = 0; k < fn_info[f].arity; k++) v[k] = convert_value(const_num(arg[k]), arg[k]->type, t, CV_PLAIN);
  if (t == T_WINT && fn_compute_type(f, t) == T_WINT) return fold_weak(c, f, v[0].i, v[1].i, p);
  Type rt = fn_result(f, t); Num r = fn_eval(f, v[0], v[1], t);
  if (rt == T_F16 || rt == T_BF16) { r.f = value_round(r.f, T_F32); if (r.f == r.f && value_round(r.f, rt) != r.f) return NULL; }
  return const_new(c, rt, r, p);
}

/* true & x, false | x, ... */
static Expr *bool_identity(Fn f, Expr **a) {
  for (int k = 0; k < 2 && (f == FN_AND || f == FN_OR); k++)
    if (a[k]->kind == E_CONST && a[k]->type == T_BOOL && a[1 - k]->type == T_BOOL) return (a[k]->i != 0) == (f == FN_AND) ? a[1 - k] : a[k];
  return NULL;
}

static Expr *minmax_identity(Ctx *c, Fn f, Expr **a) {
  Range x = expr_range(c, a[0]), y = expr_range(c, a[1]); if (f == FN_MIN) return x.hi <= y.lo ? a[0] : y.hi <= x.lo ? a[1] : NULL;
  return x.lo >= y.hi ? a[0] : y.lo >= x.hi ? a[1] : NULL;
}

static Expr *mod_identity(Ctx *c, Expr **a) {
  if (is_int_const(a[1], 1)) return expr_int(c, 0);
  if (a[1]->kind != E_CONST || a[1]->i <= 0) return NULL;
  Range x = expr_range(c, a[0]); return x.lo >= 0 && x.hi < (double)a[1]->i ? a[0] : NULL;
}

/* Exact rewrites of weak integers (all arguments are of type T_WINT). */
static Expr *weak_identity(Ctx *c, Fn f, Expr **a) {
  switch (f) {
  case FN_ADD: return is_int_const(a[0], 0) ? a[1] : is_int_const(a[1], 0) ? a[0] : NULL;
  case FN_SUB: return is_int_const(a[1], 0) ? a[0] : NULL;
  case FN_MUL:
    for (int k = 0; k < 2; k++) if (is_int_const(a[k], 0) || is_int_const(a[k], 1)) return a[k]->i ? a[1 - k] : a[k];
    return NULL;
  case FN_DIV: return is_int_const(a[1], 1) ? a[0] : NULL;
  case FN_MOD: return mod_identity(c, a);
  case FN_MIN: case FN_MAX: return minmax_identity(c, f, a);
  default: return NULL;
  }
}
static Expr *fn_shortcut(Ctx *c, Fn f, Expr **arg, Type t, Pos p) {
  int n = fn_info[f].arity; bool constant = true, weak = true;
  for (int k = 0; k < n; k++) constant &= arg[k]->kind == E_CONST, weak &= arg[k]->type == T_WINT;
  if (constant) return fn_fold(c, f, arg, t, p);
  if ((f == FN_FLOOR || f == FN_TRUNC || f == FN_ROUND) && (type_is_int(t) || t == T_BOOL)) return arg[0];
  return n != 2 ? NULL : t == T_BOOL ? bool_identity(f, arg) : weak ? weak_identity(c, f, arg) : NULL;
}
Expr *expr_fn(Ctx *c, Fn f, Expr **arg, Pos p) {
  Type t = fn_promoted(f, arg); const char *fault = fn_fault(c, f, arg); if (fault) diag_error(c, p, "%s", fault);
  Expr *e = fault ? const_new(c, fn_result(f, t), (Num){ .i = 0 }, p) : fn_shortcut(c, f, arg, t, p);
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

Expr *expr_select(Ctx *c, Expr *cond, Expr *a, Expr *b, Pos p) {
  if (cond->kind == E_CONST) return expr_number(cond) != 0 ? a : b;
  return node_new(c, (Expr){ .kind = E_SELECT, .type = type_promote(a->type, b->type), .n = 3, .pos = p }, (Expr *[]){ cond, a, b }, 0);
}

/* (a or b) or c is a or (b or c): b's reads count only where a falls outside. */
Expr *expr_or(Ctx *c, Expr *a, Expr *b, Pos p) {
  if (a->kind == E_OR) return expr_or(c, a->arg[0], expr_or(c, a->arg[1], b, p), p);
  return node_new(c, (Expr){ .kind = E_OR, .type = type_promote(a->type, b->type), .n = 2, .pos = p }, (Expr *[]){ a, b }, 0);
}

/* ---- reductions */
Expr *expr_reduce(Ctx *c, Red r, Index **bound, int nbound, Expr *body, Expr *cond, Pos p) {
  Type t = red_result(r, body->type); bool never = cond && is_int_const(cond, 0);
  for (int k = 0; k < nbound; k++) never |= extent_max(bound[k]->ext) == 0;
  if (cond && cond->kind == E_CONST) cond = NULL;
  if (never && t != T_NONE) return const_new(c, t, red_identity(r, t), p);
  if (!never && !nbound && red_is_place(r)) return const_new(c, t, (Num){ .i = 0 }, p);
  if (!never && !nbound && t != T_NONE) {      /* over no index: the body where the condition holds, else the identity */
    body = expr_convert(c, CV_PLAIN, t, body, p); return cond ? expr_select(c, cond, body, const_new(c, t, red_identity(r, t), p), p) : body;
  }
  Expr as = { .kind = E_REDUCE, .type = t, .n = cond ? 2 : 1, .pos = p, .red = r, .nbound = nbound };
  as.bound = ctx_copy(c, bound, sizeof *bound * (size_t)nbound);
  return node_new(c, as, (Expr *[]){ body, cond }, (uint64_t)r * 64 + (uint64_t)nbound);
}

/* ---- equality */
/* Bound indices of the reductions around, innermost first: a reduction of x and its match in the other expression. */
typedef struct Scope { Index *const *x, *const *y; int n; const struct Scope *outer; } Scope;

static bool index_matches(const Index *a, const Index *b, const Scope *s) {
  for (; s; s = s->outer) for (int k = 0; k < s->n; k++) if (s->x[k] == a || s->y[k] == b) return s->x[k] == a && s->y[k] == b;
  return a == b;
}
static bool heads_equal(const Expr *a, const Expr *b, const Scope *s) {
  bool same = a->kind != E_REDUCE || (a->red == b->red && a->nbound == b->nbound);
  for (int k = 0; a->kind == E_REDUCE && same && k < a->nbound; k++) same = extent_equal(a->bound[k]->ext, b->bound[k]->ext);
  switch (a->kind) {
  case E_CONST: return !memcmp(&a->i, &b->i, sizeof a->i);               /* bits: -0 is not 0 */
  case E_INDEX: return index_matches(a->index, b->index, s);     case E_READ: return a->tensor == b->tensor;
  case E_FN: return a->fn == b->fn;                              case E_CONVERT: return a->mode == b->mode;
  default: return same;
  }
}
static bool equal_in(const Expr *a, const Expr *b, const Scope *s) {
  if (a == b && !s) return true;
  if (a->kind != b->kind || a->type != b->type || a->n != b->n || !heads_equal(a, b, s)) return false;
  Scope inner = a->kind == E_REDUCE ? (Scope){ a->bound, b->bound, a->nbound, s } : (Scope){ 0 };
  for (int k = 0; k < a->n; k++) if (!equal_in(a->arg[k], b->arg[k], inner.n ? &inner : s)) return false;
  return true;
}
bool expr_equal(const Expr *a, const Expr *b) { return equal_in(a, b, NULL); }

/* ---- rebuilding */
Expr *expr_with(Ctx *c, Expr *e, Expr **arg) {
  switch (e->kind) {
  case E_READ: return expr_read(c, e->tensor, arg, e->pos);                     case E_FN: return expr_fn(c, e->fn, arg, e->pos);
  case E_CONVERT: return expr_convert(c, e->mode, e->type, arg[0], e->pos);     case E_SELECT: return expr_select(c, arg[0], arg[1], arg[2], e->pos);
  case E_OR: return expr_or(c, arg[0], arg[1], e->pos);
  case E_REDUCE: return expr_reduce(c, e->red, e->bound, e->nbound, arg[0], e->n == 2 ? arg[1] : NULL, e->pos);
  default: return e;
  }
}

Expr *expr_map_args(Ctx *c, Expr *e, Expr *(*fn)(Ctx *, Expr *, void *), void *arg) {
  Expr *room[16], **a = e->n <= 16 ? room : NEWN(c, Expr *, e->n); bool changed = false;
  for (int k = 0; k < e->n; k++) changed |= (a[k] = fn(c, e->arg[k], arg)) != e->arg[k];
  return changed ? expr_with(c, e, a) : e;
}

typedef struct Mapping { Expr *(*fn)(Ctx *, Expr *, void *); void *arg; } Mapping;

static Expr *map_node(Ctx *c, Expr *e, void *map) { return ((Mapping *)map)->fn(c, expr_map_args(c, e, map_node, map), ((Mapping *)map)->arg); }
Expr *expr_map(Ctx *c, Expr *e, Expr *(*fn)(Ctx *, Expr *, void *), void *arg) { return map_node(c, e, &(Mapping){ fn, arg }); }

typedef struct Subst { Index *const *from; Expr *const *to; int n; } Subst;

static Expr *subst_node(Ctx *c, Expr *e, void *arg) {
  const Subst *s = arg; (void)c; for (int k = 0; e->kind == E_INDEX && k < s->n; k++) if (s->from[k] == e->index) return s->to[k]; return e;
}
Expr *expr_subst(Ctx *c, Expr *e, Index *const *from, Expr *const *to, int n) { return n ? expr_map(c, e, subst_node, &(Subst){ from, to, n }) : e; }

Expr *expr_subst_bare(Ctx *c, Expr *e, Expr *const *from, Expr *const *to, int n) {
  VEC(Index *) index = { 0 }; VEC(Expr *) by = { 0 };
  for (int k = 0; k < n; k++)
    if (from[k]->kind == E_INDEX && !from[k]->index->is_dim) { PUSH(c, index, from[k]->index); PUSH(c, by, to[k]); }
  return expr_subst(c, e, index.at, by.at, index.n);
}

/* Inner reductions are fresh already when an outer one is reached, so each pass replaces its own indices only. */
static Expr *fresh_node(Ctx *c, Expr *e, void *arg) {
  (void)arg; if (e->kind != E_REDUCE || !e->nbound) return e;
  Index **bound = NEWN(c, Index *, e->nbound); Expr **to = NEWN(c, Expr *, e->nbound), *part[2] = { NULL, NULL };
  for (int k = 0; k < e->nbound; k++) {
    bound[k] = ctx_copy(c, e->bound[k], sizeof **bound); bound[k]->id = c->nid++; to[k] = expr_index(c, bound[k]);
  }
  for (int k = 0; k < e->n; k++) part[k] = expr_subst(c, e->arg[k], e->bound, to, e->nbound);
  return expr_reduce(c, e->red, bound, e->nbound, part[0], part[1], e->pos);
}
Expr *expr_fresh(Ctx *c, Expr *e) { return expr_map(c, e, fresh_node, NULL); }

/* ---- walking */
void expr_walk(const Expr *e, bool (*fn)(const Expr *, void *), void *arg) {
  if (!fn(e, arg)) return;
  for (int k = 0; k < e->n; k++) expr_walk(e->arg[k], fn, arg);
}
bool expr_some(const Expr *e, bool is(const Expr *, const void *), const void *arg) {
  bool found = is(e, arg); for (int k = 0; k < e->n && !found; k++) found = expr_some(e->arg[k], is, arg); return found;
}
static bool is_read(const Expr *e, const void *t) { return e->kind == E_READ && (!t || e->tensor == t); }
static bool is_index(const Expr *e, const void *i) { return e->kind == E_INDEX && e->index == i; }
bool expr_reads(const Expr *e, const Tensor *t) { return expr_some(e, is_read, t); }
bool expr_has_index(const Expr *e, const Index *i) { return expr_some(e, is_index, i); }
int expr_count(const Expr *e, ExprKind kind) { int n = e->kind == kind; for (int k = 0; k < e->n; k++) n += expr_count(e->arg[k], kind); return n; }
