/* The kernel IR: what the lowering makes of equations and a loop tree, and what the printers spell.
 *
 * Structured: a block is a list of instructions; loops and ifs hold blocks. An instruction that has a value is that value (args point to it); a value
 * is visible in its block after it and in blocks inside. Variables (K_VAR) are the only things that change: accumulators.
 *
 *   %a = var f32x16 0.0
 *   loop k 128 { %x = load f32x16 h0[16 * k + 4]  %w = load f32 w[8 * k]  %b = bcast f32x16 %w  set %a = fma %b, %x, %a }
 *   store y[0] %a */
#ifndef FRIT_KIR_H
#define FRIT_KIR_H
#include "../ir/ir.h"
#include "target.h"

#define I(e, ...) KF_##e,
typedef enum {
#include "inst.def"
  KF_COUNT
} KFn;
#undef I
typedef struct KFnInfo { const char *name; int arity; Fn fn; } KFnInfo;
extern const KFnInfo kfn_info[KF_COUNT];
/* Which argument has the type that the function is named by. */
static inline int kfn_typed(KFn f) { return f == KF_SELECT ? 1 : f >= KF_DOTUS && f <= KF_DOTB ? 2 : 0; }
static inline bool kfn_is_test(KFn f) { return (f >= KF_EQ && f <= KF_GE) || f == KF_ISNAN; }   /* gives bool */

/* An element type and lanes; 1: scalar. Index arithmetic (addresses, counters) has elem T_WINT: as wide as Target.index_bits. Bools are conditions
 * and masks: never in memory, never converted. f16 is loaded, stored and converted from and to f32, nothing else; bf16 does not occur. */
typedef struct KType { Type elem; int lanes; } KType;
static inline bool ktype_same(KType a, KType b) { return a.elem == b.elem && a.lanes == b.lanes; }

typedef enum {
  K_CONST,             /* imm or f */
  K_PARAM,             /* a run-time dimension of the artefact: imm is its number in Graph.dim; index type */
  K_FN, K_CAST,        /* fn(a...); mode(type, a[0]): lanes agree */
  K_BCAST, K_IOTA,     /* scalar a[0] to all lanes; 0, 1, 2, ... */
  K_PREFIX,            /* mask: lane number < a[0] (index type) */
  K_HRED,              /* lanes of a[0] combined with fn (ADD MUL MIN MAX AND OR), in a fixed tree: halves against halves */
  K_LANE,              /* lane imm of a[0], or as many from there on as the type has */
  K_TABLE,             /* lane l is table[lane l of a[0] & 7]; 8 or 16 lanes, Target.parts or rough */
  K_WEAVE,             /* in turn, by blocks of |imm| lanes: the even blocks of a[0] and of a[1]; imm < 0: the odd ones */
  K_LOAD, K_GATHER,    /* vector of consecutive elements, or a scalar, at addr; elements at addr + a[1] (vector of T_I32 element offsets);
                       * a load of T_I32 from narrower elements gives words of them */
  K_STORE, K_SCATTER,  /* a[1] to addr; a[1] to addr + a[2], lanes in order. All four: a[0] is the mask or NULL (loads give 0 outside).
                        * imm of K_STORE: past the caches, if its argument is a multiple of PAST_ALIGN */
  K_VAR, K_SET,        /* a variable that starts as a[0]; variable a[0] = a[1] */
  K_LOOP,              /* for this value from 0 while < a[0] (index type): body. Its own value is the counter. imm: the most steps */
  K_IF, K_PREFETCH     /* if a[0] (scalar bool): body, else other; the line at addr */
} KOp;
static inline bool kop_is_memory(KOp op) { return (op >= K_LOAD && op <= K_SCATTER) || op == K_PREFETCH; }
static inline bool kop_is_load(KOp op) { return op == K_LOAD || op == K_GATHER; }

typedef struct KInst KInst;
typedef struct KBlock { KInst **at; int n, cap; } KBlock;
#define EACH_INST(i, b) for (KInst **i##_at = (b)->at, *i; (b)->n && i##_at < (b)->at + (b)->n && (i = *i##_at, true); i##_at++)
typedef struct KTerm { KInst *v; int64_t k; } KTerm;
typedef struct KAddr { int buf; KTerm *term; int nterm; int64_t c; } KAddr;         /* elements: sum k * v + c */
/* Do at most the buffers and c differ? */
static inline bool kaddr_parallel(const KAddr *a, const KAddr *b) {
  bool same = a->nterm == b->nterm;
  for (int k = 0; same && k < a->nterm; k++) same = a->term[k].v == b->term[k].v && a->term[k].k == b->term[k].k;
  return same;
}
typedef enum { KL_SERIAL, KL_PARALLEL, KL_LAUNDER } KLoopHint;                      /* LAUNDER: re-reads weights: keep loads inside */
struct KInst {
  KOp op; KType type; KFn fn; Convert mode; int id; KInst *a[3]; int64_t imm; double f; KAddr addr; KBlock body, other;
  const double *table; KLoopHint hint; bool reuse;     /* reuse: a load with more than two uses (gcc must be told to keep it in a register) */
};

/* Where lane l of a K_WEAVE comes from: the lanes of a[1] count on from those of a[0]. imm may also be: every second element, where a[1] begins with
 * the last one of a[0]; a[0] backwards. */
