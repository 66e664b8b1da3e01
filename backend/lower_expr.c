/* Expressions to kernel IR at one point (an element, or the lanes of a vector).
 *
 *   b[o] + m[o] * x[t]        %m = load m[..]  %x = load x[..]  fma %m, %x, %b
 *
 * The fixed rule for fma: in a + b and a - b of floats the left operand that is a product is fused, else the right one. f16 and bf16 are
 * computed in f32. A value that does not depend on the lanes stays scalar until it meets one that does.
 */
#include "lower.h"

Type comp_type(Type t)
{
  t = type_strong(t);
  return t == T_F16 || t == T_BF16 ? T_F32 : t;
}

Type mem_type(Type t)
{
  return t == T_BOOL ? T_U8 : t == T_BF16 ? T_U16 : t;
}

static bool is_weak(Type t) { return t == T_WINT || t == T_WFLOAT; }

/* ---- conversions */

static KInst *to_bool(Lower *L, KInst *v)
{
  if (v->type.elem == T_BOOL) return v;
  return k_fn(&L->b, KF_NE, v, k_const(&L->b, ktype(v->type.elem, 1), 0, 0), NULL);
}

static KInst *from_bool(Lower *L, KInst *v, Type to)
{
  return k_fn(&L->b, KF_SELECT, v, k_const(&L->b, ktype(to, 1), 1, 1), k_const(&L->b, ktype(to, 1), 0, 0));
}

KInst *as_type(Lower *L, KInst *v, Type from, Type to)
{
  (void)from;
  if (v->type.elem == to) return v;
  if (to == T_BOOL) return to_bool(L, v);
  if (v->type.elem == T_BOOL) return from_bool(L, v, to);
  return k_cast(&L->b, CV_PLAIN, to, v);
}

static KInst *u32_const(Lower *L, int64_t v) { return k_const(&L->b, ktype(T_U32, 1), 0, v); }

/* The bits of bf16 next to v: round half to even; a NaN stays a NaN. Gives u16. */
KInst *bf16_pack(Lower *L, KInst *v)
{
  KBuild *b = &L->b;
  KInst *x = k_cast(b, CV_BITS, T_U32, v);
  KInst *odd = k_fn(b, KF_AND, k_fn(b, KF_SHR, x, u32_const(L, 16), NULL), u32_const(L, 1), NULL);
  KInst *up = k_fn(b, KF_ADD, k_fn(b, KF_ADD, x, u32_const(L, 0x7fff), NULL), odd, NULL);
  KInst *nan = k_fn(b, KF_OR, x, u32_const(L, 0x400000), NULL);
  KInst *r = k_fn(b, KF_SELECT, k_fn(b, KF_ISNAN, v, NULL, NULL), nan, up);
  return k_cast(b, CV_PLAIN, T_U16, k_fn(b, KF_SHR, r, u32_const(L, 16), NULL));
}

KInst *bf16_unpack(Lower *L, KInst *bits)
{
  KBuild *b = &L->b;
  return k_cast(b, CV_BITS, T_F32, k_fn(b, KF_SHL, k_cast(b, CV_PLAIN, T_U32, bits), u32_const(L, 16), NULL));
}

/* A value of computation rounded to the values of t. */
KInst *round_to(Lower *L, KInst *v, Type t)
{
  if (t == T_F16) return k_cast(&L->b, CV_PLAIN, T_F32, k_cast(&L->b, CV_PLAIN, T_F16, v));
  if (t == T_BF16) return bf16_unpack(L, bf16_pack(L, v));
  return v;
}

/* The element as it lies in memory, for `bits`. */
static KInst *raw(Lower *L, KInst *v, Type t)
{
  if (t == T_F16) return k_cast(&L->b, CV_PLAIN, T_F16, v);
  if (t == T_BF16) return bf16_pack(L, v);
  return t == T_BOOL ? from_bool(L, v, T_U8) : v;
}

static KInst *cooked(Lower *L, KInst *v, Type t)
{
  if (t == T_F16) return k_cast(&L->b, CV_PLAIN, T_F32, v);
  if (t == T_BF16) return bf16_unpack(L, v);
  return v;
}

static Type unsigned_of(int bytes) { return bytes == 1 ? T_U8 : bytes == 2 ? T_U16 : bytes == 4 ? T_U32 : T_U64; }

