/* The LLVM printer: a kernel module to LLVM IR, assembly or an object, with no IR pass run: the kernel IR is already what should be emitted.
 *
 * SSA with phis is written directly: a variable's current value stands in Unit.value; a loop makes a phi for each variable that its body
 * sets, an if merges the two sides. Loops test at the bottom, with a guard before them where the count may be 0:
 *   [guard] -> body: i = phi, x = phi ... x' ; i + 1 < n ? body : done */
#include "llvm_build.h"
#include <llvm-c/Analysis.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <string.h>

typedef LLVMBasicBlockRef Block;
typedef struct Sets { struct Set { int id; V was, now; } *at; int n; } Sets;
static void block(Unit *u, const KBlock *b);
static void *alloc(Unit *u, size_t size, int n) { return u->host->alloc(u->c, size * (size_t)(n + 1)); }
static int count_sets(const KBlock *b) { int n = 0; EACH_INST(i, b) n += (i->op == K_SET) + count_sets(&i->body) + count_sets(&i->other); return n; }
/* The variables of outside that a block sets: those that have a value now. */
static void collect_sets(const Unit *u, const KBlock *b, Sets *s) {
  EACH_INST(i, b) {
    int j = 0, id = i->op == K_SET ? i->a[0]->id : -1;
    while (j < s->n && s->at[j].id != id) j++;
    if (id >= 0 && j == s->n && u->value[id]) s->at[s->n++] = (struct Set){ id, u->value[id], NULL };
    collect_sets(u, &i->body, s); collect_sets(u, &i->other, s);
  }
}
static Sets sets_of(Unit *u, const KInst *i) {
  Sets s = { alloc(u, sizeof *s.at, count_sets(&i->body) + count_sets(&i->other)), 0 };
  collect_sets(u, &i->body, &s); collect_sets(u, &i->other, &s); return s;
}
static Block new_block(Unit *u) { return LLVMAppendBasicBlockInContext(u->lc, u->fn, ""); }
static void enter(Unit *u, Block b) { LLVMPositionBuilderAtEnd(u->b, b); u->era++; }
static V number(T t, int64_t v) { return LLVMConstInt(t, (uint64_t)v, 1); }
static V phi(Unit *u, V a, Block from_a, V b, Block from_b) {
  V p = LLVMBuildPhi(u->b, LLVMTypeOf(a), ""); LLVMAddIncoming(p, &a, &from_a, 1);
  if (b) LLVMAddIncoming(p, &b, &from_b, 1);
  return p;
}
/* Inside a loop that reads the same weights again and again their base is made opaque: else hoisting them out of the loop spills. */
static V launder(Unit *u, V p) {
  T ft = LLVMFunctionType(u->ptr, &u->ptr, 1, 0);
  return LLVMBuildCall2(u->b, ft, LLVMGetInlineAsm(ft, "", 0, "=r,0", 4, 1, 0, LLVMInlineAsmDialectATT, 0), &p, 1, "");
}
/* n * (part + more) / parts */
static V share(Unit *u, V n, int more) {
  return LLVMBuildSDiv(u->b, LLVMBuildMul(u->b, n, LLVMBuildAdd(u->b, u->part, number(u->index, more), ""), ""), u->parts, "");
}
static void loop(Unit *u, const KInst *l) {
  Sets s = sets_of(u, l); V n = u->value[l->a[0]->id], zero = number(u->index, 0), weights = u->weights;
  if (l->hint == KL_PARALLEL) zero = share(u, n, 0), n = share(u, n, 1);
  bool sure = LLVMIsConstant(n) && LLVMConstIntGetSExtValue(n) > 0; Block before = LLVMGetInsertBlock(u->b), body = new_block(u), done = new_block(u);
  if (sure) LLVMBuildBr(u->b, body);
  else LLVMBuildCondBr(u->b, unit_icmp(u, LLVMIntSGT, n, zero), body, done);
  enter(u, body); V count = u->value[l->id] = phi(u, zero, before, NULL, NULL);
  for (int k = 0; k < s.n; k++) s.at[k].now = u->value[s.at[k].id] = phi(u, s.at[k].was, before, NULL, NULL);
  if (l->hint == KL_LAUNDER && weights && target_launders(u->t)) u->weights = launder(u, weights);
  block(u, &l->body); u->weights = weights; Block last = LLVMGetInsertBlock(u->b); V next = LLVMBuildNSWAdd(u->b, count, number(u->index, 1), "");
  LLVMBuildCondBr(u->b, unit_icmp(u, LLVMIntSLT, next, n), body, done); LLVMAddIncoming(count, &next, &last, 1);
  for (int k = 0; k < s.n; k++) LLVMAddIncoming(s.at[k].now, &u->value[s.at[k].id], &last, 1);
  enter(u, done);
  for (int k = 0; k < s.n && !sure; k++) u->value[s.at[k].id] = phi(u, s.at[k].was, before, u->value[s.at[k].id], last);
}
/* One side of an if; gives where it ends. */
static Block side(Unit *u, Block at, const KBlock *b, Block done) {
  enter(u, at); block(u, b); Block end = LLVMGetInsertBlock(u->b); LLVMBuildBr(u->b, done); return end;
}
static void branch(Unit *u, const KInst *i) {
  Sets s = sets_of(u, i); Block yes = new_block(u), no = new_block(u), done = new_block(u);
  LLVMBuildCondBr(u->b, u->value[i->a[0]->id], yes, no); Block end_yes = side(u, yes, &i->body, done);
  for (int k = 0; k < s.n; k++) s.at[k].now = u->value[s.at[k].id], u->value[s.at[k].id] = s.at[k].was;
  Block end_no = side(u, no, &i->other, done); enter(u, done);
  for (int k = 0; k < s.n; k++) u->value[s.at[k].id] = phi(u, s.at[k].now, end_yes, u->value[s.at[k].id], end_no);
}
static void block(Unit *u, const KBlock *b) {
  EACH_INST(i, b)
    if (i->op == K_LOOP) loop(u, i);
    else if (i->op == K_IF) branch(u, i);
    else if (i->op == K_SET) u->value[i->a[0]->id] = u->value[i->a[1]->id];
    else u->value[i->id] = i->op == K_VAR ? u->value[i->a[0]->id] : inst_value(u, i);
}

