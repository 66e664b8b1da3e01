/* The LLVM printer: a kernel module to LLVM IR, assembly or an object, with no IR pass run: the kernel IR is already what should be emitted.
 *
 * Entry points of the plug-in and of the artefact (runtime/frit.h): NAME_call checks its arguments and calls the kernels, NAME_run packs
 * its typed arguments for NAME_call, NAME_init fills the state, NAME_info is a text.
 */
#include "llvm_build.h"
#include <llvm-c/Analysis.h>
#include <llvm-c/BitWriter.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>
#include <stdio.h>
#include <string.h>

/* ---- control */
typedef struct Ids { int at[512]; int n; } Ids;

static void add_id(Ids *s, int id)
{
  for (int k = 0; k < s->n; k++)
    if (s->at[k] == id)
      return;
  if (s->n < 512)
    s->at[s->n++] = id;
}

/* The variables of outside that a block sets: those that have a value now. */
static void collect_sets(const Unit *u, const KBlock *b, Ids *s)
{
  for (int k = 0; k < b->n; k++) {
    const KInst *i = b->at[k];
    if (i->op == K_SET && u->value[i->a[0]->id])
      add_id(s, i->a[0]->id);
    collect_sets(u, &i->body, s);
    collect_sets(u, &i->other, s);
  }
}

static LLVMBasicBlockRef new_block(Unit *u) { return LLVMAppendBasicBlockInContext(u->lc, u->fn, ""); }

static void enter(Unit *u, LLVMBasicBlockRef b)
{
  LLVMPositionBuilderAtEnd(u->b, b);
  u->era++;
}

static V phi2(Unit *u, V a, LLVMBasicBlockRef from_a, V b, LLVMBasicBlockRef from_b)
{
  V p = LLVMBuildPhi(u->b, LLVMTypeOf(a), "");
  LLVMAddIncoming(p, &a, &from_a, 1);
  if (b)
    LLVMAddIncoming(p, &b, &from_b, 1);
  return p;
}

/* Inside a loop that reads the same weights again and again their base is made opaque: else hoisting them out of the loop spills. */
static V launder(Unit *u, V p)
{
  LLVMTypeRef ft = LLVMFunctionType(u->ptr, &u->ptr, 1, 0);
  V same = LLVMGetInlineAsm(ft, "", 0, "=r,0", 4, 1, 0, LLVMInlineAsmDialectATT, 0);
  return LLVMBuildCall2(u->b, ft, same, &p, 1, "");
}

static bool launders(const Unit *u, const KInst *l)
{
  return l->hint == KL_LAUNDER && u->weights && (u->t->isa == ISA_NEON || u->t->isa == ISA_RVV);
}

static void loop(Unit *u, const KInst *l)
{
  Ids s = { .n = 0 };
  V n = u->value[l->a[0]->id], zero = LLVMConstInt(u->index, 0, 0), one = LLVMConstInt(u->index, 1, 0), was[512], in[512], weights = u->weights;
  bool sure = LLVMIsConstant(n) && LLVMConstIntGetSExtValue(n) > 0;
  LLVMBasicBlockRef before, body = new_block(u), done;
  collect_sets(u, &l->body, &s);
  before = LLVMGetInsertBlock(u->b);
  done = new_block(u);
  if (sure)
    LLVMBuildBr(u->b, body);
  else
    LLVMBuildCondBr(u->b, LLVMBuildICmp(u->b, LLVMIntSGT, n, zero, ""), body, done);
  enter(u, body);
  V count = phi2(u, zero, before, NULL, NULL);
  for (int k = 0; k < s.n; k++) {
    was[k] = u->value[s.at[k]];
    in[k] = u->value[s.at[k]] = phi2(u, was[k], before, NULL, NULL);
  }
  u->value[l->id] = count;
  if (launders(u, l))
    u->weights = launder(u, weights);
  unit_block(u, &l->body);
  u->weights = weights;
  LLVMBasicBlockRef last = LLVMGetInsertBlock(u->b);
  V next = LLVMBuildNSWAdd(u->b, count, one, "");
  LLVMBuildCondBr(u->b, LLVMBuildICmp(u->b, LLVMIntSLT, next, n, ""), body, done);
  LLVMAddIncoming(count, &next, &last, 1);
  for (int k = 0; k < s.n; k++)
    LLVMAddIncoming(in[k], &u->value[s.at[k]], &last, 1);
  enter(u, done);
  for (int k = 0; k < s.n; k++)
    u->value[s.at[k]] = sure ? u->value[s.at[k]] : phi2(u, was[k], before, u->value[s.at[k]], last);
}

