/* Expressions to kernel IR at one point (an element, or the lanes of a vector).
 *
 *   b[o] + m[o] * x[t]        %m = load m[..]  %x = load x[..]  fma %m, %x, %b
 *
 * The fixed rule for fma: in a + b and a - b of floats the left operand that is a product is fused, else the right one. f16 and bf16 are computed in
 * f32. A value that does not depend on the lanes stays scalar until it meets one that does. */
#include "lower.h"
#include "../ir/scalar.h"

Type comp_type(Type t) { t = type_strong(t); return t == T_F16 || t == T_BF16 ? T_F32 : t; }
Type mem_type(Type t) { return t == T_BOOL ? T_U8 : t == T_BF16 ? T_U16 : t; }

/* ---- conversions */
static KInst *to_bool(Lower *L, KInst *v) { return v->type.elem == T_BOOL ? v : l_fn(L, KF_NE, v, l_num(L, v->type.elem, 0, 0)); }
static KInst *from_bool(Lower *L, KInst *v, Type to) { return l_select(L, v, l_num(L, to, 1, 1), l_num(L, to, 0, 0)); }

KInst *as_type(Lower *L, KInst *v, Type to) {
  if (v->type.elem == to) return v;
  if (to == T_BOOL) return to_bool(L, v);
  return v->type.elem == T_BOOL ? from_bool(L, v, to) : l_cast(L, to, v);
}

static KInst *u32(Lower *L, int64_t v) { return l_num(L, T_U32, 0, v); }

/* The bits of bf16 next to v: round half to even; a NaN stays a NaN. Gives u16. */
static KInst *bf16_pack(Lower *L, KInst *v) {
  KInst *x = k_cast(&L->b, CV_BITS, T_U32, v), *odd = l_fn(L, KF_AND, l_fn(L, KF_SHR, x, u32(L, 16)), u32(L, 1));
  KInst *up = l_fn(L, KF_ADD, l_fn(L, KF_ADD, x, u32(L, 0x7fff)), odd), *nan = l_fn(L, KF_OR, x, u32(L, 0x400000));
  KInst *r = l_select(L, l_fn(L, KF_ISNAN, v, NULL), nan, up); return l_cast(L, T_U16, l_fn(L, KF_SHR, r, u32(L, 16)));
}

static KInst *bf16_unpack(Lower *L, KInst *bits) { return k_cast(&L->b, CV_BITS, T_F32, l_fn(L, KF_SHL, l_cast(L, T_U32, bits), u32(L, 16))); }

KInst *to_memory(Lower *L, KInst *v, Type t) {
  v = as_type(L, v, comp_type(t));
  return t == T_BOOL ? as_type(L, v, T_U8) : t == T_BF16 ? bf16_pack(L, v) : t == T_F16 ? l_cast(L, T_F16, v) : v;
}

KInst *from_memory(Lower *L, KInst *v, Type t) {
  return t == T_BOOL ? to_bool(L, v) : t == T_BF16 ? bf16_unpack(L, v) : t == T_F16 ? l_cast(L, T_F32, v) : v;
}

KInst *round_to(Lower *L, KInst *v, Type t) { return t == T_F16 || t == T_BF16 ? from_memory(L, to_memory(L, v, t), t) : v; }
static Type unsigned_of(int bytes) { return bytes == 1 ? T_U8 : bytes == 2 ? T_U16 : bytes == 4 ? T_U32 : T_U64; }

static KInst *gen_convert(Lower *L, LPt *p, const Expr *e) {
  Type from = e->arg[0]->type, to = comp_type(e->type); KInst *v;
  if (e->mode == CV_BITS) {
    v = to_memory(L, gen_as(L, p, e->arg[0], comp_type(from)), type_strong(from));
    int nf = type_bytes(v->type.elem), nt = type_bytes(e->type);
    if (nf != nt) v = l_cast(L, unsigned_of(nt), k_cast(&L->b, CV_BITS, unsigned_of(nf), v));
    return to == T_BOOL ? to_bool(L, v) : from_memory(L, k_cast(&L->b, CV_BITS, mem_type(e->type), v), e->type);
  }
  v = gen(L, p, e->arg[0]);
  if (e->mode == CV_PLAIN || to == T_BOOL) return round_to(L, as_type(L, v, to), e->type);
  v = v->type.elem == T_BOOL ? from_bool(L, v, T_I32) : v->type.elem == T_WINT ? l_cast(L, T_I64, v) : v;
  return round_to(L, k_cast(&L->b, CV_SAT, to, v), e->type);
}

