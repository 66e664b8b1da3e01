/* Values and memory of the kernel IR as LLVM IR; functions of numbers are in llvm_inst.c, control is in llvm_emit.c. */
#include "llvm_build.h"
#include <string.h>

T unit_elem(Unit *u, Type t) {
  switch (t) {
  case T_BOOL: return u->i1;
  case T_WINT: return u->index;
  case T_F16: return LLVMHalfTypeInContext(u->lc);
  case T_F32: return LLVMFloatTypeInContext(u->lc);
  case T_F64: return LLVMDoubleTypeInContext(u->lc);
  default: return LLVMIntTypeInContext(u->lc, 8 * (unsigned)type_bytes(t));
  }
}

T unit_type(Unit *u, KType t) { return t.lanes == 1 ? unit_elem(u, t.elem) : LLVMVectorType(unit_elem(u, t.elem), (unsigned)t.lanes); }

V unit_intrinsic(Unit *u, const char *name, const T *over, int nover, V *arg, int narg) {
  unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
  V f = LLVMGetIntrinsicDeclaration(u->mod, id, (T *)over, (size_t)nover);
  return LLVMBuildCall2(u->b, LLVMIntrinsicGetType(u->lc, id, (T *)over, (size_t)nover), f, arg, (unsigned)narg, "");
}

V unit_splat(Unit *u, KType t, V s) {
  if (t.lanes == 1) return s;
  V none = LLVMGetPoison(unit_type(u, t)), one = LLVMBuildInsertElement(u->b, none, s, unit_i32(u, 0), "");
  return LLVMBuildShuffleVector(u->b, one, none, LLVMConstNull(LLVMVectorType(u->i32, (unsigned)t.lanes)), "");
}

V unit_int(Unit *u, KType t, int64_t v) { return unit_splat(u, t, LLVMConstInt(unit_elem(u, t.elem), (uint64_t)v, 1)); }
static V real(Unit *u, KType t, double f) { return unit_splat(u, t, LLVMConstReal(unit_elem(u, t.elem), f)); }
static V arg(Unit *u, const KInst *k, int n) { return k->a[n] ? u->value[k->a[n]->id] : NULL; }

/* ---- addresses */
static V base_of(Unit *u, const KBuf *b) {
  V base = b->kind == KB_STATE ? u->state : b->kind == KB_SCRATCH ? u->scratch : b->kind == KB_CONST ? u->weights : u->arg[b->arg];
  return b->offset ? unit_gep(u, u->i8, base, LLVMConstInt(u->index, (uint64_t)b->offset, 1)) : base;
}

static V variable_part(Unit *u, const KAddr *a) {
  V sum = NULL;
  for (int k = 0; k < a->nterm; k++) {
    V v = u->value[a->term[k].v->id];
    if (a->term[k].k != 1) v = LLVMBuildNSWMul(u->b, v, LLVMConstInt(u->index, (uint64_t)a->term[k].k, 1), "");
    sum = sum ? LLVMBuildNSWAdd(u->b, sum, v, "") : v;
  }
  return sum;
}

static bool knows(const Unit *u, const AddrMemo *m, const KAddr *a) {
  if (m->era != u->era || m->buf != &u->m->buf[a->buf] || m->nterm != a->nterm) return false;
  for (int k = 0; k < a->nterm; k++)
    if (m->term[k].v != a->term[k].v || m->term[k].k != a->term[k].k) return false;
  return true;
}

static T element(Unit *u, const KAddr *a) { return unit_elem(u, u->m->buf[a->buf].elem); }

/* The address without its constant part: computed once a basic block. */
static V moving_base(Unit *u, const KAddr *a) {
  uint64_t h = (uint64_t)a->buf * 0x9e3779b97f4a7c15u;
  for (int k = 0; k < a->nterm; k++) h = (h ^ (uint64_t)a->term[k].v->id ^ (uint64_t)a->term[k].k << 20) * 0xff51afd7ed558ccdu;
  AddrMemo *m = &u->memo[(h >> 32) % NMEMO];
  if (knows(u, m, a)) return m->p;
  V p = base_of(u, &u->m->buf[a->buf]), off = variable_part(u, a);
  if (off) p = unit_gep(u, element(u, a), p, off);
  *m = (AddrMemo){ &u->m->buf[a->buf], a->term, a->nterm, p, u->era };
  return p;
}