static void branch(Unit *u, const KInst *i)
{
  Ids s = { .n = 0 };
  V was[512], then[512];
  LLVMBasicBlockRef yes = new_block(u), no = new_block(u), done = new_block(u), end_yes, end_no;
  collect_sets(u, &i->body, &s);
  collect_sets(u, &i->other, &s);
  for (int k = 0; k < s.n; k++)
    was[k] = u->value[s.at[k]];
  LLVMBuildCondBr(u->b, u->value[i->a[0]->id], yes, no);
  enter(u, yes);
  unit_block(u, &i->body);
  end_yes = LLVMGetInsertBlock(u->b);
  LLVMBuildBr(u->b, done);
  for (int k = 0; k < s.n; k++) {
    then[k] = u->value[s.at[k]];
    u->value[s.at[k]] = was[k];
  }
  enter(u, no);
  unit_block(u, &i->other);
  end_no = LLVMGetInsertBlock(u->b);
  LLVMBuildBr(u->b, done);
  enter(u, done);
  for (int k = 0; k < s.n; k++)
    u->value[s.at[k]] = phi2(u, then[k], end_yes, u->value[s.at[k]], end_no);
}

/* A variable set under vl keeps the lanes beyond it. */
static void set(Unit *u, const KInst *k)
{
  V v = u->value[k->a[1]->id], *var = &u->value[k->a[0]->id];
  if (k->vl && k->a[1]->type.lanes < 0) {
    LLVMTypeRef t = LLVMTypeOf(v);
    V n = u->value[k->vl->id];
    V arg[4] = { unit_int(u, (KType){ T_BOOL, k->a[1]->type.lanes }, 1), v, *var, LLVMTypeOf(n) == u->i32 ? n : LLVMBuildTrunc(u->b, n, u->i32, "") };
    v = unit_intrinsic(u, "llvm.vp.merge", &t, 1, arg, 4);
  }
  *var = v;
}

static void inst(Unit *u, const KInst *k)
{
  if (k->op == K_LOOP)
    loop(u, k);
  else if (k->op == K_IF)
    branch(u, k);
  else if (k->op == K_SET)
    set(u, k);
  else if (k->op == K_VAR)
    u->value[k->id] = u->value[k->a[0]->id];
  else
    u->value[k->id] = inst_value(u, k);
}

void unit_block(Unit *u, const KBlock *b)
{
  for (int k = 0; k < b->n; k++)
    inst(u, b->at[k]);
}

/* ---- functions */
static int highest_id(const KBlock *b, int n)
{
  for (int k = 0; k < b->n; k++) {
    n = b->at[k]->id > n ? b->at[k]->id : n;
    n = highest_id(&b->at[k]->body, n);
    n = highest_id(&b->at[k]->other, n);
  }
  return n;
}

static void add_attr(Unit *u, V f, unsigned at, const char *name, uint64_t v)
{
  LLVMAddAttributeAtIndex(f, at, LLVMCreateEnumAttribute(u->lc, LLVMGetEnumAttributeKindForName(name, strlen(name)), v));
}

