/* Functions of numbers as LLVM instructions: one row a function.
 *
 *   %r = fma f32x16 %a, %b, %c      call <16 x float> @llvm.fma.v16f32(...)
 *
 * No fast-math flags anywhere: the bits are those of the C printer. Opcodes by class of the element: float, signed, unsigned.
 */
#include "llvm_build.h"
#include <string.h>

typedef V Special(Unit *u, KType t, V *a);
typedef enum { BAD, OPC, CMP, INTRIN, SPECIAL } RowKind;
typedef struct Row { RowKind kind; int f, s, u; const char *name; Special *fn; } Row;

static bool is_float(KType t) { return t.elem == T_F32 || t.elem == T_F64 || t.elem == T_F16 || t.elem == T_BF16 || t.elem == T_WFLOAT; }
static bool is_unsigned(KType t) { return t.elem == T_BOOL || t.elem == T_U8 || t.elem == T_U16 || t.elem == T_U32 || t.elem == T_U64; }
static V zero(Unit *u, KType t) { return LLVMConstNull(unit_type(u, t)); }

static V icmp(Unit *u, LLVMIntPredicate p, V a, V b) { return LLVMBuildICmp(u->b, p, a, b, ""); }
static V sel(Unit *u, V c, V a, V b) { return LLVMBuildSelect(u->b, c, a, b, ""); }

static V intrin1(Unit *u, const char *name, V a)
{
  LLVMTypeRef t = LLVMTypeOf(a);
  return unit_intrinsic(u, name, &t, 1, &a, 1);
}

/* max(a, b) = b > a ? b : a, and the like: one instruction on x86. */
static V pick(Unit *u, KType t, V *a, int fpred, int spred, int upred)
{
  V c = is_float(t) ? LLVMBuildFCmp(u->b, (LLVMRealPredicate)fpred, a[1], a[0], "") : icmp(u, (LLVMIntPredicate)(is_unsigned(t) ? upred : spred), a[1], a[0]);
  return sel(u, c, a[1], a[0]);
}
static V do_min(Unit *u, KType t, V *a) { return pick(u, t, a, LLVMRealOLT, LLVMIntSLT, LLVMIntULT); }
static V do_max(Unit *u, KType t, V *a) { return pick(u, t, a, LLVMRealOGT, LLVMIntSGT, LLVMIntUGT); }

static V do_neg(Unit *u, KType t, V *a) { return is_float(t) ? LLVMBuildFNeg(u->b, a[0], "") : LLVMBuildNeg(u->b, a[0], ""); }
static V do_not(Unit *u, KType t, V *a) { (void)t; return LLVMBuildNot(u->b, a[0], ""); }
static V do_select(Unit *u, KType t, V *a) { (void)t; return sel(u, a[0], a[1], a[2]); }
static V do_isnan(Unit *u, KType t, V *a) { (void)t; return LLVMBuildFCmp(u->b, LLVMRealUNO, a[0], a[0], ""); }

static V do_fma(Unit *u, KType t, V *a)
{
  LLVMTypeRef ty = unit_type(u, t);
  if (!is_float(t))
    return LLVMBuildAdd(u->b, LLVMBuildMul(u->b, a[0], a[1], ""), a[2], "");
  if (u->t->fma)
    return unit_intrinsic(u, "llvm.fma", &ty, 1, a, 3);
  return LLVMBuildFAdd(u->b, LLVMBuildFMul(u->b, a[0], a[1], ""), a[2], "");
}

static V do_fnma(Unit *u, KType t, V *a)
{
  V n[3] = { is_float(t) ? LLVMBuildFNeg(u->b, a[0], "") : LLVMBuildNeg(u->b, a[0], ""), a[1], a[2] };
  if (is_float(t) && !u->t->fma)
    return LLVMBuildFSub(u->b, a[2], LLVMBuildFMul(u->b, a[0], a[1], ""), "");
  return do_fma(u, t, n);
}

