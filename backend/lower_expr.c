/* What stands at one point (an element, or the lanes of a vector): positions, conditions and values.
 *
 *   x[(4 * i + j) / 4]  at i = 2 v, j = 1          the place is 2 v: positions are affine over counters, coefficients show divisibility
 *   x[y + r - 1] or 0                              y + r - 1 >= 0 and n - 1 - (y + r - 1) >= 0
 *   b[o] + m[o] * x[t]                             %m = load m[..]  %x = load x[..]  fma %m, %x, %b
 *
 * The fixed rule for fma: in a + b and a - b of floats the left operand that is a product is fused, else the right one. f16 and bf16 are computed in
 * f32. A value that does not depend on the lanes stays scalar until it meets one that does. */
#include "lower.h"
#include "../ir/scalar.h"

int64_t floor_div(int64_t a, int64_t b) { if (b == 0) return 0; return a / b - ((a % b != 0) && ((a < 0) != (b < 0))); }
LAff laff_var(KInst *v, int64_t k) { if (v->op == K_CONST) return laff_int(v->imm * k); return (LAff){ .n = 1, .t[0] = { v, k } }; }
bool terms_add(KTerm *t, int *n, int max, KInst *v, int64_t k) {
  int i = 0;
  while (i < *n && t[i].v->id < v->id) i++;
  if (i < *n && t[i].v == v) {
    t[i].k += k;
    if (!t[i].k) memmove(t + i, t + i + 1, sizeof *t * (size_t)(--*n - i));
    return true;
  }
  if (*n == max) return false;
  memmove(t + i + 1, t + i, sizeof *t * (size_t)((*n)++ - i)); t[i] = (KTerm){ v, k }; return true;
}

LAff laff_add(Lower *L, LAff a, LAff b, int64_t k) {
  if (!k) return a;
  a.c += b.c * k;
  for (int i = 0; i < b.n; i++)    /* too many: one value takes their place */
    while (!terms_add(a.t, &a.n, LAFF_MAX, b.t[i].v, b.t[i].k * k)) a = laff_var(laff_inst(L, a), 1);
  return a;
}
LAff laff_div(LAff a, int64_t m) { a.c = floor_div(a.c, m); for (int i = 0; i < a.n; i++) a.t[i].k /= m; return a; }
bool laff_diff(const LAff *a, const LAff *b, int64_t *c) {
  if (a->n != b->n) return false;
  for (int i = 0; i < a->n; i++) if (a->t[i].v != b->t[i].v || a->t[i].k != b->t[i].k) return false;
  *c = a->c - b->c; return true;
}
LRange laff_range(Lower *L, const LAff *a) {
  LRange r = { a->c, a->c };
  for (int i = 0; i < a->n; i++) {
    int64_t l, h, k = a->t[i].k; k_range(&L->b, a->t[i].v, &l, &h); r.lo += k > 0 ? k * l : k * h; r.hi += k > 0 ? k * h : k * l;
  }
  return r;
}
bool laff_divides(const LAff *a, int64_t m) { for (int i = 0; i < a->n; i++) if (a->t[i].k % m) return false; return true; }
KInst *laff_inst(Lower *L, LAff a) {
  KInst *r = NULL;
  for (int i = 0; i < a.n; i++) r = l_plus(L, r, l_fn(L, KF_MUL, a.t[i].v, l_int(L, a.t[i].k)));
  return l_plus(L, r, l_int(L, a.c));
}

/* ---- index expressions at a point */
static LPlace expr_at(Lower *L, LPt *p, const Expr *e);
static int lanes_of(const LPt *p) { return p->vec ? p->vec->w : 1; }
static bool is_scalar(const LPlace *q) { return !q->off && !q->lane; }
static bool is_place_fn(Fn f) { return f == FN_ADD || f == FN_SUB || f == FN_MUL || f == FN_DIV || f == FN_MOD; }
static bool is_number(const LPlace *q) { return is_scalar(q) && !q->a.n; }
LAff form_aff(Lower *L, const LForm *f, const LAff *env) {
  LAff a = laff_int(f->c);
  for (int i = 0; i < f->n; i++) a = laff_add(L, a, f->t[i].k < 0 ? laff_var(L->param[-1 - f->t[i].k], 1) : env[f->t[i].k], f->t[i].m);
  return a;
}
LPlace form_at(Lower *L, LPt *p, const LForm *f) {
  if (!f->aff) return expr_at(L, p, f->e);
  LPlace r = { .a = form_aff(L, f, p->env) };
  for (int i = 0; i < f->n && p->vec; i++) if (f->t[i].k == p->vec->k) r.lane += f->t[i].m;
  return r;
}
KInst *place_vector(Lower *L, LPt *p, LPlace q) {
  KInst *r = NULL;
  if (q.lane) r = k_put(&L->b, (KInst){ .op = K_IOTA, .type = { T_I32, lanes_of(p) } });
  if (q.lane && q.lane != 1) r = l_fn(L, KF_MUL, r, l_num(L, T_I32, 0, q.lane));
  if (q.off) r = l_plus(L, r, q.off);
  return q.a.n || q.a.c || !r ? l_plus(L, r, k_bcast(&L->b, l_cast(L, T_I32, laff_inst(L, q.a)), lanes_of(p))) : r;
}

