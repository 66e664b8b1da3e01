/* Values, memory and control of the kernel IR as LLVM IR.
 *
 * SSA with phis is written directly: a variable's current value stands in Unit.value; a loop makes a phi for each variable that its body
 * sets, an if merges the two sides. Loops test at the bottom, with a guard before them where the count may be 0:
 *
 *   [guard] -> body: i = phi, x = phi ... x' ; i + 1 < n ? body : done
 */
#include "llvm_build.h"
#include <string.h>

static V lane_index(Unit *u, int k) { return LLVMConstInt(u->i32, (unsigned)k, 0); }
static bool scalable(KType t) { return t.lanes < 0; }

LLVMTypeRef unit_elem(Unit *u, Type t)
{
  switch (t) {
  case T_F64: return LLVMDoubleTypeInContext(u->lc);
  case T_F32: case T_WFLOAT: return LLVMFloatTypeInContext(u->lc);
  case T_F16: return LLVMHalfTypeInContext(u->lc);
  case T_I64: case T_U64: return u->i64;
  case T_I32: case T_U32: return u->i32;
  case T_I16: case T_U16: case T_BF16: return LLVMInt16TypeInContext(u->lc);
  case T_WINT: return u->index;
  default: return u->i8;
  }
}

/* RVV: vscale counts 64-bit blocks, so a group of m registers of 4-byte elements is <vscale x 2m x T>. Masks go with 4-byte elements. */
LLVMTypeRef unit_type(Unit *u, KType t)
{
  LLVMTypeRef e = t.elem == T_BOOL ? u->i1 : unit_elem(u, t.elem);
  if (scalable(t)) {
    int bytes = t.elem == T_BOOL ? 4 : type_bytes(t.elem) ? type_bytes(t.elem) : 4;
    return LLVMScalableVectorType(e, (unsigned)(-t.lanes * 8 / bytes));
  }
  return t.lanes == 1 ? e : LLVMVectorType(e, (unsigned)t.lanes);
}

V unit_intrinsic(Unit *u, const char *name, LLVMTypeRef *over, int nover, V *arg, int narg)
{
  unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
  V f = LLVMGetIntrinsicDeclaration(u->mod, id, over, (size_t)nover);
  LLVMTypeRef ft = LLVMIntrinsicGetType(u->lc, id, over, (size_t)nover);
  return LLVMBuildCall2(u->b, ft, f, arg, (unsigned)narg, "");
}

V unit_splat(Unit *u, KType t, V s)
{
  if (t.lanes == 1)
    return s;
  LLVMTypeRef vt = unit_type(u, t);
  LLVMTypeRef mt = scalable(t) ? LLVMScalableVectorType(u->i32, LLVMGetVectorSize(vt)) : LLVMVectorType(u->i32, (unsigned)t.lanes);
  V one = LLVMBuildInsertElement(u->b, LLVMGetPoison(vt), s, lane_index(u, 0), "");
  return LLVMBuildShuffleVector(u->b, one, LLVMGetPoison(vt), LLVMConstNull(mt), "");
}

V unit_int(Unit *u, KType t, int64_t v)
{
  LLVMTypeRef e = t.elem == T_BOOL ? u->i1 : unit_elem(u, t.elem);
  return unit_splat(u, t, LLVMConstInt(e, (uint64_t)v, 1));
}

static bool is_float(Type t) { return t == T_F32 || t == T_F64 || t == T_F16 || t == T_WFLOAT; }

static V constant(Unit *u, const KInst *k)
{
  if (is_float(k->type.elem))
    return unit_splat(u, k->type, LLVMConstReal(unit_elem(u, k->type.elem), k->f));
  return unit_int(u, k->type, k->imm);
}

