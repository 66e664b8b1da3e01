/* Private to the LLVM printer: one function being written. */
#ifndef FRIT_LLVM_BUILD_H
#define FRIT_LLVM_BUILD_H
#include "kir.h"
#include <llvm-c/Core.h>

typedef LLVMValueRef V;
typedef LLVMTypeRef T;
typedef struct AddrMemo { KAddr addr; V p; unsigned era; } AddrMemo;
enum { NMEMO = 512 };
typedef struct Unit {
  const LlvmHost *host; Ctx *c; const KModule *m; const Target *t;
  LLVMContextRef lc; LLVMModuleRef mod; LLVMBuilderRef b; T ptr, i1, i8, i32, i64, index;
  V fn, weights, *arg, state, scratch, own, *dim;         /* of the function being written; own: scratch of the thread */
  V part, parts;                  /* of a loop that threads share */
  V *value;                       /* by KInst.id; for a variable its current value */
  AddrMemo *memo; unsigned era;   /* addresses known in this basic block */
  bool failed, past;              /* past: stores may go past the caches here */
} Unit;
static inline V unit_i32(Unit *u, int64_t v) { return LLVMConstInt(u->i32, (uint64_t)v, 1); }
static inline V unit_gep(Unit *u, T elem, V base, V at) { return LLVMBuildInBoundsGEP2(u->b, elem, base, &at, 1, ""); }
static inline V unit_icmp(Unit *u, LLVMIntPredicate p, V a, V b) { return LLVMBuildICmp(u->b, p, a, b, ""); }
/* The value of one instruction (not of loops, ifs, variables). */
V inst_value(Unit *u, const KInst *k);
#endif