/* floor(q / m), or q modulo m, with m > 0. Exact and affine where coefficients and lanes allow. */
static LPlace place_divide(Lower *L, LPt *p, LPlace q, int64_t m, bool mod) {
  KFn fn = mod ? KF_MOD : KF_DIV; LAff rest = laff_int(floor_mod(q.a.c, m)), whole = laff_int(q.a.c - rest.c);
  for (int i = 0; i < q.a.n; i++) { LAff *a = q.a.t[i].k % m ? &rest : &whole; a->t[a->n++] = q.a.t[i]; }
  bool across = q.lane && q.lane % m == 0; LRange r = laff_range(L, &rest); int64_t last = across ? 0 : q.lane * (lanes_of(p) - 1);
  if (!q.off && r.lo >= 0 && r.hi < m && r.lo + last >= 0 && r.hi + last < m)
    return mod ? (LPlace){ rest, across ? 0 : q.lane, NULL } : (LPlace){ laff_div(whole, m), across ? q.lane / m : 0, NULL };
  if (is_scalar(&q)) return (LPlace){ .a = laff_var(l_fn(L, fn, laff_inst(L, q.a), l_int(L, m)), 1) };
  return (LPlace){ .off = l_fn(L, fn, place_vector(L, p, q), l_num(L, T_I32, 0, m)) };
}
LPlace place_layout(Lower *L, LPt *p, LPlace q, int64_t div, int64_t mod) {
  if (div > 1) q = place_divide(L, p, q, div, false);
  return mod > 0 ? place_divide(L, p, q, mod, true) : q;
}
static LPlace place_sum(Lower *L, LPlace x, LPlace y, int64_t k) {
  x.a = laff_add(L, x.a, y.a, k); x.lane += k * y.lane;
  if (y.off) x.off = l_plus(L, x.off, k == 1 ? y.off : l_fn(L, KF_MUL, y.off, l_num(L, T_I32, 0, k)));
  return x;
}

/* A computed integer as a place: a scalar is an index value, lanes are i32. */
static LPlace place_value(Lower *L, KInst *v) {
  return v->type.lanes == 1 ? (LPlace){ .a = laff_var(l_cast(L, T_WINT, v), 1) } : (LPlace){ .off = l_cast(L, T_I32, v) };
}
static LPlace fn_at(Lower *L, LPt *p, const Expr *e) {
  if (!is_place_fn(e->fn)) return place_value(L, gen(L, p, e));
  LPlace x = expr_at(L, p, e->arg[0]), y = expr_at(L, p, e->arg[1]), zero = { .lane = 0 };
  if (e->fn == FN_ADD || e->fn == FN_SUB) return place_sum(L, x, y, e->fn == FN_ADD ? 1 : -1);
  if (e->fn == FN_MUL && is_number(&y)) return place_sum(L, zero, x, y.a.c);
  if (e->fn == FN_MUL && is_number(&x)) return place_sum(L, zero, y, x.a.c);
  if (e->fn != FN_MUL && is_number(&y) && y.a.c > 0) return place_divide(L, p, x, y.a.c, e->fn == FN_MOD);
  KFn fn = e->fn == FN_MUL ? KF_MUL : e->fn == FN_DIV ? KF_DIV : KF_MOD;
  if (is_scalar(&x) && is_scalar(&y)) return (LPlace){ .a = laff_var(l_fn(L, fn, laff_inst(L, x.a), laff_inst(L, y.a)), 1) };
  return (LPlace){ .off = l_fn(L, fn, place_vector(L, p, x), place_vector(L, p, y)) };
}

static LPlace expr_at(Lower *L, LPt *p, const Expr *e) {
  bool weak = e->type == T_WINT, wide = type_is_int(e->type) && type_bytes(e->type) == 8;
  if (e->kind == E_CONST) return (LPlace){ .a = laff_int(type_is_float(e->type) || e->type == T_WFLOAT ? (int64_t)e->f : e->i) };
  if (e->kind == E_INDEX) return form_at(L, p, &(LForm){ .aff = true, .n = 1, .t = &(LTerm){ index_number(L, p->e, e->index), 1 } });
  if (e->kind == E_FN && (weak || wide)) return fn_at(L, p, e);
  bool widens = e->kind == E_CONVERT && e->mode == CV_PLAIN && e->arg[0]->type == T_WINT && type_bytes(e->type) >= 4 && type_is_int(e->type);
  return widens ? expr_at(L, p, e->arg[0]) : place_value(L, gen(L, p, e));
}