/* ---- addresses */
static V base_of(Unit *u, const KBuf *b)
{
  V base = b->kind == KB_STATE ? u->state : b->kind == KB_SCRATCH ? u->scratch : b->kind == KB_CONST ? u->weights : u->arg[b->arg];
  V off = LLVMConstInt(u->index, (uint64_t)b->offset, 1);
  return b->offset ? LLVMBuildInBoundsGEP2(u->b, u->i8, base, &off, 1, "") : base;
}

static V variable_part(Unit *u, const KAddr *a)
{
  V sum = NULL;
  for (int k = 0; k < a->nterm; k++) {
    V v = u->value[a->term[k].v->id];
    if (a->term[k].k != 1)
      v = LLVMBuildNSWMul(u->b, v, LLVMConstInt(u->index, (uint64_t)a->term[k].k, 1), "");
    sum = sum ? LLVMBuildNSWAdd(u->b, sum, v, "") : v;
  }
  return sum;
}

static bool same_terms(const KTerm *a, const KTerm *b, int n)
{
  for (int k = 0; k < n; k++)
    if (a[k].v != b[k].v || a[k].k != b[k].k)
      return false;
  return true;
}

/* The address without its constant part: computed once a basic block. */
static V moving_base(Unit *u, const KAddr *a)
{
  const KBuf *b = &u->m->buf[a->buf];
  uint64_t h = (uint64_t)a->buf * 0x9e3779b97f4a7c15u;
  for (int k = 0; k < a->nterm; k++)
    h = (h ^ (uint64_t)a->term[k].v->id ^ (uint64_t)a->term[k].k << 20) * 0xff51afd7ed558ccdu;
  AddrMemo *m = &u->memo[(h >> 32) % NMEMO];
  if (m->era == u->era && m->buf == b && m->nterm == a->nterm && same_terms(m->term, a->term, a->nterm))
    return m->p;
  V p = base_of(u, b), off = variable_part(u, a);
  if (off)
    p = LLVMBuildInBoundsGEP2(u->b, unit_elem(u, b->elem), p, &off, 1, "");
  *m = (AddrMemo){ b, a->term, a->nterm, p, u->era };
  return p;
}

static V address(Unit *u, const KAddr *a)
{
  V p = moving_base(u, a), c = LLVMConstInt(u->index, (uint64_t)a->c, 1);
  return a->c ? LLVMBuildInBoundsGEP2(u->b, unit_elem(u, u->m->buf[a->buf].elem), p, &c, 1, "") : p;
}

static unsigned align_of(const Unit *u, const KAddr *a)
{
  int n = type_bytes(u->m->buf[a->buf].elem);
  return n > 0 ? (unsigned)n : 4;
}

/* ---- vectors in memory. RVV: vp forms whose active lanes are vl. */
static LLVMTypeRef memory_type(Unit *u, KType t) { return t.elem == T_BOOL ? unit_type(u, (KType){ T_U8, t.lanes }) : unit_type(u, t); }

static V evl(Unit *u, const KInst *k)
{
  V n = u->value[k->vl->id];
  return LLVMTypeOf(n) == u->i32 ? n : LLVMBuildTrunc(u->b, n, u->i32, "");
}
static V all_lanes(Unit *u, KType t) { return unit_int(u, (KType){ T_BOOL, t.lanes }, 1); }
static V mask_of(Unit *u, const KInst *k, KType t) { return k->a[0] ? u->value[k->a[0]->id] : all_lanes(u, t); }

static void set_align(Unit *u, V call, unsigned param, unsigned align)
{
  unsigned id = LLVMGetEnumAttributeKindForName("align", 5);
  LLVMAddCallSiteAttribute(call, param, LLVMCreateEnumAttribute(u->lc, id, align));
}

static V load_vp(Unit *u, const KInst *k, V p)
{
  LLVMTypeRef over[2] = { memory_type(u, k->type), u->ptr };
  V arg[3] = { p, mask_of(u, k, k->type), evl(u, k) };
  V v = unit_intrinsic(u, "llvm.vp.load", over, 2, arg, 3);
  set_align(u, v, 1, align_of(u, &k->addr));
  return v;
}