static V address(Unit *u, const KAddr *a) {
  V p = moving_base(u, a);
  return a->c ? unit_gep(u, element(u, a), p, LLVMConstInt(u->index, (uint64_t)a->c, 1)) : p;
}

/* ---- memory. Plain, masked or at several places: v is what is stored, or NULL, and the value is what is loaded. */
static V access(Unit *u, const KInst *k, V v, V p, const char *masked) {
  int align = type_bytes(u->m->buf[k->addr.buf].elem);
  T t = unit_type(u, k->type), over[2] = { t, LLVMTypeOf(p) };
  bool spread = k->op == K_GATHER || k->op == K_SCATTER;
  if (spread ? k->type.lanes > 1 : k->a[0] != NULL) {
    V mask = k->a[0] ? arg(u, k, 0) : unit_int(u, (KType){ T_BOOL, k->type.lanes }, 1);
    V load[4] = { p, unit_i32(u, align), mask, LLVMConstNull(t) }, store[4] = { v, p, unit_i32(u, align), mask };
    return unit_intrinsic(u, masked, over, 2, v ? store : load, 4);
  }
  V r = v ? LLVMBuildStore(u->b, v, p) : LLVMBuildLoad2(u->b, t, p, "");
  if (!spread) LLVMSetAlignment(r, (unsigned)align);
  return r;
}

static V do_load(Unit *u, const KInst *k) { return access(u, k, NULL, address(u, &k->addr), "llvm.masked.load"); }
static V do_store(Unit *u, const KInst *k) { return access(u, k, arg(u, k, 1), address(u, &k->addr), "llvm.masked.store"); }
static V places(Unit *u, const KInst *k, int n) { return unit_gep(u, element(u, &k->addr), address(u, &k->addr), arg(u, k, n)); }
static V do_gather(Unit *u, const KInst *k) { return access(u, k, NULL, places(u, k, 1), "llvm.masked.gather"); }
static V do_scatter(Unit *u, const KInst *k) { return access(u, k, arg(u, k, 1), places(u, k, 2), "llvm.masked.scatter"); }
static V do_prefetch(Unit *u, const KInst *k) {
  V a[4] = { address(u, &k->addr), unit_i32(u, 0), unit_i32(u, 2), unit_i32(u, 1) };
  return unit_intrinsic(u, "llvm.prefetch", &u->ptr, 1, a, 4);
}

/* ---- lanes */
static V iota(Unit *u, KType t) {
  V lane[64];
  for (int i = 0; i < t.lanes && i < 64; i++) lane[i] = LLVMConstInt(unit_elem(u, t.elem), (unsigned)i, 0);
  return t.lanes == 1 ? lane[0] : LLVMConstVector(lane, (unsigned)t.lanes);
}
static V do_iota(Unit *u, const KInst *k) { return iota(u, k->type); }

/* In 32 bits: one compare on every target (64-bit lanes cost twice). */
static V do_prefix(Unit *u, const KInst *k) {
  KType t = { T_I32, k->type.lanes };
  V n = arg(u, k, 0);
  if (LLVMTypeOf(n) != u->i32) n = LLVMBuildTrunc(u->b, n, u->i32, "");
  return unit_icmp(u, LLVMIntSLT, iota(u, t), unit_splat(u, t, n));
}

static V part(Unit *u, V v, int from, int n) {
  V mask[64];
  for (int k = 0; k < n; k++) mask[k] = unit_i32(u, from + k);
  return LLVMBuildShuffleVector(u->b, v, LLVMGetPoison(LLVMTypeOf(v)), LLVMConstVector(mask, (unsigned)n), "");
}

/* Upper half against lower half, until one lane is left. */
static V do_hred(Unit *u, const KInst *k) {
  V v = arg(u, k, 0);
  if (k->a[0]->type.lanes == 1) return v;
  for (int n = k->a[0]->type.lanes / 2; n >= 1; n /= 2) {
    V ab[3] = { part(u, v, 0, n), part(u, v, n, n) };
    v = inst_fn(u, k->fn, (KType){ k->type.elem, n }, ab);
  }
  return LLVMBuildExtractElement(u->b, v, unit_i32(u, 0), "");
}

/* ---- conversions */
static bool is_signed(Type t) { return type_class(t) == 'i'; }
static V int_to_int(Unit *u, V v, Type from, KType to) { return LLVMBuildIntCast2(u->b, v, unit_type(u, to), is_signed(from), ""); }