/* ---- conditions: an affine one is decided at once where the position is constant or its range tells. Otherwise it is a scalar comparison, or, where
 * it depends on the lanes, an interval of lanes lo <= l < hi (one or two prefix masks). Anything else is a mask by its value. */
KInst *mask_and(Lower *L, KInst *a, KInst *b) { return !a ? b : !b ? a : l_fn(L, KF_AND, a, b); }
KInst *vec_mask(Lower *L, const LVec *v) {
  return v->dyn || v->n < v->w ? k_prefix(&L->b, v->dyn ? laff_inst(L, v->left) : l_int(L, v->n), v->w) : NULL;
}

/* a + lane * l >= 0 for the wanted lanes l. */
static int affine_at(Lower *L, const LVec *v, const LPlace *q, LGuard *g) {
  int64_t last = q->lane * (v ? v->n - 1 : 0); LRange r = laff_range(L, &q->a);
  if (r.lo + (last < 0 ? last : 0) >= 0) return 1;
  if (r.hi + (last > 0 ? last : 0) < 0) return 0;
  if (!q->lane) { g->s = mask_and(L, g->s, l_fn(L, KF_GE, laff_inst(L, q->a), l_int(L, 0))); return 2; }
  KInst *x = laff_inst(L, q->a), *at = l_fn(L, KF_DIV, x, l_int(L, q->lane < 0 ? -q->lane : q->lane)), **end = q->lane > 0 ? &g->lo : &g->hi;
  at = q->lane > 0 ? l_fn(L, KF_SUB, l_int(L, 0), at) : l_fn(L, KF_ADD, at, l_int(L, 1));
  *end = *end ? l_fn(L, q->lane > 0 ? KF_MAX : KF_MIN, *end, at) : at; return 2;
}
int cond_at(Lower *L, LPt *p, const LCond *d, LGuard *g) {
  if (d->a.aff) { LPlace q = form_at(L, p, &d->a); return affine_at(L, p->vec, &q, g); }
  KInst *m = gen_as(L, p, d->a.e, T_BOOL), **at = m->type.lanes == 1 ? &g->s : &g->m;
  if (m->op == K_CONST) return m->imm ? 1 : 0;
  *at = mask_and(L, *at, m); return 2;
}
int conds_at(Lower *L, LPt *p, const LCond *d, int n, LGuard *g) {
  int state = 1;
  for (int k = 0; k < n && state; k++) { int s = cond_at(L, p, &d[k], g); state = s == 1 ? state : s; }
  return state;
}
KInst *guard_mask(Lower *L, LPt *p, const LGuard *g) {
  if (!p->vec) return g->s ? g->s : g->m;
  if (!g->lo && !g->hi && !g->m) return g->s;
  int w = p->vec->w; KInst *hi = g->hi, *none = l_int(L, 0);         /* the interval of lanes, with the scalar condition folded in */
  if (g->s) hi = l_select(L, g->s, hi ? hi : l_int(L, w), none);
  KInst *m = hi ? k_prefix(&L->b, hi, w) : NULL;
  if (g->lo) m = mask_and(L, m, l_fn(L, KF_NOT, k_prefix(&L->b, g->lo, w), NULL));
  return mask_and(L, m, g->m);
}
Under under(Lower *L, LPt *p, KInst *m, bool all) {
  Under old = p->u; p->u = (Under){ p->vec ? mask_and(L, old.guard, all_lanes(L, m, p->vec->w)) : old.guard, true, old.all || all }; return old;
}
Type comp_type(Type t) { t = type_strong(t); return t == T_F16 || t == T_BF16 ? T_F32 : t; }
Type mem_type(Type t) { return t == T_BOOL ? T_U8 : t == T_BF16 ? T_U16 : t; }
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
  v = as_type(L, v, comp_type(t)); return t == T_BOOL ? as_type(L, v, T_U8) : t == T_BF16 ? bf16_pack(L, v) : t == T_F16 ? l_cast(L, T_F16, v) : v;
}
KInst *from_memory(Lower *L, KInst *v, Type t) {
  return t == T_BOOL ? to_bool(L, v) : t == T_BF16 ? bf16_unpack(L, v) : t == T_F16 ? l_cast(L, T_F32, v) : v;
}
KInst *round_to(Lower *L, KInst *v, Type t) { return t == T_F16 || t == T_BF16 ? from_memory(L, to_memory(L, v, t), t) : v; }
static Type unsigned_of(int bytes) { return bytes == 1 ? T_U8 : bytes == 2 ? T_U16 : bytes == 4 ? T_U32 : T_U64; }
static KInst *gen_convert(Lower *L, LPt *p, const Expr *e) {
  Type from = e->arg[0]->type, to = comp_type(e->type); KInst *v;
  if (p->group) return gen(L, p, e->arg[0]);
  if (e->mode == CV_BITS) {
    v = to_memory(L, gen_as(L, p, e->arg[0], comp_type(from)), type_strong(from)); int nf = type_bytes(v->type.elem), nt = type_bytes(e->type);
    if (nf != nt) v = l_cast(L, unsigned_of(nt), k_cast(&L->b, CV_BITS, unsigned_of(nf), v));
    return to == T_BOOL ? to_bool(L, v) : from_memory(L, k_cast(&L->b, CV_BITS, mem_type(e->type), v), e->type);
  }
  v = gen(L, p, e->arg[0]);
  if (e->mode == CV_PLAIN || to == T_BOOL) return round_to(L, as_type(L, v, to), e->type);
  v = v->type.elem == T_BOOL ? from_bool(L, v, T_I32) : v->type.elem == T_WINT ? l_cast(L, T_I64, v) : v;
  return round_to(L, k_cast(&L->b, CV_SAT, to, v), e->type);
}

