/* Functions of numbers as LLVM instructions: one row a function.
 *
 *   %r = fma f32x16 %a, %b, %c      call <16 x float> @llvm.fma.v16f32(...)
 *
 * No fast-math flags anywhere: the bits are those of the C printer. */
#include "llvm_build.h"

typedef V Special(Unit *u, KType t, V *a);

static bool is_unsigned(KType t) { return type_class(t.elem) == 'u' || t.elem == T_BOOL; }
static V zero(Unit *u, KType t) { return LLVMConstNull(unit_type(u, t)); }

/* max(a, b) = b > a ? b : a, and the like: one instruction on x86. */
static V pick(Unit *u, KType t, V *a, LLVMRealPredicate f, LLVMIntPredicate s, LLVMIntPredicate n) {
  return unit_select(u, type_is_float(t.elem) ? unit_fcmp(u, f, a[1], a[0]) : unit_icmp(u, is_unsigned(t) ? n : s, a[1], a[0]), a[1], a[0]);
}
static V do_min(Unit *u, KType t, V *a) { return pick(u, t, a, LLVMRealOLT, LLVMIntSLT, LLVMIntULT); }
static V do_max(Unit *u, KType t, V *a) { return pick(u, t, a, LLVMRealOGT, LLVMIntSGT, LLVMIntUGT); }
static V do_neg(Unit *u, KType t, V *a) { return type_is_float(t.elem) ? LLVMBuildFNeg(u->b, a[0], "") : LLVMBuildNeg(u->b, a[0], ""); }
static V do_not(Unit *u, KType t, V *a) { (void)t; return LLVMBuildNot(u->b, a[0], ""); }
static V do_select(Unit *u, KType t, V *a) { (void)t; return unit_select(u, a[0], a[1], a[2]); }
static V do_isnan(Unit *u, KType t, V *a) { (void)t; return unit_fcmp(u, LLVMRealUNO, a[0], a[0]); }

static V do_fma(Unit *u, KType t, V *a) {
  T ty = unit_type(u, t);
  return u->t->fma ? unit_intrinsic(u, "llvm.fma", &ty, 1, a, 3) : LLVMBuildFAdd(u->b, LLVMBuildFMul(u->b, a[0], a[1], ""), a[2], "");
}

static V do_fnma(Unit *u, KType t, V *a) {
  V n[3] = { LLVMBuildFNeg(u->b, a[0], ""), a[1], a[2] };
  return u->t->fma ? do_fma(u, t, n) : LLVMBuildFSub(u->b, a[2], LLVMBuildFMul(u->b, a[0], a[1], ""), "");
}

/* Integer division by 0 gives 0, by -1 the negative: neither may trap. floors: the quotient is rounded down. */
static V guarded(Unit *u, KType t, V *a, bool remainder, bool floors) {
  V one = unit_int(u, t, 1), none = zero(u, t), minus = unit_int(u, t, -1);
  bool sign = !is_unsigned(t);
  V by0 = unit_icmp(u, LLVMIntEQ, a[1], none), bym = sign ? unit_icmp(u, LLVMIntEQ, a[1], minus) : NULL, b = unit_select(u, by0, one, a[1]);
  if (sign) b = unit_select(u, bym, one, b);
  V q = LLVMBuildBinOp(u->b, sign ? LLVMSDiv : LLVMUDiv, a[0], b, ""), r = LLVMBuildBinOp(u->b, sign ? LLVMSRem : LLVMURem, a[0], b, "");
  if (floors && sign) {
    V off = LLVMBuildAnd(u->b, unit_icmp(u, LLVMIntNE, r, none), unit_icmp(u, LLVMIntSLT, LLVMBuildXor(u->b, r, b, ""), none), "");
    q = unit_select(u, off, LLVMBuildSub(u->b, q, one, ""), q);
    r = unit_select(u, off, LLVMBuildAdd(u->b, r, b, ""), r);
  }
  V v = remainder ? r : q;
  if (sign) v = unit_select(u, bym, remainder ? none : LLVMBuildNeg(u->b, a[0], ""), v);
  return unit_select(u, by0, none, v);
}
static V do_div(Unit *u, KType t, V *a) { return type_is_float(t.elem) ? LLVMBuildFDiv(u->b, a[0], a[1], "") : guarded(u, t, a, false, true); }
static V do_quo(Unit *u, KType t, V *a) { return guarded(u, t, a, false, false); }
static V do_mod(Unit *u, KType t, V *a) { return guarded(u, t, a, true, true); }
static V do_rem(Unit *u, KType t, V *a) { return guarded(u, t, a, true, false); }