static V load_masked(Unit *u, const KInst *k, V p)
{
  LLVMTypeRef over[2] = { memory_type(u, k->type), u->ptr };
  V arg[4] = { p, LLVMConstInt(u->i32, align_of(u, &k->addr), 0), u->value[k->a[0]->id], LLVMConstNull(over[0]) };
  return unit_intrinsic(u, "llvm.masked.load", over, 2, arg, 4);
}

static V do_load(Unit *u, const KInst *k)
{
  V p = address(u, &k->addr), v;
  if (scalable(k->type))
    v = load_vp(u, k, p);
  else if (k->a[0])
    v = load_masked(u, k, p);
  else {
    v = LLVMBuildLoad2(u->b, memory_type(u, k->type), p, "");
    LLVMSetAlignment(v, align_of(u, &k->addr));
  }
  return k->type.elem == T_BOOL ? LLVMBuildICmp(u->b, LLVMIntNE, v, LLVMConstNull(LLVMTypeOf(v)), "") : v;
}

static V do_store(Unit *u, const KInst *k)
{
  KType t = k->a[1]->type;
  V p = address(u, &k->addr), v = u->value[k->a[1]->id];
  if (t.elem == T_BOOL)
    v = LLVMBuildZExt(u->b, v, memory_type(u, t), "");
  LLVMTypeRef over[2] = { LLVMTypeOf(v), u->ptr };
  if (scalable(t)) {
    V arg[4] = { v, p, mask_of(u, k, t), evl(u, k) };
    V s = unit_intrinsic(u, "llvm.vp.store", over, 2, arg, 4);
    set_align(u, s, 2, align_of(u, &k->addr));
    return s;
  }
  if (k->a[0]) {
    V arg[4] = { v, p, LLVMConstInt(u->i32, align_of(u, &k->addr), 0), u->value[k->a[0]->id] };
    return unit_intrinsic(u, "llvm.masked.store", over, 2, arg, 4);
  }
  V s = LLVMBuildStore(u->b, v, p);
  LLVMSetAlignment(s, align_of(u, &k->addr));
  return s;
}

static V pointers(Unit *u, const KInst *k, V offsets)
{
  return LLVMBuildInBoundsGEP2(u->b, unit_elem(u, u->m->buf[k->addr.buf].elem), address(u, &k->addr), &offsets, 1, "");
}

static V do_gather(Unit *u, const KInst *k)
{
  V ps = pointers(u, k, u->value[k->a[1]->id]);
  LLVMTypeRef mem = memory_type(u, k->type), over[2] = { mem, LLVMTypeOf(ps) };
  V v;
  if (k->type.lanes == 1)
    v = LLVMBuildLoad2(u->b, mem, ps, "");
  else if (scalable(k->type)) {
    V arg[3] = { ps, mask_of(u, k, k->type), evl(u, k) };
    v = unit_intrinsic(u, "llvm.vp.gather", over, 2, arg, 3);
  } else {
    V arg[4] = { ps, LLVMConstInt(u->i32, align_of(u, &k->addr), 0), mask_of(u, k, k->type), LLVMConstNull(mem) };
    v = unit_intrinsic(u, "llvm.masked.gather", over, 2, arg, 4);
  }
  return k->type.elem == T_BOOL ? LLVMBuildICmp(u->b, LLVMIntNE, v, LLVMConstNull(LLVMTypeOf(v)), "") : v;
}

