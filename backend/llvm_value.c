/* Values and memory of the kernel IR as LLVM IR, and the functions of numbers: one row a function. Control is in llvm_emit.c.
 *
 *   %r = fma f32x16 %a, %b, %c      call <16 x float> @llvm.fma.v16f32(...)
 *
 * No fast-math flags anywhere: the bits are those of the C printer. */
#include "llvm_build.h"
#include <string.h>

/* bool is i1: memory has none. */
static T elem_type(Unit *u, Type t) {
  switch (t) {
  case T_BOOL: return u->i1;                              case T_WINT: return u->index;
  case T_F16: return LLVMHalfTypeInContext(u->lc);        case T_F32: return LLVMFloatTypeInContext(u->lc);
  case T_F64: return LLVMDoubleTypeInContext(u->lc);      default: return LLVMIntTypeInContext(u->lc, 8 * (unsigned)type_bytes(t));
  }
}
static T llvm_type(Unit *u, KType t) { return t.lanes == 1 ? elem_type(u, t.elem) : LLVMVectorType(elem_type(u, t.elem), (unsigned)t.lanes); }

/* Calls the intrinsic `name` overloaded on `over`: of one type, or of that and pointers (or vectors of them). */
static V intrinsic(Unit *u, const char *name, const T *over, int nover, V *arg, int narg) {
  unsigned id = LLVMLookupIntrinsicID(name, strlen(name)); V f = LLVMGetIntrinsicDeclaration(u->mod, id, (T *)over, (size_t)nover);
  return LLVMBuildCall2(u->b, LLVMIntrinsicGetType(u->lc, id, (T *)over, (size_t)nover), f, arg, (unsigned)narg, "");
}
static V splat(Unit *u, KType t, V s) {
  if (t.lanes == 1) return s;
  V none = LLVMGetPoison(llvm_type(u, t)), one = LLVMBuildInsertElement(u->b, none, s, unit_i32(u, 0), "");
  return LLVMBuildShuffleVector(u->b, one, none, LLVMConstNull(LLVMVectorType(u->i32, (unsigned)t.lanes)), "");
}
static V int_lanes(Unit *u, KType t, int64_t v) { return splat(u, t, LLVMConstInt(elem_type(u, t.elem), (uint64_t)v, 1)); }
static V choose(Unit *u, V c, V a, V b) { return LLVMBuildSelect(u->b, c, a, b, ""); }
static V fcmp(Unit *u, LLVMRealPredicate p, V a, V b) { return LLVMBuildFCmp(u->b, p, a, b, ""); }
static V real(Unit *u, KType t, double f) { return splat(u, t, LLVMConstReal(elem_type(u, t.elem), f)); }
static V arg(Unit *u, const KInst *k, int n) { return k->a[n] ? u->value[k->a[n]->id] : NULL; }
static V number(Unit *u, int64_t v) { return LLVMConstInt(u->index, (uint64_t)v, 1); }

/* Lanes from .. from + to - 1 of a vector; those from `end` on do not matter. */
static V lanes_of(Unit *u, V v, int from, int end, int to) {
  V mask[64];
  for (int k = 0; k < to; k++) mask[k] = from + k < end ? unit_i32(u, from + k) : LLVMGetPoison(u->i32);
  return LLVMBuildShuffleVector(u->b, v, LLVMGetPoison(LLVMTypeOf(v)), LLVMConstVector(mask, (unsigned)to), "");
}

/* ---- functions of numbers */
typedef V Special(Unit *u, KType t, V *a);
static bool is_unsigned(KType t) { return type_class(t.elem) == 'u' || t.elem == T_BOOL; }
static V zero(Unit *u, KType t) { return LLVMConstNull(llvm_type(u, t)); }
/* An intrinsic overloaded on the type of its first argument. */
static V call_on(Unit *u, const char *name, V *a, int n) { T t = LLVMTypeOf(a[0]); return intrinsic(u, name, &t, 1, a, n); }