static void add_text_attr(Unit *u, V f, const char *name, const char *v)
{
  LLVMAddAttributeAtIndex(f, (unsigned)LLVMAttributeFunctionIndex, LLVMCreateStringAttribute(u->lc, name, (unsigned)strlen(name), v, (unsigned)strlen(v)));
}

static V new_function(Unit *u, const char *name, LLVMTypeRef type, bool exported)
{
  V f = LLVMAddFunction(u->mod, name, type);
  LLVMSetLinkage(f, exported ? LLVMExternalLinkage : LLVMInternalLinkage);
  add_attr(u, f, (unsigned)LLVMAttributeFunctionIndex, "nounwind", 0);
  add_text_attr(u, f, "no-builtins", "");
  add_text_attr(u, f, "no-trapping-math", "true");
  u->fn = f;
  enter(u, LLVMAppendBasicBlockInContext(u->lc, f, ""));
  return f;
}

static const char *symbol(Unit *u, const char *suffix)
{
  size_t n = strlen(u->m->name) + strlen(suffix) + 2;
  char *s = u->host->alloc(u->c, n);
  snprintf(s, n, "%s_%s", u->m->name, suffix);
  return s;
}

static int nargs(const Unit *u) { return u->m->graph->nin + u->m->graph->nout; }
static int ndims(const Unit *u) { return u->m->graph->ndim; }

static void body(Unit *u, const KFunc *f)
{
  u->nvalue = highest_id(&f->body, 0) + 1;
  u->value = u->host->alloc(u->c, sizeof *u->value * (size_t)u->nvalue);
  unit_block(u, &f->body);
  LLVMBuildRetVoid(u->b);
}

/* void kernel(args..., state, scratch, dims...) */
static V kernel(Unit *u, const KFunc *f, LLVMTypeRef type)
{
  V fn = new_function(u, symbol(u, f->name), type, false);
  int n = nargs(u);
  for (int k = 0; k < n; k++)
    u->arg[k] = LLVMGetParam(fn, (unsigned)k);
  u->state = LLVMGetParam(fn, (unsigned)n);
  u->scratch = LLVMGetParam(fn, (unsigned)n + 1);
  for (int k = 0; k < ndims(u); k++)
    u->dim[k] = LLVMGetParam(fn, (unsigned)(n + 2 + k));
  for (int k = n; k < n + 2; k++)
    add_attr(u, fn, (unsigned)k + 1, "noalias", 0);
  body(u, f);
  return fn;
}

static LLVMTypeRef kernel_type(Unit *u)
{
  int n = nargs(u) + 2, d = ndims(u);
  LLVMTypeRef *p = u->host->alloc(u->c, sizeof *p * (size_t)(n + d + 1));
  for (int k = 0; k < n + d; k++)
    p[k] = k < n ? u->ptr : u->index;
  return LLVMFunctionType(LLVMVoidTypeInContext(u->lc), p, (unsigned)(n + d), 0);
}

static void init(Unit *u)
{
  LLVMTypeRef type = LLVMFunctionType(LLVMVoidTypeInContext(u->lc), &u->ptr, 1, 0);
  V f = new_function(u, symbol(u, "init"), type, true);
  u->state = LLVMGetParam(f, 0);
  if (u->m->init)
    body(u, u->m->init);
  else
    LLVMBuildRetVoid(u->b);
}

/* Leaves the function with `code` where `bad` holds. */
static void refuse(Unit *u, V bad, int code)
{
  LLVMBasicBlockRef out = new_block(u), on = new_block(u);
  LLVMBuildCondBr(u->b, bad, out, on);
  enter(u, out);
  LLVMBuildRet(u->b, LLVMConstInt(u->i32, (unsigned)code, 0));
  enter(u, on);
}

static V element(Unit *u, LLVMTypeRef t, V base, int k)
{
  V at = LLVMConstInt(u->i32, (unsigned)k, 0);
  return LLVMBuildLoad2(u->b, t, LLVMBuildInBoundsGEP2(u->b, t, base, &at, 1, ""), "");
}