/* ---- functions */
/* Those that are machine functions; the rest are expansions (k_math). */
#define D(e) [FN_##e] = KF_##e
static const KFn direct[FN_COUNT] = {
  D(ADD), D(SUB), D(MUL), D(DIV), D(MOD), D(QUO), D(REM), D(AND), D(OR), D(XOR), D(SHL), D(SHR), D(EQ), D(NE), D(LT), D(LE), D(GT), D(GE),
  D(NEG), D(NOT), D(SQRT), D(FLOOR), D(TRUNC), D(ROUND), D(MIN), D(MAX), D(ISNAN)
};
#undef D

static KInst *apply(Lower *L, Fn f, KInst *x, KInst *y) {
  bool rest = f == FN_MOD || f == FN_QUO || f == FN_REM;
  if (!rest || !type_is_float(x->type.elem)) return f == FN_ADD || direct[f] ? l_fn(L, direct[f], x, y) : k_math(&L->b, f, x, y);
  KInst *q = l_fn(L, f == FN_MOD ? KF_FLOOR : KF_TRUNC, l_fn(L, KF_DIV, x, y), NULL);           /* a - floor(a / b) * b, or by trunc */
  return f == FN_QUO ? q : l_fn(L, KF_SUB, x, l_fn(L, KF_MUL, q, y));
}

/* The type in which the function is computed: of indices T_WINT, or i32 in lanes. */
static Type arg_type(const Expr *e) {
  Type t = e->n > 1 ? type_promote(e->arg[0]->type, e->arg[1]->type) : e->arg[0]->type;
  if (fn_info[e->fn].rule == 'P' || fn_info[e->fn].rule == 'F') t = e->type;
  return t == T_WINT ? T_WINT : comp_type(t);
}

static bool is_product(const Expr *e, Type t) { return e->kind == E_FN && e->fn == FN_MUL && e->type == t; }

static KInst *gen_fma(Lower *L, LPt *p, const Expr *e, Type t) {
  bool left = is_product(e->arg[0], e->type); const Expr *m = e->arg[!left], *z = e->arg[left];
  KInst *x = gen_as(L, p, m->arg[0], t), *y = gen_as(L, p, m->arg[1], t), *a = gen_as(L, p, z, t);
  if (e->fn == FN_SUB && left) a = l_fn(L, KF_NEG, a, NULL);
  return k_fn(&L->b, e->fn == FN_SUB && !left ? KF_FNMA : KF_FMA, x, y, a);
}

/* Arguments are weak integers (both indices, or both i32 lanes), or of type t; bools compute as i32 and compare as u8. */
static KInst *gen_fn(Lower *L, LPt *p, const Expr *e) {
  Type t = arg_type(e); char rule = fn_info[e->fn].rule;
  bool logic = e->fn == FN_AND || e->fn == FN_OR || e->fn == FN_XOR || e->fn == FN_NOT, weak = t == T_WINT;
  if (!weak && type_is_float(t) && (e->fn == FN_ADD || e->fn == FN_SUB) && (is_product(e->arg[0], e->type) || is_product(e->arg[1], e->type)))
    return gen_fma(L, p, e, t);
  if (t == T_BOOL && rule == 'P' && !logic) t = T_I32;
  KInst *x = weak ? gen(L, p, e->arg[0]) : gen_as(L, p, e->arg[0], t);
  KInst *y = e->n < 2 ? NULL : weak ? gen(L, p, e->arg[1]) : gen_as(L, p, e->arg[1], t);
  if (weak && (x->type.lanes > 1 || (y && y->type.lanes > 1))) {
    if (x->type.elem == T_WINT) x = l_cast(L, T_I32, x);
    if (y && y->type.elem == T_WINT) y = l_cast(L, T_I32, y);
  }
  if (t == T_BOOL && rule == 'B') x = from_bool(L, x, T_U8), y = from_bool(L, y, T_U8);
  KInst *r = apply(L, e->fn, x, y); return rule == 'P' && e->type == T_BOOL ? to_bool(L, r) : r;
}