static KInst *gen_bits(Lower *L, LPt *p, const Expr *e)
{
  Type from = type_strong(e->arg[0]->type), to = e->type, mem = to == T_BF16 ? T_U16 : to;
  KInst *v = raw(L, gen_as(L, p, e->arg[0], comp_type(from)), from);
  if (v->type.elem == T_WINT) v = k_cast(&L->b, CV_PLAIN, T_I64, v);
  int nf = type_bytes(v->type.elem), nt = type_bytes(to);
  if (nf != nt) v = k_cast(&L->b, CV_PLAIN, unsigned_of(nt), k_cast(&L->b, CV_BITS, unsigned_of(nf), v));
  if (to == T_BOOL) return to_bool(L, v);
  return cooked(L, k_cast(&L->b, CV_BITS, mem, v), to);
}

static KInst *gen_convert(Lower *L, LPt *p, const Expr *e)
{
  if (e->mode == CV_BITS) return gen_bits(L, p, e);
  KInst *v = gen(L, p, e->arg[0]);
  Type to = comp_type(e->type);
  if (e->mode == CV_PLAIN || to == T_BOOL) return round_to(L, as_type(L, v, v->type.elem, to), e->type);
  if (v->type.elem == T_BOOL) v = from_bool(L, v, T_I32);
  if (v->type.elem == T_WINT) v = k_cast(&L->b, CV_PLAIN, T_I64, v);
  return round_to(L, k_cast(&L->b, CV_SAT, to, v), e->type);
}

/* ---- functions */

static const KFn direct[FN_COUNT] = {
  [FN_ADD] = KF_ADD, [FN_SUB] = KF_SUB, [FN_MUL] = KF_MUL, [FN_DIV] = KF_DIV, [FN_AND] = KF_AND, [FN_OR] = KF_OR,
  [FN_XOR] = KF_XOR, [FN_SHL] = KF_SHL, [FN_SHR] = KF_SHR, [FN_EQ] = KF_EQ, [FN_NE] = KF_NE, [FN_LT] = KF_LT, [FN_LE] = KF_LE,
  [FN_GT] = KF_GT, [FN_GE] = KF_GE, [FN_NEG] = KF_NEG, [FN_NOT] = KF_NOT, [FN_SQRT] = KF_SQRT, [FN_FLOOR] = KF_FLOOR,
  [FN_TRUNC] = KF_TRUNC, [FN_ROUND] = KF_ROUND, [FN_MIN] = KF_MIN, [FN_MAX] = KF_MAX, [FN_ISNAN] = KF_ISNAN
};
static const KFn integer_fn[FN_COUNT] = { [FN_MOD] = KF_MOD, [FN_QUO] = KF_QUO, [FN_REM] = KF_REM };

static bool is_direct(Fn f) { return f == FN_ADD || direct[f] != 0; }

/* Float % and the truncating pair: a - floor(a / b) * b. */
static KInst *float_rest(Lower *L, Fn f, KInst *x, KInst *y)
{
  KBuild *b = &L->b;
  KInst *q = k_fn(b, f == FN_MOD ? KF_FLOOR : KF_TRUNC, k_fn(b, KF_DIV, x, y, NULL), NULL, NULL);
  return f == FN_QUO ? q : k_fn(b, KF_SUB, x, k_fn(b, KF_MUL, q, y, NULL), NULL);
}

/* The type in which the function is computed: of indices T_WINT, or i32 in lanes. */
static Type arg_type(const Expr *e)
{
  Type t = e->arg[0]->type;
  if (e->n > 1) t = type_promote(t, e->arg[1]->type);
  if (fn_info[e->fn].rule == 'P' || fn_info[e->fn].rule == 'F') t = e->type;
  return t == T_WINT ? T_WINT : comp_type(t);
}

/* Two weak integers: both indices, or both i32 lanes. */
static KInst *weak_arg(Lower *L, KInst *v, bool lanes)
{
  return lanes && v->type.elem == T_WINT ? k_cast(&L->b, CV_PLAIN, T_I32, v) : v;
}

static KInst *apply(Lower *L, Fn f, KInst *x, KInst *y)
{
  bool fl = x->type.elem != T_WINT && type_is_float(x->type.elem);
  if (is_direct(f)) return k_fn(&L->b, direct[f], x, y, NULL);
  if (f == FN_MOD || f == FN_QUO || f == FN_REM) return fl ? float_rest(L, f, x, y) : k_fn(&L->b, integer_fn[f], x, y, NULL);
  return k_math(&L->b, f, x, y);
}