static void refuse_null(Unit *u, V p) { refuse(u, LLVMBuildIsNull(u->b, p, ""), 2); }

static void checked_args(Unit *u, V f, V *arg)
{
  int n = nargs(u);
  refuse_null(u, LLVMGetParam(f, 0));
  for (int k = 0; k < n; k++)
    refuse_null(u, arg[k] = element(u, u->ptr, LLVMGetParam(f, 0), k));
  arg[n] = LLVMGetParam(f, 1);
  arg[n + 1] = LLVMGetParam(f, 2);
  if (u->m->state_bytes)
    refuse_null(u, arg[n]);
  if (u->m->scratch_bytes)
    refuse_null(u, arg[n + 1]);
}

static void checked_dims(Unit *u, V f, V *arg)
{
  if (ndims(u))
    refuse_null(u, LLVMGetParam(f, 3));
  for (int k = 0; k < ndims(u); k++) {
    const Index *d = u->m->graph->dim[k];
    V v = element(u, u->i64, LLVMGetParam(f, 3), k);
    refuse(u, LLVMBuildICmp(u->b, LLVMIntSLT, v, LLVMConstInt(u->i64, (uint64_t)d->lo, 1), ""), 1);
    refuse(u, LLVMBuildICmp(u->b, LLVMIntSGT, v, LLVMConstInt(u->i64, (uint64_t)d->hi, 1), ""), 1);
    arg[k] = u->index == u->i64 ? v : LLVMBuildTrunc(u->b, v, u->index, "");
  }
}

static V call_entry(Unit *u, V *kernels, LLVMTypeRef ktype)
{
  LLVMTypeRef p[5] = { u->ptr, u->ptr, u->ptr, u->ptr, u->ptr };
  V f = new_function(u, symbol(u, "call"), LLVMFunctionType(u->i32, p, 5, 0), true);
  int n = nargs(u) + 2;
  V *arg = u->host->alloc(u->c, sizeof *arg * (size_t)(n + ndims(u) + 1));
  checked_args(u, f, arg);
  checked_dims(u, f, arg + n);
  for (int k = 0; k < u->m->nkernel; k++)
    LLVMBuildCall2(u->b, ktype, kernels[k], arg, (unsigned)(n + ndims(u)), "");
  LLVMBuildRet(u->b, LLVMConstInt(u->i32, 0, 0));
  return f;
}

static V packed(Unit *u, LLVMTypeRef t, V f, int from, int n)
{
  V a = LLVMBuildAlloca(u->b, LLVMArrayType2(t, (uint64_t)(n ? n : 1)), "");
  for (int k = 0; k < n; k++) {
    V at = LLVMConstInt(u->i32, (unsigned)k, 0);
    LLVMBuildStore(u->b, LLVMGetParam(f, (unsigned)(from + k)), LLVMBuildInBoundsGEP2(u->b, t, a, &at, 1, ""));
  }
  return a;
}

static void run_entry(Unit *u, V call)
{
  int n = nargs(u), d = ndims(u);
  LLVMTypeRef *p = u->host->alloc(u->c, sizeof *p * (size_t)(n + d + 2));
  for (int k = 0; k < n + 2 + d; k++)
    p[k] = k < n + 2 ? u->ptr : u->i64;
  V f = new_function(u, symbol(u, "run"), LLVMFunctionType(u->i32, p, (unsigned)(n + 2 + d), 0), true);
  V args = packed(u, u->ptr, f, 0, n), dims = packed(u, u->i64, f, n + 2, d);
  V a[5] = { args, LLVMGetParam(f, (unsigned)n), LLVMGetParam(f, (unsigned)n + 1), dims, LLVMConstNull(u->ptr) };
  LLVMBuildRet(u->b, LLVMBuildCall2(u->b, LLVMGlobalGetValueType(call), call, a, 5, ""));
}