static V plain_cast(Unit *u, V v, Type from, KType to) {
  T t = unit_type(u, to);
  if (type_is_float(from) && type_is_float(to.elem)) return LLVMBuildFPCast(u->b, v, t, "");
  if (type_is_float(to.elem)) return is_signed(from) ? LLVMBuildSIToFP(u->b, v, t, "") : LLVMBuildUIToFP(u->b, v, t, "");
  if (!type_is_float(from)) return int_to_int(u, v, from, to);
  if (is_signed(to.elem) && type_bytes(to.elem) >= 4) return LLVMBuildFPToSI(u->b, v, t, "");
  KType wide = { to.elem == T_U32 || to.elem == T_U64 ? T_I64 : T_I32, to.lanes };       /* unsigned and narrow ones wrap like the other printer's */
  return int_to_int(u, LLVMBuildFPToSI(u->b, v, unit_type(u, wide), ""), T_I64, to);
}

static V clamp_int(Unit *u, V v, Type from, KType to) {
  KType wide = { T_I64, to.lanes };
  V w = int_to_int(u, v, from, wide), lo = unit_int(u, wide, (int64_t)type_lowest(to.elem));
  V hi = unit_int(u, wide, to.elem == T_I64 ? INT64_MAX : (int64_t)type_highest(to.elem));
  w = unit_select(u, unit_icmp(u, LLVMIntSLT, w, lo), lo, w);
  w = unit_select(u, unit_icmp(u, LLVMIntSGT, w, hi), hi, w);
  return int_to_int(u, w, T_I64, to);
}

/* Rounds to even, then to the type's range (its largest value that a float has); NaN gives 0. */
static V clamp_float(Unit *u, V v, KType from, KType to) {
  double top = to.elem == T_I32 ? 2147483520.0 : to.elem == T_U32 ? 4294967040.0 : 9223371487098961920.0;
  if (type_bytes(to.elem) < 4 || from.elem == T_F64) top = type_highest(to.elem);
  T t = LLVMTypeOf(v);
  V r = unit_intrinsic(u, "llvm.rint", &t, 1, &v, 1), none = unit_fcmp(u, LLVMRealUNO, v, v);
  V lo = real(u, from, type_lowest(to.elem)), hi = real(u, from, top);
  r = unit_select(u, unit_fcmp(u, LLVMRealOLT, r, lo), lo, r);
  r = unit_select(u, unit_fcmp(u, LLVMRealOGT, r, hi), hi, r);
  return plain_cast(u, unit_select(u, none, LLVMConstNull(t), r), from.elem, to);
}

static V do_cast(Unit *u, const KInst *k) {
  KType from = k->a[0]->type;
  V v = arg(u, k, 0);
  if (k->mode == CV_BITS) return LLVMBuildBitCast(u->b, v, unit_type(u, k->type), "");
  if (k->mode == CV_PLAIN || type_is_float(k->type.elem)) return plain_cast(u, v, from.elem, k->type);
  return type_is_float(from.elem) ? clamp_float(u, v, from, k->type) : clamp_int(u, v, from.elem, k->type);
}

static V do_const(Unit *u, const KInst *k) { return type_is_float(k->type.elem) ? real(u, k->type, k->f) : unit_int(u, k->type, k->imm); }
static V do_param(Unit *u, const KInst *k) { return u->dim[k->imm]; }
static V do_bcast(Unit *u, const KInst *k) { return unit_splat(u, k->type, arg(u, k, 0)); }
static V do_lane(Unit *u, const KInst *k) { return LLVMBuildExtractElement(u->b, arg(u, k, 0), unit_i32(u, k->imm), ""); }
static V do_fn(Unit *u, const KInst *k) {
  V a[3] = { arg(u, k, 0), arg(u, k, 1), arg(u, k, 2) };
  return inst_fn(u, k->fn, k->a[k->fn == KF_SELECT]->type, a);
}

V inst_value(Unit *u, const KInst *k) {
  static V (*const rows[])(Unit *, const KInst *) = {
    [K_CONST] = do_const, [K_PARAM] = do_param, [K_FN] = do_fn, [K_CAST] = do_cast, [K_BCAST] = do_bcast, [K_IOTA] = do_iota, [K_PREFIX] = do_prefix,
    [K_HRED] = do_hred, [K_LANE] = do_lane, [K_LOAD] = do_load, [K_GATHER] = do_gather, [K_STORE] = do_store, [K_SCATTER] = do_scatter,
    [K_PREFETCH] = do_prefetch,
  };
  return rows[k->op](u, k);
}