/* Integer division by 0 gives 0, by -1 the negative: neither may trap. `whole` is the quotient for every other divisor. */
static V guarded(Unit *u, KType t, V *a, bool remainder, bool floors)
{
  V one = unit_int(u, t, 1), none = zero(u, t), minus = unit_int(u, t, -1);
  bool sign = !is_unsigned(t);
  V by0 = icmp(u, LLVMIntEQ, a[1], none), bym = sign ? icmp(u, LLVMIntEQ, a[1], minus) : NULL;
  V b = sel(u, by0, one, a[1]);
  if (sign)
    b = sel(u, bym, one, b);
  V q = sign ? LLVMBuildSDiv(u->b, a[0], b, "") : LLVMBuildUDiv(u->b, a[0], b, "");
  V r = sign ? LLVMBuildSRem(u->b, a[0], b, "") : LLVMBuildURem(u->b, a[0], b, "");
  if (floors && sign) {
    V off = LLVMBuildAnd(u->b, icmp(u, LLVMIntNE, r, none), icmp(u, LLVMIntSLT, LLVMBuildXor(u->b, r, b, ""), none), "");
    q = sel(u, off, LLVMBuildSub(u->b, q, one, ""), q);
    r = sel(u, off, LLVMBuildAdd(u->b, r, b, ""), r);
  }
  V v = remainder ? r : q;
  if (sign)
    v = sel(u, bym, remainder ? none : LLVMBuildNeg(u->b, a[0], ""), v);
  return sel(u, by0, none, v);
}

static V do_div(Unit *u, KType t, V *a) { return is_float(t) ? LLVMBuildFDiv(u->b, a[0], a[1], "") : guarded(u, t, a, false, true); }
static V do_quo(Unit *u, KType t, V *a)
{
  return is_float(t) ? intrin1(u, "llvm.trunc", LLVMBuildFDiv(u->b, a[0], a[1], "")) : guarded(u, t, a, false, false);
}
static V do_mod(Unit *u, KType t, V *a)
{
  if (!is_float(t))
    return guarded(u, t, a, true, true);
  V q = intrin1(u, "llvm.floor", LLVMBuildFDiv(u->b, a[0], a[1], ""));
  return LLVMBuildFSub(u->b, a[0], LLVMBuildFMul(u->b, q, a[1], ""), "");
}
static V do_rem(Unit *u, KType t, V *a)
{
  if (!is_float(t))
    return guarded(u, t, a, true, false);
  V q = intrin1(u, "llvm.trunc", LLVMBuildFDiv(u->b, a[0], a[1], ""));
  return LLVMBuildFSub(u->b, a[0], LLVMBuildFMul(u->b, q, a[1], ""), "");
}

/* Shifts by the width or more give 0, or the sign. */
static V shift(Unit *u, KType t, V *a, bool left)
{
  int64_t bits = t.elem == T_WINT ? u->t->index_bits : 8 * (t.elem == T_I8 || t.elem == T_U8 ? 1 : t.elem == T_I16 || t.elem == T_U16 ? 2 : t.elem == T_I32 || t.elem == T_U32 ? 4 : 8);
  V wide = icmp(u, LLVMIntUGE, a[1], unit_int(u, t, bits)), most = unit_int(u, t, bits - 1);
  bool arithmetic = !left && !is_unsigned(t);
  V by = sel(u, wide, arithmetic ? most : zero(u, t), a[1]);
  V v = left ? LLVMBuildShl(u->b, a[0], by, "") : arithmetic ? LLVMBuildAShr(u->b, a[0], by, "") : LLVMBuildLShr(u->b, a[0], by, "");
  return arithmetic ? v : sel(u, wide, zero(u, t), v);
}
static V do_shl(Unit *u, KType t, V *a) { return shift(u, t, a, true); }
static V do_shr(Unit *u, KType t, V *a) { return shift(u, t, a, false); }

/* ---- target instructions that have no general spelling */
static V resize(Unit *u, V a, int from, int to)
{
  V mask[64];
  for (int k = 0; k < to; k++)
    mask[k] = k < from ? LLVMConstInt(u->i32, (unsigned)k, 0) : LLVMGetPoison(u->i32);
  return LLVMBuildShuffleVector(u->b, a, LLVMGetPoison(LLVMTypeOf(a)), LLVMConstVector(mask, (unsigned)to), "");
}

static V call_named(Unit *u, const char *name, V *arg, int n, LLVMTypeRef result)
{
  LLVMTypeRef types[6];
  for (int k = 0; k < n; k++)
    types[k] = LLVMTypeOf(arg[k]);
  LLVMTypeRef ft = LLVMFunctionType(result, types, (unsigned)n, 0);
  V f = LLVMGetNamedFunction(u->mod, name);
  if (!f)
    f = LLVMAddFunction(u->mod, name, ft);
  return LLVMBuildCall2(u->b, ft, f, arg, (unsigned)n, "");
}