/* ---- functions. NAME_call checks its arguments and calls the kernels, NAME_run packs its typed arguments for NAME_call (runtime/frit.h). */
static int nargs(const Unit *u) { return kmodule_nargs(u->m); }
static int ndims(const Unit *u) { return u->m->graph->ndim; }
static V param(const Unit *u, int k) { return LLVMGetParam(u->fn, (unsigned)k); }
static const char *symbol(Unit *u, const char *suffix) { return u->host->printf(u->c, "%s_%s", u->m->name, suffix); }
static void add_attr(Unit *u, unsigned at, const char *name) {
  LLVMAddAttributeAtIndex(u->fn, at, LLVMCreateEnumAttribute(u->lc, LLVMGetEnumAttributeKindForName(name, strlen(name)), 0));
}
static void add_text_attr(Unit *u, const char *name, const char *v) {
  LLVMAttributeRef a = LLVMCreateStringAttribute(u->lc, name, (unsigned)strlen(name), v, (unsigned)strlen(v));
  LLVMAddAttributeAtIndex(u->fn, (unsigned)LLVMAttributeFunctionIndex, a);
}
/* Begins a function of np pointers, then nd numbers of type dim. */
static V function(Unit *u, const char *name, T result, int np, T dim, int nd, bool exported) {
  T *p = alloc(u, sizeof *p, np + nd);
  for (int k = 0; k < np + nd; k++) p[k] = k < np ? u->ptr : dim;
  u->fn = LLVMAddFunction(u->mod, symbol(u, name), LLVMFunctionType(result, p, (unsigned)(np + nd), 0));
  LLVMSetLinkage(u->fn, exported ? LLVMExternalLinkage : LLVMInternalLinkage);
  add_attr(u, (unsigned)LLVMAttributeFunctionIndex, "nounwind"); add_text_attr(u, "no-builtins", ""); add_text_attr(u, "no-trapping-math", "true");
  enter(u, new_block(u)); return u->fn;
}
static void body(Unit *u, const KFunc *f) {
  V all = number(u->i64, 0), low = number(u->i64, PAST_ALIGN - 1);
  for (int k = 0; k < 63; k++) if (f->past >> k & 1) all = LLVMBuildOr(u->b, all, LLVMBuildPtrToInt(u->b, u->arg[k], u->i64, ""), "");
  for (int past = f->past != 0; past >= 0; past--) {
    Block far = past ? new_block(u) : NULL, near = past ? new_block(u) : NULL;
    if (past) LLVMBuildCondBr(u->b, LLVMBuildIsNull(u->b, LLVMBuildAnd(u->b, all, low, ""), ""), far, near), enter(u, far);
    u->past = past; u->value = alloc(u, sizeof *u->value, f->nvalue); block(u, &f->body);
    if (past) LLVMBuildFence(u->b, LLVMAtomicOrderingSequentiallyConsistent, 0, "");
    LLVMBuildRetVoid(u->b);
    if (past) enter(u, near);
  }
}
static V item(Unit *u, T t, V base, int k) { return LLVMBuildLoad2(u->b, t, unit_gep(u, t, base, unit_i32(u, k)), ""); }
/* void kernel(args..., state, scratch, dims...), or of what threads share kernel(job, part). A job is args, state, scratch, dims, parts. */
static V kernel(Unit *u, const KFunc *f) {
  int n = nargs(u), d = ndims(u); bool s = f->parallel;
  V fn = function(u, f->name, LLVMVoidTypeInContext(u->lc), s ? 1 : n + 2, s ? u->i32 : u->index, s ? 1 : d + 1, false), job = param(u, 0);
  V args = s ? item(u, u->ptr, job, 0) : NULL, dims = s ? item(u, u->ptr, job, 3) : NULL;
  for (int k = 0; k < n; k++) u->arg[k] = s ? item(u, u->ptr, args, k) : param(u, k);
  for (int k = 0; k < d; k++) u->dim[k] = s ? item(u, u->index, dims, k) : param(u, n + 2 + k);
  if (!s) u->dim[d] = param(u, n + 2 + d);
  u->state = s ? item(u, u->ptr, job, 1) : param(u, n); u->own = u->scratch = s ? item(u, u->ptr, job, 2) : param(u, n + 1);
  for (int k = n; k < n + 2 && !s; k++) add_attr(u, (unsigned)k + 1, "noalias");
  if (!s && u->m->nkernel == 1) add_attr(u, (unsigned)LLVMAttributeFunctionIndex, "alwaysinline");   /* a call costs 4 x 4 x 4 products */
  if (s) {
    u->parts = item(u, u->index, job, 4); u->part = LLVMBuildSExt(u->b, param(u, 1), u->index, "");
    u->own = unit_gep(u, u->i8, u->scratch, LLVMBuildMul(u->b, u->part, number(u->index, u->m->own_bytes), ""));
  }
  body(u, f); return fn;
}
static void init(Unit *u) { function(u, "init", LLVMVoidTypeInContext(u->lc), 1, NULL, 0, true); u->state = param(u, 0); body(u, u->m->init); }
/* Leaves the function with `code` where `bad` holds. */
static void refuse(Unit *u, V bad, int code) {
  Block out = new_block(u), on = new_block(u); LLVMBuildCondBr(u->b, bad, out, on);
  enter(u, out); LLVMBuildRet(u->b, unit_i32(u, code)); enter(u, on);
}
static V not_null(Unit *u, V p) { refuse(u, LLVMBuildIsNull(u->b, p, ""), 2); return p; }
static V checked_dim(Unit *u, V dims, int k) {
  const Index *d = u->m->graph->dim[k]; V v = item(u, u->i64, dims, k); refuse(u, unit_icmp(u, LLVMIntSLT, v, number(u->i64, d->lo)), 1);
  refuse(u, unit_icmp(u, LLVMIntSGT, v, number(u->i64, d->hi)), 1); return u->index == u->i64 ? v : LLVMBuildTrunc(u->b, v, u->index, "");
}
/* n parameters as an array in memory, with room for one more. */
static V packed(Unit *u, T t, int from, int n) {
  V a = LLVMBuildAlloca(u->b, LLVMArrayType2(t, (uint64_t)n + 1), "");
  for (int k = 0; k < n; k++) LLVMBuildStore(u->b, param(u, from + k), unit_gep(u, t, a, unit_i32(u, k)));
  return a;
}
/* If there are threads for parts: par->run(par->pool, kernel, job, parts), else kernel(job, 0). */
static void fork_join(Unit *u, V kernel, V par, V job, V parts) {
  Block many = new_block(u), one = new_block(u), done = new_block(u); V a[4] = { NULL, kernel, job, parts }, b[2] = { job, unit_i32(u, 0) };
  T t = LLVMFunctionType(LLVMVoidTypeInContext(u->lc), (T[]){ u->ptr, u->ptr, u->ptr, u->i32 }, 4, 0);
  LLVMBuildCondBr(u->b, unit_icmp(u, LLVMIntSGT, parts, unit_i32(u, 1)), many, one);
  enter(u, many); a[0] = item(u, u->ptr, par, 1); LLVMBuildCall2(u->b, t, item(u, u->ptr, par, 0), a, 4, ""); LLVMBuildBr(u->b, done);
  enter(u, one); LLVMBuildCall2(u->b, LLVMGlobalGetValueType(kernel), kernel, b, 2, ""); LLVMBuildBr(u->b, done); enter(u, done);
}
static V pick(Unit *u, V v, LLVMIntPredicate p, V w) { return LLVMBuildSelect(u->b, unit_icmp(u, p, v, w), v, w, ""); }
static V data(Unit *u, const char *name, const void *bytes, size_t n, unsigned align, bool exported) {
  V init = LLVMConstStringInContext2(u->lc, bytes, n, 1), g = LLVMAddGlobal(u->mod, LLVMTypeOf(init), symbol(u, name));
  LLVMSetInitializer(g, init); LLVMSetGlobalConstant(g, 1); LLVMSetAlignment(g, align);
  LLVMSetLinkage(g, exported ? LLVMExternalLinkage : LLVMInternalLinkage);
  if (!exported) LLVMSetUnnamedAddress(g, LLVMGlobalUnnamedAddr);
  return g;
}
/* int call(args, state, scratch, dims, parallel) */
static V call_entry(Unit *u, V *kernels) {
  V f = function(u, "call", u->i32, 5, NULL, 0, true), args = param(u, 0), dims = param(u, 3);
  V *arg = alloc(u, sizeof *arg, nargs(u) + 3 + ndims(u)), *a = arg; not_null(u, args);
  for (int k = 0; k < nargs(u); k++) *a++ = not_null(u, item(u, u->ptr, args, k));
  *a++ = param(u, 1); *a++ = param(u, 2);
  if (u->m->state_bytes) not_null(u, a[-2]);
  if (u->m->scratch_bytes) not_null(u, a[-1]);
  if (ndims(u)) not_null(u, dims);
  for (int k = 0; k < ndims(u); k++) *a++ = checked_dim(u, dims, k);
  V par = param(u, 4), job = NULL, parts = NULL;
  if (u->m->parallel) {
    par = LLVMBuildSelect(u->b, LLVMBuildIsNull(u->b, par, ""), data(u, "serial", (char[24]){ 0 }, 24, 8, false), par, "");
    job = packed(u, u->ptr, 0, 4); parts = pick(u, item(u, u->i32, par, 4), LLVMIntSLT, unit_i32(u, u->m->threads));
    parts = pick(u, parts, LLVMIntSGT, unit_i32(u, 1));
    LLVMBuildStore(u->b, LLVMBuildSExt(u->b, parts, u->index, ""), unit_gep(u, u->ptr, job, unit_i32(u, 4)));
  }
  for (int k = 0; k < u->m->nkernel; k++)
    if (u->m->kernel[k]->parallel) fork_join(u, kernels[k], par, job, parts);
    else {
      *a = number(u->index, u->m->kernel[k]->copy); T ft = LLVMGlobalGetValueType(kernels[k]);
      LLVMBuildCall2(u->b, ft, kernels[k], arg, (unsigned)(a - arg) + 1, "");
    }
  LLVMBuildRet(u->b, unit_i32(u, 0)); return f;
}