/* Those that are machine functions; the rest are expansions (k_math). */
#define D(e) [FN_##e] = KF_##e
static const KFn direct[FN_COUNT] = {
  D(ADD), D(SUB), D(MUL), D(DIV), D(MOD), D(QUO), D(REM), D(AND), D(OR), D(XOR), D(SHL), D(SHR), D(EQ), D(NE), D(LT), D(LE), D(GT), D(GE),
  D(NEG), D(NOT), D(SQRT), D(FLOOR), D(TRUNC), D(ROUND), D(MIN), D(MAX), D(ISNAN) };
#undef D

static KInst *apply(Lower *L, Fn f, KInst *x, KInst *y) {
  bool flt = type_is_float(x->type.elem), rest = flt && (f == FN_MOD || f == FN_QUO || f == FN_REM);
  if (!rest) return f == FN_ADD || (direct[f] && (f != FN_DIV || !flt)) ? l_fn(L, direct[f], x, y) : k_math(&L->b, f, x, y);
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
KInst *all_lanes(Lower *L, KInst *m, int w) {
  KInst *all = m->type.lanes == w ? NULL : l_int(L, w); return all ? k_prefix(&L->b, l_select(L, m, all, l_int(L, 0)), w) : m;
}
static bool unsafe_reads(Lower *L, const Expr *e) {
  if (e->kind == E_READ && !((const LRead *)map_get(&L->reads, e))->safe) return true;
  for (int k = 0; k < e->n; k++) if (unsafe_reads(L, e->arg[k])) return true;
  return false;
}

/* e where m holds (negate: where not). */
static KInst *gen_under(Lower *L, LPt *p, const Expr *e, Type t, KInst *m, bool negate) {
  if (!unsafe_reads(L, e)) return gen_as(L, p, e, t);
  Under old = under(L, p, negate ? l_fn(L, KF_NOT, m, NULL) : m, false); KInst *v = gen_as(L, p, e, t); p->u = old; return v;
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
  Type t = comp_type(e->type); const LConds *d = or_conds(L, e); LGuard g = { 0 }; int known = conds_at(L, p, d->at, d->n, &g);
  if (known != 2) return gen_as(L, p, e->arg[known ? 0 : 1], t);
  KInst *m = guard_mask(L, p, &g), *x = gen_under(L, p, e->arg[0], t, m, false);
  bool masked = e->arg[0]->kind == E_READ && x->op == K_LOAD && x->type.lanes > 1 && x->a[0];             /* gives 0 outside */
  return masked && expr_number(e->arg[1]) == 0 ? x : choose(L, m, x, gen_under(L, p, e->arg[1], t, m, true));
}

static int32_t word_of(int64_t v, int n) {
  uint32_t w = 0, one = (1u << 32 / n) - 1;
  for (int k = 0; k < n; k++) w |= ((uint32_t)v & one) << k * 32 / n;
  return (int32_t)w;
}
KInst *gen(Lower *L, LPt *p, const Expr *e) {
  if (e->type == T_WINT && (e->kind == E_INDEX || (e->kind == E_FN && is_place_fn(e->fn)))) {
    LPlace q = expr_at(L, p, e); return is_scalar(&q) ? laff_inst(L, q.a) : place_vector(L, p, q);
  }
  switch (e->kind) {
  case E_CONST:
    if (p->group) return l_num(L, T_I32, 0, word_of(e->i, p->group));
    return e->type == T_WINT ? l_int(L, e->i) : l_num(L, comp_type(e->type), e->f, e->i);
  case E_READ: return read_value(L, p, map_get(&L->reads, e));     case E_FN: return gen_fn(L, p, e);
  case E_CONVERT: return gen_convert(L, p, e);                      case E_SELECT: return gen_select(L, p, e);
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