static V do_neg(Unit *u, KType t, V *a) { return type_is_float(t.elem) ? LLVMBuildFNeg(u->b, a[0], "") : LLVMBuildNeg(u->b, a[0], ""); }
static V do_not(Unit *u, KType t, V *a) { (void)t; return LLVMBuildNot(u->b, a[0], ""); }
static V do_select(Unit *u, KType t, V *a) { (void)t; return choose(u, a[0], a[1], a[2]); }
static V do_isnan(Unit *u, KType t, V *a) { (void)t; return fcmp(u, LLVMRealUNO, a[0], a[0]); }
static V do_fma(Unit *u, KType t, V *a) {
  (void)t; return u->t->fma ? call_on(u, "llvm.fma", a, 3) : LLVMBuildFAdd(u->b, LLVMBuildFMul(u->b, a[0], a[1], ""), a[2], "");
}
static V do_fnma(Unit *u, KType t, V *a) {
  V n[3] = { LLVMBuildFNeg(u->b, a[0], ""), a[1], a[2] };
  return u->t->fma ? do_fma(u, t, n) : LLVMBuildFSub(u->b, a[2], LLVMBuildFMul(u->b, a[0], a[1], ""), "");
}

/* Integer division by 0 gives 0, by -1 the negative: neither may trap. floors: the quotient is rounded down. */
static V guarded(Unit *u, KType t, V *a, bool remainder, bool floors) {
  V one = int_lanes(u, t, 1), none = zero(u, t), minus = int_lanes(u, t, -1); bool sign = !is_unsigned(t);
  V by0 = unit_icmp(u, LLVMIntEQ, a[1], none), bym = sign ? unit_icmp(u, LLVMIntEQ, a[1], minus) : NULL, b = choose(u, by0, one, a[1]);
  if (sign) b = choose(u, bym, one, b);
  V q = LLVMBuildBinOp(u->b, sign ? LLVMSDiv : LLVMUDiv, a[0], b, ""), r = LLVMBuildBinOp(u->b, sign ? LLVMSRem : LLVMURem, a[0], b, "");
  if (floors && sign) {
    V off = LLVMBuildAnd(u->b, unit_icmp(u, LLVMIntNE, r, none), unit_icmp(u, LLVMIntSLT, LLVMBuildXor(u->b, r, b, ""), none), "");
    q = choose(u, off, LLVMBuildSub(u->b, q, one, ""), q); r = choose(u, off, LLVMBuildAdd(u->b, r, b, ""), r);
  }
  V v = remainder ? r : q;
  if (sign) v = choose(u, bym, remainder ? none : LLVMBuildNeg(u->b, a[0], ""), v);
  return choose(u, by0, none, v);
}
static V do_div(Unit *u, KType t, V *a) { return type_is_float(t.elem) ? LLVMBuildFDiv(u->b, a[0], a[1], "") : guarded(u, t, a, false, true); }
static V do_quo(Unit *u, KType t, V *a) { return guarded(u, t, a, false, false); }
static V do_mod(Unit *u, KType t, V *a) { return guarded(u, t, a, true, true); }
static V do_rem(Unit *u, KType t, V *a) { return guarded(u, t, a, true, false); }

/* Shifts by the width or more give 0, or the sign. */
static V shift(Unit *u, KType t, V *a, LLVMOpcode op) {
  int64_t bits = LLVMGetIntTypeWidth(elem_type(u, t.elem));
  V wide = unit_icmp(u, LLVMIntUGE, a[1], int_lanes(u, t, bits)), most = op == LLVMAShr ? int_lanes(u, t, bits - 1) : zero(u, t);
  V v = LLVMBuildBinOp(u->b, op, a[0], choose(u, wide, most, a[1]), ""); return op == LLVMAShr ? v : choose(u, wide, zero(u, t), v);
}
static V do_shl(Unit *u, KType t, V *a) { return shift(u, t, a, LLVMShl); }
static V do_shr(Unit *u, KType t, V *a) { return shift(u, t, a, is_unsigned(t) ? LLVMLShr : LLVMAShr); }