/* int run(args..., state, scratch, dims...) */
static void run_entry(Unit *u, V call) {
  int n = nargs(u), d = ndims(u); function(u, "run", u->i32, n + 2, u->i64, d, true);
  V args = packed(u, u->ptr, 0, n), dims = packed(u, u->i64, n + 2, d), a[5] = { args, param(u, n), param(u, n + 1), dims, LLVMConstNull(u->ptr) };
  LLVMBuildRet(u->b, LLVMBuildCall2(u->b, LLVMGlobalGetValueType(call), call, a, 5, ""));
}
static void write_module(Unit *u) {
  const KModule *m = u->m; V *kernels = alloc(u, sizeof *kernels, m->nkernel); data(u, "info", u->host->info, strlen(u->host->info) + 1, 1, true);
  if (m->nconstant) u->weights = data(u, "weights", m->constant, (size_t)m->nconstant, 64, false);
  for (int k = 0, j; k < m->nkernel; k++) kernels[k] = (j = kmodule_code(m, k)) < k ? kernels[j] : kernel(u, m->kernel[k]);
  init(u); run_entry(u, call_entry(u, kernels));
}
static bool fail(Unit *u, const char *what, char *why) {
  u->host->error(u->c, (Pos){ 0 }, "%s: %s", what, why); LLVMDisposeMessage(why); u->failed = true; return false;
}
static void on_diagnostic(LLVMDiagnosticInfoRef d, void *arg) {
  if (LLVMGetDiagInfoSeverity(d) == LLVMDSError) fail(arg, "LLVM", LLVMGetDiagInfoDescription(d));
}
static LLVMTargetMachineRef machine(Unit *u) {
#define TARGET(T) LLVMInitialize##T##TargetInfo(), LLVMInitialize##T##Target(), LLVMInitialize##T##TargetMC(), \
    LLVMInitialize##T##AsmPrinter(), LLVMInitialize##T##AsmParser()
  TARGET(X86), TARGET(AArch64), TARGET(RISCV), TARGET(ARM);
  LLVMTargetRef target; char *why = NULL;
  if (LLVMGetTargetFromTriple(u->t->triple, &target, &why)) {
    fail(u, u->host->printf(u->c, "LLVM knows no target '%s'", u->t->triple), why); return NULL;
  }
  LLVMTargetMachineOptionsRef o = LLVMCreateTargetMachineOptions();
  LLVMTargetMachineOptionsSetCPU(o, u->t->cpu); LLVMTargetMachineOptionsSetFeatures(o, u->t->features);
  if (u->t->abi) LLVMTargetMachineOptionsSetABI(o, u->t->abi);
  LLVMTargetMachineOptionsSetCodeGenOptLevel(o, LLVMCodeGenLevelDefault); LLVMTargetMachineOptionsSetRelocMode(o, LLVMRelocPIC);
  LLVMTargetMachineRef tm = LLVMCreateTargetMachineWithOptions(target, u->t->triple, o); LLVMDisposeTargetMachineOptions(o); return tm;
}