/* Runs op on a register of 4, 8 or 16 floats that holds the value's lanes: a scalar goes the same way, for the same bits. */
static V on_register(Unit *u, KType t, V *a, int narg, V (*op)(Unit *, int lanes, V *))
{
  int lanes = t.lanes <= 4 ? 4 : t.lanes <= 8 ? 8 : 16;
  V wide[2];
  for (int k = 0; k < narg; k++) {
    wide[k] = a[k];
    if (t.lanes == 1)
      wide[k] = LLVMBuildInsertElement(u->b, LLVMConstNull(LLVMVectorType(LLVMFloatTypeInContext(u->lc), 4)), a[k], LLVMConstInt(u->i32, 0, 0), "");
    else if (t.lanes != lanes)
      wide[k] = resize(u, a[k], t.lanes, lanes);
  }
  V r = op(u, lanes, wide);
  if (t.lanes == 1)
    return LLVMBuildExtractElement(u->b, r, LLVMConstInt(u->i32, 0, 0), "");
  return t.lanes == lanes ? r : resize(u, r, lanes, t.lanes);
}

static V rcp_x86(Unit *u, int lanes, V *a)
{
  LLVMTypeRef t = LLVMTypeOf(a[0]);
  if (u->t->isa == ISA_AVX512) {
    const char *name = lanes == 16 ? "llvm.x86.avx512.rcp14.ps.512" : lanes == 8 ? "llvm.x86.avx512.rcp14.ps.256" : "llvm.x86.avx512.rcp14.ps.128";
    V arg[3] = { a[0], LLVMConstNull(t), LLVMConstAllOnes(lanes == 16 ? LLVMInt16TypeInContext(u->lc) : u->i8) };
    return call_named(u, name, arg, 3, t);
  }
  return call_named(u, lanes == 8 ? "llvm.x86.avx.rcp.ps.256" : "llvm.x86.sse.rcp.ps", a, 1, t);
}

static V rcp_neon(Unit *u, int lanes, V *a)
{
  (void)lanes;
  LLVMTypeRef t = LLVMTypeOf(a[0]);
  return unit_intrinsic(u, "llvm.aarch64.neon.frecpe", &t, 1, a, 1);
}

static V do_rcpe(Unit *u, KType t, V *a)
{
  if (u->t->isa == ISA_NEON)
    return on_register(u, t, a, 1, rcp_neon);
  if (u->t->rcp_bits > 0 && u->t->isa >= ISA_SSE4 && u->t->isa <= ISA_AVX512)
    return on_register(u, t, a, 1, rcp_x86);
  return LLVMBuildFDiv(u->b, LLVMConstReal(LLVMTypeOf(a[0]), 1), a[0], "");
}

static V scalef(Unit *u, int lanes, V *a)
{
  LLVMTypeRef t = LLVMTypeOf(a[0]);
  V arg[5] = { a[0], a[1], LLVMConstNull(t), LLVMConstAllOnes(lanes == 16 ? LLVMInt16TypeInContext(u->lc) : u->i8), LLVMConstInt(u->i32, 4, 0) };
  const char *name = lanes == 16 ? "llvm.x86.avx512.mask.scalef.ps.512" : lanes == 8 ? "llvm.x86.avx512.mask.scalef.ps.256" : "llvm.x86.avx512.mask.scalef.ps.128";
  return call_named(u, name, arg, lanes == 16 ? 5 : 4, t);
}

/* a * 2^n by adding n to the exponent of 1.0. */
static V do_scale2(Unit *u, KType t, V *a)
{
  if (u->t->isa == ISA_AVX512 && t.elem == T_F32)
    return on_register(u, t, a, 2, scalef);
  bool wide = t.elem == T_F64;
  KType it = { wide ? T_I64 : T_I32, t.lanes };
  V n = LLVMBuildFPToSI(u->b, a[1], unit_type(u, it), "");
  n = LLVMBuildShl(u->b, LLVMBuildAdd(u->b, n, unit_int(u, it, wide ? 1023 : 127), ""), unit_int(u, it, wide ? 52 : 23), "");
  return LLVMBuildFMul(u->b, a[0], LLVMBuildBitCast(u->b, n, unit_type(u, t), ""), "");
}