/* Shifts by the width or more give 0, or the sign. */
static V shift(Unit *u, KType t, V *a, LLVMOpcode op) {
  int64_t bits = LLVMGetIntTypeWidth(unit_elem(u, t.elem));
  V wide = unit_icmp(u, LLVMIntUGE, a[1], unit_int(u, t, bits)), most = op == LLVMAShr ? unit_int(u, t, bits - 1) : zero(u, t);
  V v = LLVMBuildBinOp(u->b, op, a[0], unit_select(u, wide, most, a[1]), "");
  return op == LLVMAShr ? v : unit_select(u, wide, zero(u, t), v);
}
static V do_shl(Unit *u, KType t, V *a) { return shift(u, t, a, LLVMShl); }
static V do_shr(Unit *u, KType t, V *a) { return shift(u, t, a, is_unsigned(t) ? LLVMLShr : LLVMAShr); }

/* ---- target instructions that have no general spelling */
static V resize(Unit *u, V a, int from, int to) {
  V mask[64];
  for (int k = 0; k < to; k++) mask[k] = k < from ? unit_i32(u, k) : LLVMGetPoison(u->i32);
  return LLVMBuildShuffleVector(u->b, a, LLVMGetPoison(LLVMTypeOf(a)), LLVMConstVector(mask, (unsigned)to), "");
}

static V call_named(Unit *u, const char *name, V *arg, int n) {
  T types[6], result = LLVMTypeOf(arg[0]);
  for (int k = 0; k < n; k++) types[k] = LLVMTypeOf(arg[k]);
  T ft = LLVMFunctionType(result, types, (unsigned)n, 0);
  V f = LLVMGetNamedFunction(u->mod, name);
  return LLVMBuildCall2(u->b, ft, f ? f : LLVMAddFunction(u->mod, name, ft), arg, (unsigned)n, "");
}

/* AVX-512's masked forms: operands, what masked lanes give, the mask. */
static V call_avx512(Unit *u, const char *name, int lanes, V *a, int n) {
  const char *full = u->host->printf(u->c, "llvm.x86.avx512.%s.ps.%d", name, 32 * lanes);
  V arg[5] = { a[0], a[1] };
  arg[n] = LLVMConstNull(LLVMTypeOf(a[0])); arg[n + 1] = LLVMConstAllOnes(lanes == 16 ? LLVMInt16TypeInContext(u->lc) : u->i8);
  bool rounds = n == 2 && lanes == 16;                   /* and the present rounding mode */
  if (rounds) arg[4] = unit_i32(u, 4);
  return call_named(u, full, arg, n + 2 + rounds);
}

/* Runs op on a register of 4, 8 or 16 floats that holds the value's lanes: a scalar goes the same way, for the same bits. */
static V on_register(Unit *u, KType t, V *a, int narg, V (*op)(Unit *, int lanes, V *)) {
  int lanes = t.lanes <= 4 ? 4 : t.lanes <= 8 ? 8 : 16;
  V wide[2] = { 0 }, first = unit_i32(u, 0), none = LLVMConstNull(LLVMVectorType(LLVMFloatTypeInContext(u->lc), 4));
  for (int k = 0; k < narg; k++)
    wide[k] = t.lanes == 1 ? LLVMBuildInsertElement(u->b, none, a[k], first, "") : t.lanes != lanes ? resize(u, a[k], t.lanes, lanes) : a[k];
  V r = op(u, lanes, wide);
  return t.lanes == 1 ? LLVMBuildExtractElement(u->b, r, first, "") : t.lanes == lanes ? r : resize(u, r, lanes, t.lanes);
}