static void start(Unit *u, LLVMTargetMachineRef tm) {
  LLVMContextRef c = u->lc; LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(tm);
  u->mod = LLVMModuleCreateWithNameInContext(u->m->name, c); u->b = LLVMCreateBuilderInContext(c);
  LLVMSetTarget(u->mod, u->t->triple); LLVMSetModuleDataLayout(u->mod, layout); LLVMDisposeTargetData(layout);
  u->ptr = LLVMPointerTypeInContext(c, 0);
  u->i1 = LLVMInt1TypeInContext(c); u->i8 = LLVMInt8TypeInContext(c); u->i32 = LLVMInt32TypeInContext(c); u->i64 = LLVMInt64TypeInContext(c);
  u->index = u->t->index_bits == 32 ? u->i32 : u->i64; u->memo = alloc(u, sizeof *u->memo, NMEMO); u->era = 1;
  u->arg = alloc(u, sizeof *u->arg, nargs(u)); u->dim = alloc(u, sizeof *u->dim, ndims(u) + 1);
}
static void take(Unit *u, const char *s, size_t n, uint8_t **out, size_t *size) { *out = u->host->alloc(u->c, n + 1); *size = n; memcpy(*out, s, n); }
static bool output(Unit *u, LLVMTargetMachineRef tm, LlvmOut kind, uint8_t **out, size_t *size) {
  char *s = NULL; LLVMMemoryBufferRef buf;
  if (LLVMVerifyModule(u->mod, LLVMReturnStatusAction, &s)) return fail(u, "internal error: LLVM refuses the module", s);
  LLVMDisposeMessage(s); LLVMPassBuilderOptionsRef o = LLVMCreatePassBuilderOptions(); LLVMErrorRef e = LLVMRunPasses(u->mod, "always-inline", tm, o);
  LLVMDisposePassBuilderOptions(o);
  if (e) { u->host->error(u->c, (Pos){ 0 }, "LLVM: %s", LLVMGetErrorMessage(e)); return false; }
  if (kind == OUT_LL) { s = LLVMPrintModuleToString(u->mod); take(u, s, strlen(s), out, size); LLVMDisposeMessage(s); return true; }
  if (LLVMTargetMachineEmitToMemoryBuffer(tm, u->mod, kind == OUT_O ? LLVMObjectFile : LLVMAssemblyFile, &s, &buf)) return fail(u, "LLVM", s);
  take(u, LLVMGetBufferStart(buf), LLVMGetBufferSize(buf), out, size); LLVMDisposeMemoryBuffer(buf); return !u->failed;
}

bool frit_llvm_emit(const LlvmHost *host, Ctx *c, const KModule *m, LlvmOut kind, uint8_t **out, size_t *size) {
  Unit u = { .host = host, .c = c, .m = m, .t = m->target };
  if (host->version != LLVM_PLUGIN_VERSION) {
    host->error(c, (Pos){ 0 }, "frit-llvm.so is of another version than frit: install both together"); return false;
  }
  u.lc = LLVMContextCreate(); LLVMContextSetDiagnosticHandler(u.lc, on_diagnostic, &u); LLVMTargetMachineRef tm = machine(&u); bool ok = false;
  if (tm) {
    start(&u, tm); write_module(&u); ok = output(&u, tm, kind, out, size);
    LLVMDisposeBuilder(u.b); LLVMDisposeModule(u.mod); LLVMDisposeTargetMachine(tm);
  }
  LLVMContextDispose(u.lc); return ok;
}