enum { WEAVE_SECOND = 128, WEAVE_BACK = 256 };
static inline int kweave_from(const KInst *i, int l) {
  if (i->imm >= WEAVE_SECOND) return i->imm == WEAVE_BACK ? i->type.lanes - 1 - l : 2 * l + (2 * l >= i->type.lanes);
  int s = (int)(i->imm < 0 ? -i->imm : i->imm); return (l & s ? i->type.lanes : 0) + (i->imm > 0 ? l & ~s : l | s);
}

typedef enum { KB_IN, KB_OUT, KB_STATE, KB_SCRATCH, KB_CONST } KBufKind;
/* One a tensor or temporary. arg: number among all arguments, inputs first. offset: bytes in state, scratch or constants. own: each thread has its
 * own, KModule.own_bytes apart. */
typedef struct KBuf { const char *name; KBufKind kind; Type elem; int arg; int64_t offset, bytes; bool readonly, own; } KBuf;
/* Once finished every id is in 0..nvalue - 1. parallel: its outermost loop is the only thing in it that acts; part p of n does its steps
 * steps * p / n .. steps * (p + 1) / n - 1. stream: its loop over blocks of frames, or NULL. same: its code is that function's, which is called
 * with the number `copy` (0 for itself) as one more run-time dimension (K_PARAM Graph.ndim). whole: it shares no value with another function.
 * past: arguments written past the caches, as bits (63: scratch): printed twice, behind a test of these pointers; a fence ends the first. */
typedef struct KFunc KFunc; enum { PAST_ALIGN = 16 };
struct KFunc {
  const char *name, *label; KBlock body; Pos pos; double flops, bytes; int nvalue, copy; bool parallel, whole; uint64_t past; KInst *stream;
  KFunc *same;
};
/* kernel: called in this order by NAME_run. init fills the state. constant: the constant section, 64-byte aligned. threads: the most. */
typedef struct KModule {
  const char *name; const Target *target; Graph *graph; KBuf *buf; int nbuf, threads; bool parallel; KFunc **kernel, *init; int nkernel, cap;
  uint8_t *constant; int64_t nconstant, state_bytes, scratch_bytes, own_bytes;
} KModule;
/* The number of the kernel that holds the code of kernel k, if it is there (frit tune takes kernels apart), or k. */
static inline int kmodule_code(const KModule *m, int k) { int j = 0; while (j < k && m->kernel[k]->same != m->kernel[j]) j++; return j; }
static inline bool kbuf_is_port(const KBuf *b) { return b->kind == KB_IN || b->kind == KB_OUT; }
static inline int kmodule_align(const KModule *m) { return m->target->vector_bytes ? 64 : 8; }      /* of state and scratch */
static inline int kmodule_nargs(const KModule *m) { return m->graph->nin + m->graph->nout; }

/* Lowers every kernel of a scheduled and planned graph. An illegal tree is an error that names equation, loop and rule: NULL. */
KModule *lower(Ctx *c, Graph *g, const Target *t);
bool kir_verify(Ctx *c, const KModule *m);
char *kir_print(Ctx *c, const KModule *m);

/* Building: the vector math expansions and the lowering share these. Folds nothing but x*1-like noise; numbers values in b's block. */
typedef struct KBuild { Ctx *c; const Target *target; KModule *m; KBlock *block; void *memo; } KBuild;
KInst *k_const(KBuild *b, KType t, double f, int64_t i);
KInst *k_fn(KBuild *b, KFn fn, KInst *x, KInst *y, KInst *z);          /* result type by fn; scalar args against vectors are broadcast */
KInst *k_cast(KBuild *b, Convert mode, Type t, KInst *x);
KInst *k_emit(KBuild *b, KInst proto);                                 /* copies proto into the block and numbers it; no memo */
/* fn of scalar.def by its definition over machine functions (exp, tanh, pow, erf, ... have theirs in math.c; errors: docs/math.md). */
KInst *k_math(KBuild *b, Fn fn, KInst *x, KInst *y);

/* ---- printers and linking */
/* One C file and one header. header is the file's name for #include. constants: the name of a file of their bytes; NULL: they are
 * text. */
char *c_print(Ctx *c, const KModule *m, const char *header, const char *constants);
char *c_header(Ctx *c, const KModule *m);
typedef enum { OUT_LL, OUT_S, OUT_O } LlvmOut;
/* Through the LLVM printer, frit-llvm.so, which is loaded on demand (libLLVM costs every start 11 ms). Gives the bytes. */
bool llvm_emit(Ctx *c, const KModule *m, LlvmOut kind, uint8_t **data, size_t *size);
/* The one symbol of that plug-in; false after an error. It calls back through LlvmHost, so it needs no symbol of the program. */
#define LLVM_PLUGIN_VERSION 2
typedef struct LlvmHost {
  int version; void *(*alloc)(Ctx *c, size_t bytes);
  char *(*printf)(Ctx *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
  void (*error)(Ctx *c, Pos p, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
  const char *info;               /* text of NAME_info */
} LlvmHost;
typedef bool LlvmEmit(const LlvmHost *host, Ctx *c, const KModule *m, LlvmOut kind, uint8_t **data, size_t *size);
LlvmEmit frit_llvm_emit;
/* The text of NAME_info (runtime/frit.h): one line a fact. */
char *info_text(Ctx *c, const KModule *m);
typedef enum { EMIT_C, EMIT_LL, EMIT_S, EMIT_O, EMIT_A, EMIT_SO } Emit;
/* Prints, compiles and links as opt.printer and the kind ask; writes path (and path with .h for C, O and A). */
bool emit_file(Ctx *c, const KModule *m, Emit kind, const char *path);
#endif