static V rcp(Unit *u, int lanes, V *a) {
  T t = LLVMTypeOf(a[0]);
  if (u->t->isa == ISA_NEON) return unit_intrinsic(u, "llvm.aarch64.neon.frecpe", &t, 1, a, 1);
  if (u->t->isa == ISA_AVX512) return call_avx512(u, "rcp14", lanes, a, 1);
  return call_named(u, lanes == 8 ? "llvm.x86.avx.rcp.ps.256" : "llvm.x86.sse.rcp.ps", a, 1);
}
static V scalef(Unit *u, int lanes, V *a) { return call_avx512(u, "mask.scalef", lanes, a, 2); }
static V do_rcpe(Unit *u, KType t, V *a) { return on_register(u, t, a, 1, rcp); }

/* a * 2^n by adding n to the exponent of 1.0. */
static V do_scale2(Unit *u, KType t, V *a) {
  if (u->t->isa == ISA_AVX512 && t.elem == T_F32) return on_register(u, t, a, 2, scalef);
  bool wide = t.elem == T_F64;
  KType it = { wide ? T_I64 : T_I32, t.lanes };
  V n = LLVMBuildFPToSI(u->b, a[1], unit_type(u, it), "");
  n = LLVMBuildShl(u->b, LLVMBuildAdd(u->b, n, unit_int(u, it, wide ? 1023 : 127), ""), unit_int(u, it, wide ? 52 : 23), "");
  return LLVMBuildFMul(u->b, a[0], LLVMBuildBitCast(u->b, n, unit_type(u, t), ""), "");
}

/* ---- the rows: an opcode or predicate for floats, signed and unsigned integers; or an intrinsic of one argument; or a function from above */
typedef struct Row { bool op; int f, s, u; const char *name; Special *fn; } Row;
#define OP(F, I) { .op = true, .f = F, .s = I, .u = I }
#define TEST(F, S, U) { .f = LLVMReal##F, .s = LLVMInt##S, .u = LLVMInt##U }
static const Row rows[KF_COUNT] = {
  [KF_ADD] = OP(LLVMFAdd, LLVMAdd), [KF_SUB] = OP(LLVMFSub, LLVMSub), [KF_MUL] = OP(LLVMFMul, LLVMMul),
  [KF_AND] = OP(0, LLVMAnd), [KF_OR] = OP(0, LLVMOr), [KF_XOR] = OP(0, LLVMXor),
  [KF_DIV] = { .fn = do_div }, [KF_MOD] = { .fn = do_mod }, [KF_QUO] = { .fn = do_quo }, [KF_REM] = { .fn = do_rem },
  [KF_SHL] = { .fn = do_shl }, [KF_SHR] = { .fn = do_shr }, [KF_MIN] = { .fn = do_min }, [KF_MAX] = { .fn = do_max }, [KF_NEG] = { .fn = do_neg },
  [KF_NOT] = { .fn = do_not }, [KF_ISNAN] = { .fn = do_isnan }, [KF_FMA] = { .fn = do_fma }, [KF_FNMA] = { .fn = do_fnma },
  [KF_RCPE] = { .fn = do_rcpe }, [KF_SCALE2] = { .fn = do_scale2 }, [KF_SELECT] = { .fn = do_select },
  [KF_EQ] = TEST(OEQ, EQ, EQ), [KF_NE] = TEST(UNE, NE, NE), [KF_LT] = TEST(OLT, SLT, ULT),
  [KF_LE] = TEST(OLE, SLE, ULE), [KF_GT] = TEST(OGT, SGT, UGT), [KF_GE] = TEST(OGE, SGE, UGE),
  [KF_SQRT] = { .name = "llvm.sqrt" }, [KF_FLOOR] = { .name = "llvm.floor" },
  [KF_TRUNC] = { .name = "llvm.trunc" }, [KF_ROUND] = { .name = "llvm.rint" },
};

V inst_fn(Unit *u, KFn fn, KType t, V *a) {
  const Row *r = &rows[fn];
  T ty = LLVMTypeOf(a[0]);
  int code = type_is_float(t.elem) ? r->f : is_unsigned(t) ? r->u : r->s;
  if (r->fn) return r->fn(u, t, a);
  if (r->name) return unit_intrinsic(u, r->name, &ty, 1, a, 1);
  if (r->op) return LLVMBuildBinOp(u->b, (LLVMOpcode)code, a[0], a[1], "");
  return type_is_float(t.elem) ? unit_fcmp(u, (LLVMRealPredicate)code, a[0], a[1]) : unit_icmp(u, (LLVMIntPredicate)code, a[0], a[1]);
}