/* Calls a function of the machine by its full name. */
static V named(Unit *u, const char *name, T result, T *types, V *arg, int n) {
  T ft = LLVMFunctionType(result, types, (unsigned)n, 0); V f = LLVMGetNamedFunction(u->mod, name);
  return LLVMBuildCall2(u->b, ft, f ? f : LLVMAddFunction(u->mod, name, ft), arg, (unsigned)n, "");
}

/* A function of AVX-512 on a register of 4, 8 or 16 floats that holds the value's lanes; a scalar goes the same way, for the same bits. Arguments:
 * operands, what masked lanes give, the mask, and the present rounding mode. Without Target.parts: of AVX2, of its name without the bits. */
static V on_register(Unit *u, const char *name, KType t, V *a, int n) {
  int lanes = t.lanes <= 4 ? 4 : t.lanes <= 8 ? 8 : 16; const char *full; bool parts = u->t->parts;
  if (parts) full = u->host->printf(u->c, "llvm.x86.avx512.%s.ps.%d", name, 32 * lanes);
  else full = u->host->printf(u->c, lanes == 4 ? "llvm.x86.sse.%.*s.ps" : "llvm.x86.avx.%.*s.ps.256", (int)strlen(name) - 2, name);
  V arg[5], first = unit_i32(u, 0), none = LLVMConstNull(LLVMVectorType(LLVMFloatTypeInContext(u->lc), 4));
  for (int k = 0; k < n; k++)
    arg[k] = t.lanes == 1 ? LLVMBuildInsertElement(u->b, none, a[k], first, "") : t.lanes != lanes ? lanes_of(u, a[k], 0, t.lanes, lanes) : a[k];
  if (!strcmp(name, "mask.getmant")) arg[n++] = unit_i32(u, 11);         /* in 3/4..3/2, NaN for negative numbers */
  arg[n] = LLVMConstNull(LLVMTypeOf(arg[0])); arg[n + 1] = LLVMConstAllOnes(lanes == 16 ? LLVMInt16TypeInContext(u->lc) : u->i8);
  if (*name == 'm' && lanes == 16) arg[n++ + 2] = unit_i32(u, 4);
  T types[5]; n += 2 * parts; for (int k = 0; k < n; k++) types[k] = LLVMTypeOf(arg[k]);
  V r = named(u, full, types[0], types, arg, n);
  return t.lanes == 1 ? LLVMBuildExtractElement(u->b, r, first, "") : t.lanes == lanes ? r : lanes_of(u, r, 0, lanes, t.lanes);
}

/* Groups of products: the first row of the machine. parts: what its vectors hold, where that is not words; sum: it does not add to c. */
typedef struct DotRow { KFn fn; unsigned dots; int bits; const char *name; Type parts; bool sum; } DotRow;
static V dot(Unit *u, KFn fn, KType t, V *a) {
  static const DotRow table[] = {
    { KF_DOTUS, DOT_U8I8, 0, "llvm.x86.avx512.vpdpbusd.%d", T_NONE, false }, { KF_DOTH, DOT_U8I8, 0, "llvm.x86.avx512.vpdpwssd.%d", T_NONE, false },
    { KF_DOTH, DOT_I16, 128, "llvm.x86.sse2.pmadd.wd", T_I16, true }, { KF_DOTH, DOT_I16, 256, "llvm.x86.avx2.pmadd.wd", T_I16, true },
    { KF_DOTH, DOT_I16, 512, "llvm.x86.avx512.pmaddw.d.512", T_I16, true }, { KF_DOTH, DOT_I16, 32, "llvm.arm.smlad", T_NONE, false },
    { KF_DOTB, DOT_BF16, 0, "llvm.x86.avx512bf16.dpbf16ps.%d", T_BF16, false },
    { KF_DOTSS, DOT_I8, 0, "llvm.aarch64.neon.sdot.v4i32.v16i8", T_I8, false } };
  const DotRow *r = table; int bits = 32 * t.lanes; T type = llvm_type(u, t), words = LLVMTypeOf(a[0]);
  while (r->fn != fn || !(u->t->dots & r->dots) || (r->bits && r->bits != bits)) r++;
  if (r->parts == T_BF16) words = LLVMVectorType(LLVMBFloatTypeInContext(u->lc), (unsigned)bits / 16);
  else if (r->parts != T_NONE) words = llvm_type(u, (KType){ r->parts, bits / (8 * type_bytes(r->parts)) });
  V x = LLVMBuildBitCast(u->b, a[0], words, ""), y = LLVMBuildBitCast(u->b, a[1], words, ""), arg[3] = { a[2], x, y };
  T types[3] = { type, words, words };
  if (r->sum || bits == 32) arg[0] = x, arg[1] = y, arg[2] = a[2], types[0] = words, types[2] = type;
  V v = named(u, u->host->printf(u->c, r->name, bits), type, types, arg, 3 - r->sum); return r->sum ? LLVMBuildAdd(u->b, v, a[2], "") : v;
}

