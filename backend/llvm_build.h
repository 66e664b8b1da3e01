/* Private to the LLVM printer: one function being written. */
#ifndef FRIT_LLVM_BUILD_H
#define FRIT_LLVM_BUILD_H
#include "llvm_plugin.h"
#include <llvm-c/Core.h>

typedef LLVMValueRef V;
typedef struct AddrMemo { KBuf const *buf; KTerm const *term; int nterm; V p; unsigned era; } AddrMemo;
enum { NMEMO = 512 };

typedef struct Unit {
  const LlvmHost *host; Ctx *c; const KModule *m; const Target *t;
  LLVMContextRef lc; LLVMModuleRef mod; LLVMBuilderRef b; LLVMTypeRef ptr, i1, i8, i32, i64, index;
  V fn, weights, *arg, state, scratch, *dim;              /* of the function being written */
  V *value; int nvalue;           /* by KInst.id; for a variable its current value */
  AddrMemo *memo; unsigned era;   /* addresses known in this basic block */
  bool failed;
} Unit;

LLVMTypeRef unit_type(Unit *u, KType t);                  /* of values: bool is i1 */
LLVMTypeRef unit_elem(Unit *u, Type t);                   /* in memory: bool is i8 */
/* Calls intrinsic `name` overloaded on `over` (n of them). */
V unit_intrinsic(Unit *u, const char *name, LLVMTypeRef *over, int nover, V *arg, int narg);
V unit_splat(Unit *u, KType t, V scalar);
V unit_int(Unit *u, KType t, int64_t v);                  /* an integer of t's element in all lanes */
/* The value of one instruction (not of loops, ifs, variables). */
V inst_value(Unit *u, const KInst *k);
V inst_fn(Unit *u, const KInst *k, KType arg, V *a);
void unit_block(Unit *u, const KBlock *b);
#endif