static V do_scatter(Unit *u, const KInst *k)
{
  KType t = k->a[1]->type;
  V v = u->value[k->a[1]->id], ps = pointers(u, k, u->value[k->a[2]->id]);
  if (t.elem == T_BOOL)
    v = LLVMBuildZExt(u->b, v, memory_type(u, t), "");
  LLVMTypeRef over[2] = { LLVMTypeOf(v), LLVMTypeOf(ps) };
  if (t.lanes == 1)
    return LLVMBuildStore(u->b, v, ps);
  if (scalable(t)) {
    V arg[4] = { v, ps, mask_of(u, k, t), evl(u, k) };
    return unit_intrinsic(u, "llvm.vp.scatter", over, 2, arg, 4);
  }
  V arg[4] = { v, ps, LLVMConstInt(u->i32, align_of(u, &k->addr), 0), mask_of(u, k, t) };
  return unit_intrinsic(u, "llvm.masked.scatter", over, 2, arg, 4);
}

/* ---- lanes */
static V do_iota(Unit *u, const KInst *k)
{
  LLVMTypeRef t = unit_type(u, k->type);
  if (k->type.lanes == 1)
    return LLVMConstNull(t);
  if (scalable(k->type))
    return unit_intrinsic(u, "llvm.stepvector", &t, 1, NULL, 0);
  V lane[64];
  for (int i = 0; i < k->type.lanes && i < 64; i++)
    lane[i] = LLVMConstInt(unit_elem(u, k->type.elem), (unsigned)i, 0);
  V v = LLVMConstVector(lane, (unsigned)k->type.lanes);
  return is_float(k->type.elem) ? LLVMBuildSIToFP(u->b, v, t, "") : v;
}

/* In 32 bits: one compare on every target (64-bit lanes cost twice). */
static V do_prefix(Unit *u, const KInst *k)
{
  KType it = { T_I32, k->type.lanes };
  V n = u->value[k->a[0]->id];
  if (LLVMTypeOf(n) != u->i32)
    n = LLVMBuildTrunc(u->b, n, u->i32, "");
  KInst iota = { .op = K_IOTA, .type = it };
  return LLVMBuildICmp(u->b, LLVMIntSLT, do_iota(u, &iota), unit_splat(u, it, n), "");
}

static const char *vp_reduction(KFn fn, bool flt)
{
  static const struct { KFn fn; const char *f, *i; } names[] = {
    { KF_ADD, "llvm.vp.reduce.fadd", "llvm.vp.reduce.add" }, { KF_MUL, "llvm.vp.reduce.fmul", "llvm.vp.reduce.mul" },
    { KF_MIN, "llvm.vp.reduce.fmin", "llvm.vp.reduce.smin" }, { KF_MAX, "llvm.vp.reduce.fmax", "llvm.vp.reduce.smax" },
    { KF_AND, "", "llvm.vp.reduce.and" }, { KF_OR, "", "llvm.vp.reduce.or" },
  };
  for (size_t k = 0; k < sizeof names / sizeof *names; k++)
    if (names[k].fn == fn)
      return flt ? names[k].f : names[k].i;
  return "";
}

static V identity(Unit *u, const KInst *k)
{
  LLVMTypeRef t = unit_type(u, k->type);
  bool flt = is_float(k->type.elem);
  if (k->fn == KF_MUL)
    return flt ? LLVMConstReal(t, 1) : LLVMConstInt(t, 1, 0);
  if (flt && (k->fn == KF_MIN || k->fn == KF_MAX))
    return LLVMConstReal(t, k->fn == KF_MIN ? (double)__builtin_inf() : -(double)__builtin_inf());
  if (k->fn == KF_MIN || k->fn == KF_MAX) {
    unsigned bits = LLVMGetIntTypeWidth(t);
    uint64_t top = (uint64_t)1 << (bits - 1);
    return LLVMConstInt(t, k->fn == KF_MIN ? top - 1 : top, 1);
  }
  return k->fn == KF_AND ? LLVMConstAllOnes(t) : k->fn == KF_ADD && flt ? LLVMConstReal(t, -0.0) : LLVMConstNull(t);
}