/* ---- the module */
static V data(Unit *u, const char *name, const void *bytes, size_t n, unsigned align, bool exported)
{
  V init = LLVMConstStringInContext2(u->lc, bytes, n, 1), g = LLVMAddGlobal(u->mod, LLVMTypeOf(init), name);
  LLVMSetInitializer(g, init);
  LLVMSetGlobalConstant(g, 1);
  LLVMSetAlignment(g, align);
  LLVMSetLinkage(g, exported ? LLVMExternalLinkage : LLVMInternalLinkage);
  if (!exported)
    LLVMSetUnnamedAddress(g, LLVMGlobalUnnamedAddr);
  return g;
}

static void write_module(Unit *u)
{
  const KModule *m = u->m;
  LLVMTypeRef ktype = kernel_type(u);
  V *kernels = u->host->alloc(u->c, sizeof *kernels * (size_t)(m->nkernel + 1));
  data(u, symbol(u, "info"), u->host->info, strlen(u->host->info) + 1, 1, true);
  if (m->nconstant)
    u->weights = data(u, symbol(u, "weights"), m->constant, (size_t)m->nconstant, 64, false);
  for (int k = 0; k < m->nkernel; k++)
    kernels[k] = kernel(u, m->kernel[k], ktype);
  init(u);
  run_entry(u, call_entry(u, kernels, ktype));
}

static void initialise_targets(void)
{
#define TARGET(T) LLVMInitialize##T##TargetInfo(), LLVMInitialize##T##Target(), LLVMInitialize##T##TargetMC(), LLVMInitialize##T##AsmPrinter(), LLVMInitialize##T##AsmParser()
  TARGET(X86);
  TARGET(AArch64);
  TARGET(RISCV);
  TARGET(ARM);
#undef TARGET
}

static LLVMTargetMachineRef machine(Unit *u)
{
  LLVMTargetRef target;
  char *why = NULL;
  if (LLVMGetTargetFromTriple(u->t->triple, &target, &why)) {
    u->host->error(u->c, (Pos){ 0 }, "LLVM knows no target '%s': %s", u->t->triple, why);
    LLVMDisposeMessage(why);
    return NULL;
  }
  LLVMTargetMachineOptionsRef o = LLVMCreateTargetMachineOptions();
  LLVMTargetMachineOptionsSetCPU(o, u->t->cpu);
  LLVMTargetMachineOptionsSetFeatures(o, u->t->features ? u->t->features : "");
  if (u->t->abi)
    LLVMTargetMachineOptionsSetABI(o, u->t->abi);
  LLVMTargetMachineOptionsSetCodeGenOptLevel(o, LLVMCodeGenLevelDefault);
  LLVMTargetMachineOptionsSetRelocMode(o, LLVMRelocPIC);
  LLVMTargetMachineRef tm = LLVMCreateTargetMachineWithOptions(target, u->t->triple, o);
  LLVMDisposeTargetMachineOptions(o);
  return tm;
}

static void on_diagnostic(LLVMDiagnosticInfoRef d, void *arg)
{
  Unit *u = arg;
  if (LLVMGetDiagInfoSeverity(d) != LLVMDSError)
    return;
  char *s = LLVMGetDiagInfoDescription(d);
  u->host->error(u->c, (Pos){ 0 }, "LLVM: %s", s);
  LLVMDisposeMessage(s);
  u->failed = true;
}

static void take(Unit *u, const char *bytes, size_t n, uint8_t **out, size_t *size)
{
  *out = u->host->alloc(u->c, n + 1);
  memcpy(*out, bytes, n);
  *size = n;
}

static bool verified(Unit *u)
{
  char *why = NULL;
  bool bad = LLVMVerifyModule(u->mod, LLVMReturnStatusAction, &why);
  if (bad)
    u->host->error(u->c, (Pos){ 0 }, "internal error: LLVM refuses the module: %.400s", why);
  LLVMDisposeMessage(why);
  return !bad;
}