/* a * 2^n by adding n to the exponent of 1.0. */
static V do_scale2(Unit *u, KType t, V *a) {
  bool wide = t.elem == T_F64; KType it = { wide ? T_I64 : T_I32, t.lanes }; V n = LLVMBuildFPToSI(u->b, a[1], llvm_type(u, it), "");
  n = LLVMBuildShl(u->b, LLVMBuildAdd(u->b, n, int_lanes(u, it, wide ? 1023 : 127), ""), int_lanes(u, it, wide ? 52 : 23), "");
  return LLVMBuildFMul(u->b, a[0], LLVMBuildBitCast(u->b, n, llvm_type(u, t), ""), "");
}

/* The rows: an opcode or predicate for floats, signed and unsigned integers; an intrinsic of one argument; a function from above; part: of AVX-512.
 * pick: max(a, b) = b > a ? b : a, and the like: one instruction on x86. */
typedef struct Row { bool op, pick; int f, s, u; const char *name; Special *fn; const char *part; } Row;
#define OP(F, I) { .op = true, .f = F, .s = I, .u = I }
#define TEST(F, S, U) { .f = LLVMReal##F, .s = LLVMInt##S, .u = LLVMInt##U }
#define PICK(F, S, U) { .f = LLVMReal##F, .s = LLVMInt##S, .u = LLVMInt##U, .pick = true }
static const Row rows[KF_COUNT] = {
  [KF_ADD] = OP(LLVMFAdd, LLVMAdd), [KF_SUB] = OP(LLVMFSub, LLVMSub), [KF_MUL] = OP(LLVMFMul, LLVMMul), [KF_AND] = OP(0, LLVMAnd),
  [KF_OR] = OP(0, LLVMOr), [KF_XOR] = OP(0, LLVMXor), [KF_DIV] = { .fn = do_div }, [KF_MOD] = { .fn = do_mod }, [KF_QUO] = { .fn = do_quo },
  [KF_REM] = { .fn = do_rem }, [KF_SHL] = { .fn = do_shl }, [KF_SHR] = { .fn = do_shr }, [KF_MIN] = PICK(OLT, SLT, ULT),
  [KF_MAX] = PICK(OGT, SGT, UGT), [KF_NEG] = { .fn = do_neg }, [KF_NOT] = { .fn = do_not }, [KF_ISNAN] = { .fn = do_isnan },
  [KF_FMA] = { .fn = do_fma }, [KF_FNMA] = { .fn = do_fnma }, [KF_SCALE2] = { .fn = do_scale2, .part = "mask.scalef" },
  [KF_SELECT] = { .fn = do_select }, [KF_RCPE] = { .part = "rcp14" }, [KF_RSQRTE] = { .part = "rsqrt14" }, [KF_MANT] = { .part = "mask.getmant" },
  [KF_EXPO] = { .part = "mask.getexp" }, [KF_EQ] = TEST(OEQ, EQ, EQ), [KF_NE] = TEST(UNE, NE, NE), [KF_LT] = TEST(OLT, SLT, ULT),
  [KF_LE] = TEST(OLE, SLE, ULE), [KF_GT] = TEST(OGT, SGT, UGT), [KF_GE] = TEST(OGE, SGE, UGE), [KF_SQRT] = { .name = "llvm.sqrt" },
  [KF_FLOOR] = { .name = "llvm.floor" }, [KF_TRUNC] = { .name = "llvm.trunc" }, [KF_ROUND] = { .name = "llvm.rint" } };