static V hred_scalable(Unit *u, const KInst *k)
{
  V v = u->value[k->a[0]->id];
  LLVMTypeRef t = LLVMTypeOf(v);
  V arg[4] = { identity(u, k), v, all_lanes(u, k->a[0]->type), evl(u, k) };
  return unit_intrinsic(u, vp_reduction(k->fn, is_float(k->type.elem)), &t, 1, arg, 4);
}

static V part(Unit *u, V v, int from, int n)
{
  V mask[64];
  for (int k = 0; k < n; k++)
    mask[k] = lane_index(u, from + k);
  return LLVMBuildShuffleVector(u->b, v, LLVMGetPoison(LLVMTypeOf(v)), LLVMConstVector(mask, (unsigned)n), "");
}

/* Upper half against lower half, until one lane is left. */
static V do_hred(Unit *u, const KInst *k)
{
  if (scalable(k->a[0]->type))
    return hred_scalable(u, k);
  V v = u->value[k->a[0]->id];
  for (int n = k->a[0]->type.lanes / 2; n >= 1; n /= 2) {
    V ab[3] = { part(u, v, 0, n), part(u, v, n, n), NULL };
    v = inst_fn(u, k, (KType){ k->type.elem, n > 1 ? n : 1 }, ab);
  }
  return k->a[0]->type.lanes == 1 ? v : LLVMBuildExtractElement(u->b, v, lane_index(u, 0), "");
}

/* ---- conversions */
static V to_bool(Unit *u, const KInst *k, V v)
{
  V none = LLVMConstNull(LLVMTypeOf(v));
  return is_float(k->a[0]->type.elem) ? LLVMBuildFCmp(u->b, LLVMRealUNE, v, none, "") : LLVMBuildICmp(u->b, LLVMIntNE, v, none, "");
}

static bool is_signed(Type t) { return type_class(t) == 'i'; }

static V int_to_int(Unit *u, V v, Type from, LLVMTypeRef to) { return LLVMBuildIntCast2(u->b, v, to, is_signed(from), ""); }

static V plain_cast(Unit *u, const KInst *k, V v)
{
  Type from = k->a[0]->type.elem, to = k->type.elem;
  LLVMTypeRef t = unit_type(u, k->type);
  if (to == T_BOOL)
    return from == T_BOOL ? v : to_bool(u, k, v);
  if (is_float(from) && is_float(to))
    return LLVMBuildFPCast(u->b, v, t, "");
  if (is_float(from))   /* through i64 for unsigned and narrow targets: wraps like the other printer */
    return is_signed(to) && type_bytes(to) >= 4 ? LLVMBuildFPToSI(u->b, v, t, "") : int_to_int(u, LLVMBuildFPToSI(u->b, v, unit_type(u, (KType){ to == T_U32 || to == T_U64 ? T_I64 : T_I32, k->type.lanes }), ""), T_I64, t);
  if (is_float(to))
    return is_signed(from) ? LLVMBuildSIToFP(u->b, v, t, "") : LLVMBuildUIToFP(u->b, v, t, "");
  return int_to_int(u, v, from, t);
}