static bool is_product(const Expr *e, Type t) { return e->kind == E_FN && e->fn == FN_MUL && e->type == t; }

static KInst *gen_fma(Lower *L, LPt *p, const Expr *e, Type t)
{
  bool left = is_product(e->arg[0], e->type);
  const Expr *m = e->arg[!left], *z = e->arg[left];
  KInst *x = gen_as(L, p, m->arg[0], t), *y = gen_as(L, p, m->arg[1], t), *a = gen_as(L, p, z, t);
  if (e->fn == FN_SUB && left) a = k_fn(&L->b, KF_NEG, a, NULL, NULL);
  return k_fn(&L->b, e->fn == FN_SUB && !left ? KF_FNMA : KF_FMA, x, y, a);
}

static KInst *gen_fn(Lower *L, LPt *p, const Expr *e)
{
  Type t = arg_type(e);
  if (t != T_WINT && type_is_float(t) && (e->fn == FN_ADD || e->fn == FN_SUB) && (is_product(e->arg[0], e->type) || is_product(e->arg[1], e->type)))
    return gen_fma(L, p, e, t);
  KInst *x, *y = NULL;
  if (t == T_WINT) {
    x = gen(L, p, e->arg[0]);
    if (e->n > 1) y = gen(L, p, e->arg[1]);
    bool lanes = x->type.lanes > 1 || (y && y->type.lanes > 1);
    x = weak_arg(L, x, lanes);
    if (y) y = weak_arg(L, y, lanes);
  } else {
    if (t == T_BOOL && fn_info[e->fn].rule == 'P' && e->fn != FN_AND && e->fn != FN_OR && e->fn != FN_XOR && e->fn != FN_NOT) t = T_I32;
    x = gen_as(L, p, e->arg[0], t);
    if (e->n > 1) y = gen_as(L, p, e->arg[1], t);
  }
  if (t == T_BOOL && fn_info[e->fn].rule == 'B') {
    x = from_bool(L, x, T_U8);
    y = from_bool(L, y, T_U8);
  }
  KInst *r = apply(L, e->fn, x, y);
  return fn_info[e->fn].rule == 'P' && e->type == T_BOOL ? to_bool(L, r) : r;
}

/* ---- choices */

/* A scalar condition as a mask. */
static KInst *all_lanes(Lower *L, KInst *m, int w)
{
  if (m->type.lanes == w) return m;
  KInst *n = k_put(&L->b, (KInst){ .op = K_FN, .fn = KF_SELECT, .type = { T_WINT, 1 }, .a = { m, k_int(&L->b, w), k_int(&L->b, 0) } });
  return k_prefix(&L->b, n, w);
}

Under under(Lower *L, LPt *p, KInst *m, bool all)
{
  Under u = { p->guard, p->clamp, p->all };
  p->clamp = true;
  p->all |= all;
  if (p->vec) p->guard = mask_and(L, p->guard, all_lanes(L, m, p->vec->w));
  return u;
}

void over(LPt *p, Under u)
{
  p->guard = u.guard;
  p->clamp = u.clamp;
  p->all = u.all;
}

static bool unsafe_reads(Lower *L, const Expr *e)
{
  if (e->kind == E_READ) {
    LRead *r = lmap_get(&L->reads, e);
    if (r && !r->safe) return true;
  }
  for (int k = 0; k < e->n; k++)
    if (unsafe_reads(L, e->arg[k])) return true;
  return false;
}

static KInst *gen_side(Lower *L, LPt *p, const Expr *e, Type t, KInst *m, bool negate)
{
  if (!unsafe_reads(L, e)) return gen_as(L, p, e, t);
  Under u = under(L, p, negate ? k_fn(&L->b, KF_NOT, m, NULL, NULL) : m, false);
  KInst *v = gen_as(L, p, e, t);
  over(p, u);
  return v;
}

static KInst *choose(Lower *L, KInst *m, KInst *x, KInst *y)
{
  int w = m->type.lanes > x->type.lanes ? m->type.lanes : x->type.lanes > y->type.lanes ? x->type.lanes : y->type.lanes;
  return k_fn(&L->b, KF_SELECT, all_lanes(L, m, w), k_bcast(&L->b, x, w), k_bcast(&L->b, y, w));
}