static V apply(Unit *u, KFn fn, KType t, V *a) {
  const Row *r = &rows[fn]; int flt = type_is_float(t.elem), code = flt ? r->f : is_unsigned(t) ? r->u : r->s;
  if (kfn_typed(fn) == 2) return dot(u, fn, t, a);
  if (r->part && (u->t->parts || !r->fn) && t.elem == T_F32) return on_register(u, r->part, t, a, 1 + (fn == KF_SCALE2));
  if (r->fn) return r->fn(u, t, a);
  if (r->name) return call_on(u, r->name, a, 1);
  if (r->op) return LLVMBuildBinOp(u->b, (LLVMOpcode)code, a[0], a[1], "");
  V x = a[r->pick], y = a[!r->pick], test = flt ? fcmp(u, (LLVMRealPredicate)code, x, y) : unit_icmp(u, (LLVMIntPredicate)code, x, y);
  return r->pick ? choose(u, test, x, y) : test;
}
static V base_of(Unit *u, const KBuf *b) {
  V scratch = b->own ? u->own : u->scratch;
  V base = b->kind == KB_STATE ? u->state : b->kind == KB_SCRATCH ? scratch : b->kind == KB_CONST ? u->weights : u->arg[b->arg];
  return b->offset ? unit_gep(u, u->i8, base, number(u, b->offset)) : base;
}
static T element(Unit *u, const KAddr *a) { return elem_type(u, u->m->buf[a->buf].elem); }

/* The address without its constant part: computed once a basic block. */
static V moving_base(Unit *u, const KAddr *a) {
  uint64_t h = (uint64_t)a->buf * 0x9e3779b97f4a7c15u;
  for (int k = 0; k < a->nterm; k++) h = (h ^ (uint64_t)a->term[k].v->id ^ (uint64_t)a->term[k].k << 20) * 0xff51afd7ed558ccdu;
  AddrMemo *m = &u->memo[(h >> 32) % NMEMO];
  if (m->era == u->era && m->addr.buf == a->buf && kaddr_parallel(&m->addr, a)) return m->p;
  V p = base_of(u, &u->m->buf[a->buf]), off = NULL;
  for (int k = 0; k < a->nterm; k++) {
    V v = u->value[a->term[k].v->id]; v = a->term[k].k == 1 ? v : LLVMBuildNSWMul(u->b, v, number(u, a->term[k].k), "");
    off = off ? LLVMBuildNSWAdd(u->b, off, v, "") : v;
  }
  if (off) p = unit_gep(u, element(u, a), p, off);
  *m = (AddrMemo){ *a, p, u->era }; return p;
}
static V address(Unit *u, const KAddr *a) { V p = moving_base(u, a); return a->c ? unit_gep(u, element(u, a), p, number(u, a->c)) : p; }