static bool codegen(Unit *u, LLVMTargetMachineRef tm, LLVMCodeGenFileType kind, uint8_t **out, size_t *size)
{
  LLVMMemoryBufferRef buf;
  char *why = NULL;
  if (LLVMTargetMachineEmitToMemoryBuffer(tm, u->mod, kind, &why, &buf)) {
    u->host->error(u->c, (Pos){ 0 }, "LLVM: %s", why);
    LLVMDisposeMessage(why);
    return false;
  }
  take(u, LLVMGetBufferStart(buf), LLVMGetBufferSize(buf), out, size);
  LLVMDisposeMemoryBuffer(buf);
  return !u->failed;
}

static bool output(Unit *u, LLVMTargetMachineRef tm, LlvmOut kind, uint8_t **out, size_t *size)
{
  if (kind == OUT_O || kind == OUT_S)
    return codegen(u, tm, kind == OUT_O ? LLVMObjectFile : LLVMAssemblyFile, out, size);
  if (kind == OUT_BC) {
    LLVMMemoryBufferRef buf = LLVMWriteBitcodeToMemoryBuffer(u->mod);
    take(u, LLVMGetBufferStart(buf), LLVMGetBufferSize(buf), out, size);
    LLVMDisposeMemoryBuffer(buf);
    return true;
  }
  char *s = LLVMPrintModuleToString(u->mod);
  take(u, s, strlen(s), out, size);
  LLVMDisposeMessage(s);
  return true;
}

static bool start(Unit *u, LLVMTargetMachineRef tm)
{
  LLVMContextRef c = u->lc;
  u->mod = LLVMModuleCreateWithNameInContext(u->m->name, c);
  u->b = LLVMCreateBuilderInContext(c);
  LLVMSetTarget(u->mod, u->t->triple);
  LLVMTargetDataRef dl = LLVMCreateTargetDataLayout(tm);
  LLVMSetModuleDataLayout(u->mod, dl);
  LLVMDisposeTargetData(dl);
  u->ptr = LLVMPointerTypeInContext(c, 0);
  u->i1 = LLVMInt1TypeInContext(c);
  u->i8 = LLVMInt8TypeInContext(c);
  u->i32 = LLVMInt32TypeInContext(c);
  u->i64 = LLVMInt64TypeInContext(c);
  u->index = u->t->index_bits == 32 ? u->i32 : u->i64;
  u->memo = u->host->alloc(u->c, sizeof *u->memo * NMEMO);
  u->arg = u->host->alloc(u->c, sizeof *u->arg * (size_t)(nargs(u) + 1));
  u->dim = u->host->alloc(u->c, sizeof *u->dim * (size_t)(ndims(u) + 1));
  u->era = 1;
  return true;
}

bool frit_llvm_emit(const LlvmHost *host, Ctx *c, const KModule *m, LlvmOut kind, uint8_t **out, size_t *size)
{
  Unit u = { .host = host, .c = c, .m = m, .t = m->target };
  if (host->version != LLVM_PLUGIN_VERSION) {
    host->error(c, (Pos){ 0 }, "frit-llvm.so is of another version than frit: install both together");
    return false;
  }
  initialise_targets();
  u.lc = LLVMContextCreate();
  LLVMContextSetDiagnosticHandler(u.lc, on_diagnostic, &u);
  LLVMTargetMachineRef tm = machine(&u);
  bool ok = false;
  if (tm && start(&u, tm)) {
    write_module(&u);
    ok = verified(&u) && output(&u, tm, kind, out, size);
    LLVMDisposeBuilder(u.b);
    LLVMDisposeModule(u.mod);
  }
  if (tm)
    LLVMDisposeTargetMachine(tm);
  LLVMContextDispose(u.lc);
  return ok;
}