static KInst *gen_select(Lower *L, LPt *p, const Expr *e)
{
  Type t = e->type == T_WINT ? T_I32 : comp_type(e->type);
  LConds *d = or_conds(L, e);
  LGuard g = { 0 };
  int known = d ? 1 : 2;
  for (int k = 0; d && k < d->n && known; k++) {
    int s = cond_at(L, p, &d->at[k], &g);
    known = s == 0 ? 0 : s == 2 ? 2 : known;
  }
  if (known != 2) return gen_as(L, p, e->arg[known ? 1 : 2], t);
  KInst *m = d ? guard_mask(L, p, &g) : gen_as(L, p, e->arg[0], T_BOOL);
  KInst *x = gen_side(L, p, e->arg[1], t, m, false), *y = gen_side(L, p, e->arg[2], t, m, true);
  KInst *r = choose(L, m, x, y);
  return e->type == T_WINT && r->type.lanes == 1 ? k_cast(&L->b, CV_PLAIN, T_WINT, r) : r;
}

static KInst *gen_or(Lower *L, LPt *p, const Expr *e)
{
  Type t = comp_type(e->type);
  LConds *d = or_conds(L, e);
  LGuard g = { 0 };
  bool sure = true;
  for (int k = 0; k < d->n; k++) {
    int s = cond_at(L, p, &d->at[k], &g);
    if (!s) return gen_as(L, p, e->arg[1], t);
    sure &= s == 1;
  }
  if (sure) return gen_as(L, p, e->arg[0], t);
  KInst *m = guard_mask(L, p, &g);
  Under u = under(L, p, m, false);
  KInst *x = gen_as(L, p, e->arg[0], t);
  over(p, u);
  bool zero = e->arg[0]->kind == E_READ && x->op == K_LOAD && x->type.lanes > 1 && expr_is_const(e->arg[1]) && expr_number(e->arg[1]) == 0;
  return zero && x->a[0] ? x : choose(L, m, x, gen_as(L, p, e->arg[1], t));
}

/* ---- all of it */

static KInst *gen_const(Lower *L, const Expr *e)
{
  if (e->type == T_WINT) return k_int(&L->b, e->i);
  Type t = comp_type(e->type);
  double f = type_is_float(t) ? e->f : (double)e->i;
  return k_const(&L->b, ktype(t, 1), f, e->i);
}

static bool is_place(const Expr *e)
{
  return e->kind == E_INDEX || (e->kind == E_FN && (e->fn == FN_ADD || e->fn == FN_SUB || e->fn == FN_MUL || e->fn == FN_DIV || e->fn == FN_MOD));
}

KInst *gen(Lower *L, LPt *p, const Expr *e)
{
  if (e->type == T_WINT && is_place(e)) return gen_weak(L, p, e);
  switch (e->kind) {
  case E_CONST: return gen_const(L, e);
  case E_READ: return read_value(L, p, lmap_get(&L->reads, e));
  case E_FN: return gen_fn(L, p, e);
  case E_CONVERT: return gen_convert(L, p, e);
  case E_SELECT: return gen_select(L, p, e);
  case E_OR: return gen_or(L, p, e);
  default: tree_error(L, e->pos, p->e, "a reduction stands inside an expression: `split` gives it an equation of its own");
  }
}

KInst *gen_as(Lower *L, LPt *p, const Expr *e, Type t)
{
  if (e->kind == E_CONST && is_weak(e->type)) {
    double f = e->type == T_WFLOAT ? e->f : (double)e->i;
    return k_const(&L->b, ktype(t, 1), f, e->type == T_WFLOAT ? (int64_t)e->f : e->i);
  }
  KInst *v = gen(L, p, e);
  return as_type(L, v, v->type.elem, t);
}

KInst *identity(Lower *L, Red r, Type t)
{
  bool fl = type_is_float(t);
  double f = r == RED_PROD ? 1 : r == RED_MAX || r == RED_ARGMAX ? type_lowest(t) : r == RED_MIN || r == RED_ARGMIN ? type_highest(t) : 0;
  int64_t i = r == RED_ALL ? 1 : 0;
  if (!fl && r != RED_ALL && r != RED_ANY) i = t == T_I64 ? (f < 0 ? INT64_MIN : f > 1 ? INT64_MAX : (int64_t)f) : t == T_U64 && f > 1 ? -1 : (int64_t)f;
  return k_const(&L->b, ktype(t, 1), f, i);
}