/* ---- memory. Plain, masked or at several places: v is what is stored, or NULL, and the value is what is loaded. */
static V access(Unit *u, const KInst *k, V v, V p, const char *masked) {
  int align = type_bytes(u->m->buf[k->addr.buf].elem); T t = llvm_type(u, k->type), over[2] = { t, LLVMTypeOf(p) };
  bool spread = k->op == K_GATHER || k->op == K_SCATTER, past = v && k->imm && u->past;
  if (spread ? k->type.lanes > 1 : k->a[0] != NULL) {
    V mask = k->a[0] ? arg(u, k, 0) : int_lanes(u, (KType){ T_BOOL, k->type.lanes }, 1);
    V load[4] = { p, unit_i32(u, align), mask, LLVMConstNull(t) }, store[4] = { v, p, unit_i32(u, align), mask };
    return intrinsic(u, masked, over, 2, v ? store : load, 4);
  }
  V r = v ? LLVMBuildStore(u->b, v, p) : LLVMBuildLoad2(u->b, t, p, ""); LLVMMetadataRef one = LLVMValueAsMetadata(unit_i32(u, 1));
  if (!spread) LLVMSetAlignment(r, (unsigned)(past ? PAST_ALIGN : align));
  if (past) LLVMSetMetadata(r, LLVMGetMDKindIDInContext(u->lc, "nontemporal", 11), LLVMMetadataAsValue(u->lc, LLVMMDNodeInContext2(u->lc, &one, 1)));
  return r;
}
static V places(Unit *u, const KInst *k, int n) { return unit_gep(u, element(u, &k->addr), address(u, &k->addr), arg(u, k, n)); }
static V iota(Unit *u, KType t) {
  V lane[64];
  for (int i = 0; i < t.lanes && i < 64; i++) lane[i] = LLVMConstInt(elem_type(u, t.elem), (unsigned)i, 0);
  return t.lanes == 1 ? lane[0] : LLVMConstVector(lane, (unsigned)t.lanes);
}

/* In 32 bits: one compare on every target (64-bit lanes cost twice). */
static V prefix(Unit *u, const KInst *k) {
  KType t = { T_I32, k->type.lanes }; V n = arg(u, k, 0);
  if (LLVMTypeOf(n) != u->i32) n = LLVMBuildTrunc(u->b, n, u->i32, "");
  return unit_icmp(u, LLVMIntSLT, iota(u, t), splat(u, t, n));
}

/* Upper half against lower half, until one lane is left. */
static V hred(Unit *u, const KInst *k) {
  V v = arg(u, k, 0);
  if (k->a[0]->type.lanes == 1) return v;
  for (int n = k->a[0]->type.lanes / 2; n >= 1; n /= 2) {
    V ab[3] = { lanes_of(u, v, 0, n, n), lanes_of(u, v, n, 2 * n, n) }; v = apply(u, k->fn, (KType){ k->type.elem, n }, ab);
  }
  return LLVMBuildExtractElement(u->b, v, unit_i32(u, 0), "");
}
static V weave(Unit *u, const KInst *k, V *a) {
  V mask[64];
  for (int l = 0; l < k->type.lanes; l++) mask[l] = unit_i32(u, kweave_from(k, l));
  return LLVMBuildShuffleVector(u->b, a[0], a[1], LLVMConstVector(mask, (unsigned)k->type.lanes), "");
}
static V table(Unit *u, const KInst *k, V index) {
  V lane[16]; int n = k->type.lanes; const char *name = n == 8 ? "llvm.x86.avx2.permps" : "llvm.x86.avx512.permvar.sf.512";
  for (int l = 0; l < n; l++) lane[l] = LLVMConstReal(elem_type(u, k->type.elem), k->table[l % 8]);
  return intrinsic(u, name, NULL, 0, (V[]){ LLVMConstVector(lane, (unsigned)n), index }, 2);
}
static bool is_signed(Type t) { return type_class(t) == 'i'; }
static V int_to_int(Unit *u, V v, Type from, KType to) { return LLVMBuildIntCast2(u->b, v, llvm_type(u, to), is_signed(from), ""); }
static V plain_cast(Unit *u, V v, Type from, KType to) {
  T t = llvm_type(u, to);
  if (type_is_float(from) && type_is_float(to.elem)) return LLVMBuildFPCast(u->b, v, t, "");
  if (type_is_float(to.elem)) return is_signed(from) ? LLVMBuildSIToFP(u->b, v, t, "") : LLVMBuildUIToFP(u->b, v, t, "");
  if (!type_is_float(from)) return int_to_int(u, v, from, to);
  if (is_signed(to.elem) && type_bytes(to.elem) >= 4) return LLVMBuildFPToSI(u->b, v, t, "");
  KType wide = { to.elem == T_U32 || to.elem == T_U64 ? T_I64 : T_I32, to.lanes };       /* unsigned and narrow ones wrap like the other printer's */
  return int_to_int(u, LLVMBuildFPToSI(u->b, v, llvm_type(u, wide), ""), T_I64, to);
}
static V clamp_int(Unit *u, V v, Type from, KType to) {
  KType wide = { T_I64, to.lanes }; V w = int_to_int(u, v, from, wide), lo = int_lanes(u, wide, (int64_t)type_lowest(to.elem));
  V hi = int_lanes(u, wide, to.elem == T_I64 ? INT64_MAX : (int64_t)type_highest(to.elem));
  w = choose(u, unit_icmp(u, LLVMIntSLT, w, lo), lo, w); w = choose(u, unit_icmp(u, LLVMIntSGT, w, hi), hi, w); return int_to_int(u, w, T_I64, to);
}