/* ---- choices */
KInst *all_lanes(Lower *L, KInst *m, int w) {
  KInst *all = m->type.lanes == w ? NULL : l_int(L, w); return all ? k_prefix(&L->b, l_select(L, m, all, l_int(L, 0)), w) : m;
}

static bool unsafe_reads(Lower *L, const Expr *e) {
  if (e->kind == E_READ && !((const LRead *)lmap_get(&L->reads, e))->safe) return true;
  for (int k = 0; k < e->n; k++) if (unsafe_reads(L, e->arg[k])) return true;
  return false;
}

/* e where m holds (negate: where not). */
static KInst *gen_under(Lower *L, LPt *p, const Expr *e, Type t, KInst *m, bool negate) {
  if (!unsafe_reads(L, e)) return gen_as(L, p, e, t);
  Under old = under(L, p, negate ? l_fn(L, KF_NOT, m, NULL) : m, false); KInst *v = gen_as(L, p, e, t);
  p->u = old; return v;
}

static KInst *choose(Lower *L, KInst *m, KInst *x, KInst *y) {
  int w = m->type.lanes > x->type.lanes ? m->type.lanes : x->type.lanes > y->type.lanes ? x->type.lanes : y->type.lanes;
  return l_select(L, all_lanes(L, m, w), k_bcast(&L->b, x, w), k_bcast(&L->b, y, w));
}

static KInst *gen_select(Lower *L, LPt *p, const Expr *e) {
  Type t = e->type == T_WINT ? T_I32 : comp_type(e->type); const LConds *d = or_conds(L, e); LGuard g = { 0 };
  int known = d ? conds_at(L, p, d->at, d->n, &g) : 2;
  if (known != 2) return gen_as(L, p, e->arg[known ? 1 : 2], t);
  KInst *m = d ? guard_mask(L, p, &g) : gen_as(L, p, e->arg[0], T_BOOL);
  KInst *x = gen_under(L, p, e->arg[1], t, m, false), *y = gen_under(L, p, e->arg[2], t, m, true), *r = choose(L, m, x, y);
  return e->type == T_WINT && r->type.lanes == 1 ? l_cast(L, T_WINT, r) : r;
}

static KInst *gen_or(Lower *L, LPt *p, const Expr *e) {
  Type t = comp_type(e->type); const LConds *d = or_conds(L, e); LGuard g = { 0 };
  int known = conds_at(L, p, d->at, d->n, &g);
  if (known != 2) return gen_as(L, p, e->arg[known ? 0 : 1], t);
  KInst *m = guard_mask(L, p, &g), *x = gen_under(L, p, e->arg[0], t, m, false);
  bool masked = e->arg[0]->kind == E_READ && x->op == K_LOAD && x->type.lanes > 1 && x->a[0];             /* gives 0 outside */
  return masked && expr_is_const(e->arg[1]) && expr_number(e->arg[1]) == 0 ? x : choose(L, m, x, gen_as(L, p, e->arg[1], t));
}

KInst *gen(Lower *L, LPt *p, const Expr *e) {
  if (e->type == T_WINT && (e->kind == E_INDEX || (e->kind == E_FN && is_place_fn(e->fn)))) return gen_weak(L, p, e);
  switch (e->kind) {
  case E_CONST: return e->type == T_WINT ? l_int(L, e->i) : l_num(L, comp_type(e->type), e->f, e->i);
  case E_READ: return read_value(L, p, lmap_get(&L->reads, e));
  case E_FN: return gen_fn(L, p, e);
  case E_CONVERT: return gen_convert(L, p, e);
  case E_SELECT: return gen_select(L, p, e);
  case E_OR: return gen_or(L, p, e);
  default: tree_error(L, e->pos, p->e, "a reduction stands inside an expression: `split` gives it an equation of its own");
  }
}

KInst *gen_as(Lower *L, LPt *p, const Expr *e, Type t) {
  if (e->kind == E_CONST && e->type == T_WFLOAT) return l_num(L, t, e->f, (int64_t)e->f);
  if (e->kind == E_CONST && e->type == T_WINT) return l_num(L, t, (double)e->i, e->i);
  return as_type(L, gen(L, p, e), t);
}

KInst *identity(Lower *L, Red r, Type t) {
  Num n = red_identity(r == RED_ARGMAX ? RED_MAX : r == RED_ARGMIN ? RED_MIN : r, t); return l_num(L, t, n.f, n.i);
}