static const Row rows[KF_COUNT] = {
  [KF_ADD] = { OPC, LLVMFAdd, LLVMAdd, LLVMAdd, 0, 0 },
  [KF_SUB] = { OPC, LLVMFSub, LLVMSub, LLVMSub, 0, 0 },
  [KF_MUL] = { OPC, LLVMFMul, LLVMMul, LLVMMul, 0, 0 },
  [KF_DIV] = { SPECIAL, 0, 0, 0, 0, do_div },
  [KF_MOD] = { SPECIAL, 0, 0, 0, 0, do_mod },
  [KF_QUO] = { SPECIAL, 0, 0, 0, 0, do_quo },
  [KF_REM] = { SPECIAL, 0, 0, 0, 0, do_rem },
  [KF_AND] = { OPC, 0, LLVMAnd, LLVMAnd, 0, 0 },
  [KF_OR] = { OPC, 0, LLVMOr, LLVMOr, 0, 0 },
  [KF_XOR] = { OPC, 0, LLVMXor, LLVMXor, 0, 0 },
  [KF_SHL] = { SPECIAL, 0, 0, 0, 0, do_shl },
  [KF_SHR] = { SPECIAL, 0, 0, 0, 0, do_shr },
  [KF_EQ] = { CMP, LLVMRealOEQ, LLVMIntEQ, LLVMIntEQ, 0, 0 },
  [KF_NE] = { CMP, LLVMRealUNE, LLVMIntNE, LLVMIntNE, 0, 0 },
  [KF_LT] = { CMP, LLVMRealOLT, LLVMIntSLT, LLVMIntULT, 0, 0 },
  [KF_LE] = { CMP, LLVMRealOLE, LLVMIntSLE, LLVMIntULE, 0, 0 },
  [KF_GT] = { CMP, LLVMRealOGT, LLVMIntSGT, LLVMIntUGT, 0, 0 },
  [KF_GE] = { CMP, LLVMRealOGE, LLVMIntSGE, LLVMIntUGE, 0, 0 },
  [KF_MIN] = { SPECIAL, 0, 0, 0, 0, do_min },
  [KF_MAX] = { SPECIAL, 0, 0, 0, 0, do_max },
  [KF_NEG] = { SPECIAL, 0, 0, 0, 0, do_neg },
  [KF_NOT] = { SPECIAL, 0, 0, 0, 0, do_not },
  [KF_SQRT] = { INTRIN, 0, 0, 0, "llvm.sqrt", 0 },
  [KF_FLOOR] = { INTRIN, 0, 0, 0, "llvm.floor", 0 },
  [KF_TRUNC] = { INTRIN, 0, 0, 0, "llvm.trunc", 0 },
  [KF_ROUND] = { INTRIN, 0, 0, 0, "llvm.rint", 0 },
  [KF_ISNAN] = { SPECIAL, 0, 0, 0, 0, do_isnan },
  [KF_FMA] = { SPECIAL, 0, 0, 0, 0, do_fma },
  [KF_FNMA] = { SPECIAL, 0, 0, 0, 0, do_fnma },
  [KF_RCPE] = { SPECIAL, 0, 0, 0, 0, do_rcpe },
  [KF_SCALE2] = { SPECIAL, 0, 0, 0, 0, do_scale2 },
  [KF_SELECT] = { SPECIAL, 0, 0, 0, 0, do_select },
};

V inst_fn(Unit *u, const KInst *k, KType t, V *a)
{
  const Row *r = &rows[k->fn];
  int code = is_float(t) ? r->f : is_unsigned(t) ? r->u : r->s;
  if (r->kind == SPECIAL)
    return r->fn(u, t, a);
  if (r->kind == INTRIN)
    return intrin1(u, r->name, a[0]);
  if (r->kind == OPC)
    return LLVMBuildBinOp(u->b, (LLVMOpcode)code, a[0], a[1], "");
  return is_float(t) ? LLVMBuildFCmp(u->b, (LLVMRealPredicate)code, a[0], a[1], "") : icmp(u, (LLVMIntPredicate)code, a[0], a[1]);
}