/* Rounds to even, then to the type's range (its largest value that a float has); NaN gives 0. */
static V clamp_float(Unit *u, V v, KType from, KType to) {
  double top = to.elem == T_I32 ? 2147483520.0 : to.elem == T_U32 ? 4294967040.0 : 9223371487098961920.0;
  if (type_bytes(to.elem) < 4 || from.elem == T_F64) top = type_highest(to.elem);
  V r = call_on(u, "llvm.rint", &v, 1), none = fcmp(u, LLVMRealUNO, v, v);
  V lo = real(u, from, type_lowest(to.elem)), hi = real(u, from, top); r = choose(u, fcmp(u, LLVMRealOLT, r, lo), lo, r);
  r = choose(u, fcmp(u, LLVMRealOGT, r, hi), hi, r); return plain_cast(u, choose(u, none, zero(u, from), r), from.elem, to);
}
static V cast(Unit *u, const KInst *k) {
  KType from = k->a[0]->type; V v = arg(u, k, 0);
  if (k->mode == CV_BITS) return LLVMBuildBitCast(u->b, v, llvm_type(u, k->type), "");
  if (k->mode == CV_PLAIN || type_is_float(k->type.elem)) return plain_cast(u, v, from.elem, k->type);
  return type_is_float(from.elem) ? clamp_float(u, v, from, k->type) : clamp_int(u, v, from.elem, k->type);
}
V inst_value(Unit *u, const KInst *k) {
  V a[3] = { arg(u, k, 0), arg(u, k, 1), arg(u, k, 2) };
  switch (k->op) {
  case K_CONST: return type_is_float(k->type.elem) ? real(u, k->type, k->f) : int_lanes(u, k->type, k->imm);
  case K_FN: return apply(u, k->fn, k->a[kfn_typed(k->fn)]->type, a);
  case K_PARAM: return u->dim[k->imm];                 case K_CAST: return cast(u, k);
  case K_BCAST: return splat(u, k->type, a[0]);        case K_IOTA: return iota(u, k->type);
  case K_PREFIX: return prefix(u, k);                  case K_HRED: return hred(u, k);
  case K_LANE:
    if (k->type.lanes > 1) return lanes_of(u, a[0], (int)k->imm, (int)k->imm + k->type.lanes, k->type.lanes);
    return LLVMBuildExtractElement(u->b, a[0], unit_i32(u, k->imm), "");
  case K_WEAVE: return weave(u, k, a);                 case K_TABLE: return table(u, k, a[0]);
  case K_LOAD: return access(u, k, NULL, address(u, &k->addr), "llvm.masked.load");
  case K_STORE: return access(u, k, a[1], address(u, &k->addr), "llvm.masked.store");
  case K_GATHER: return access(u, k, NULL, places(u, k, 1), "llvm.masked.gather");
  case K_SCATTER: return access(u, k, a[1], places(u, k, 2), "llvm.masked.scatter");
  default: return call_on(u, "llvm.prefetch", (V[]){ address(u, &k->addr), unit_i32(u, 0), unit_i32(u, 2), unit_i32(u, 1) }, 4);
  }
}