/* Rounds to even, then to the type's range; NaN gives 0. Integers: only the range. */
static V sat_cast(Unit *u, const KInst *k, V v)
{
  KType ft = k->a[0]->type;
  Type to = k->type.elem;
  if (!is_float(ft.elem) || is_float(to)) {
    if (is_float(to))
      return plain_cast(u, k, v);
    KType wide = { T_I64, ft.lanes };
    V w = int_to_int(u, v, ft.elem, unit_type(u, wide)), lo = unit_int(u, wide, (int64_t)type_lowest(to)), hi = unit_int(u, wide, to == T_I64 ? INT64_MAX : (int64_t)type_highest(to));
    w = LLVMBuildSelect(u->b, LLVMBuildICmp(u->b, LLVMIntSLT, w, lo, ""), lo, w, "");
    w = LLVMBuildSelect(u->b, LLVMBuildICmp(u->b, LLVMIntSGT, w, hi, ""), hi, w, "");
    return int_to_int(u, w, T_I64, unit_type(u, k->type));
  }
  LLVMTypeRef t = LLVMTypeOf(v);
  V r = unit_intrinsic(u, "llvm.rint", &t, 1, &v, 1), lo = unit_splat(u, ft, LLVMConstReal(unit_elem(u, ft.elem), type_lowest(to)));
  double top = type_bytes(to) < 4 || ft.elem == T_F64 ? type_highest(to) : to == T_I32 ? 2147483520.0 : to == T_U32 ? 4294967040.0 : 9223371487098961920.0;
  V hi = unit_splat(u, ft, LLVMConstReal(unit_elem(u, ft.elem), top));
  V none = LLVMBuildFCmp(u->b, LLVMRealUNO, v, v, "");
  r = LLVMBuildSelect(u->b, LLVMBuildFCmp(u->b, LLVMRealOLT, r, lo, ""), lo, r, "");
  r = LLVMBuildSelect(u->b, LLVMBuildFCmp(u->b, LLVMRealOGT, r, hi, ""), hi, r, "");
  r = LLVMBuildSelect(u->b, none, LLVMConstNull(t), r, "");
  return plain_cast(u, k, r);
}

static V do_cast(Unit *u, const KInst *k)
{
  V v = u->value[k->a[0]->id];
  if (k->mode == CV_BITS)
    return LLVMBuildBitCast(u->b, v, unit_type(u, k->type), "");
  return k->mode == CV_SAT ? sat_cast(u, k, v) : plain_cast(u, k, v);
}

static V do_prefetch(Unit *u, const KInst *k)
{
  V arg[4] = { address(u, &k->addr), lane_index(u, 0), lane_index(u, 2), lane_index(u, 1) };
  return unit_intrinsic(u, "llvm.prefetch", &u->ptr, 1, arg, 4);
}

static V do_setvl(Unit *u, const KInst *k)
{
  int bytes = type_bytes(k->type.elem) ? type_bytes(k->type.elem) : 4;
  V n = u->value[k->a[0]->id];
  V arg[3] = { n, lane_index(u, -k->type.lanes * 8 / bytes), LLVMConstInt(u->i1, 1, 0) };
  LLVMTypeRef t = LLVMTypeOf(n);
  return LLVMBuildZExt(u->b, unit_intrinsic(u, "llvm.experimental.get.vector.length", &t, 1, arg, 3), u->index, "");
}

static V do_fn(Unit *u, const KInst *k)
{
  V a[3];
  for (int i = 0; i < 3; i++)
    a[i] = k->a[i] ? u->value[k->a[i]->id] : NULL;
  return inst_fn(u, k, k->a[k->fn == KF_SELECT]->type, a);
}

static V do_param(Unit *u, const KInst *k) { return u->dim[k->imm]; }
static V do_bcast(Unit *u, const KInst *k) { return unit_splat(u, k->type, u->value[k->a[0]->id]); }
static V do_lane(Unit *u, const KInst *k) { return LLVMBuildExtractElement(u->b, u->value[k->a[0]->id], lane_index(u, (int)k->imm), ""); }

V inst_value(Unit *u, const KInst *k)
{
  static V (*const rows[])(Unit *, const KInst *) = {
    [K_CONST] = constant, [K_PARAM] = do_param, [K_FN] = do_fn, [K_CAST] = do_cast, [K_BCAST] = do_bcast, [K_IOTA] = do_iota, [K_PREFIX] = do_prefix,
    [K_HRED] = do_hred, [K_LANE] = do_lane, [K_LOAD] = do_load, [K_GATHER] = do_gather, [K_STORE] = do_store, [K_SCATTER] = do_scatter,
    [K_PREFETCH] = do_prefetch, [K_SETVL] = do_setvl,
  };
  return rows[k->op](u, k);
}
