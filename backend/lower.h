/* Private to the lowering: what lower*.c and kir.c share.
 *
 *   kernel -> LEq (an equation, resolved) -> body/loop/leaf walk the tree -> KInst
 *
 * Positions are affine over index values that already exist (loop counters, counts): LAff. A loop counter counts steps, so a coefficient
 * shows divisibility. Index-typed instructions carry their range where it is known: f .. imm (K_LOOP: 0 .. imm - 1).
 */
#ifndef FRIT_LOWER_H
#define FRIT_LOWER_H
#include "kir.h"

/* ---- value numbering (kir.c) */
typedef struct KScope { struct KScope *up; int id; } KScope;
typedef struct KEntry { uint64_t hash; KInst *inst; KScope *scope; } KEntry;
typedef struct KMemo { KScope *scope; KEntry *at; int n, cap, nscope; int *version; int nversion; } KMemo;
typedef struct KSave { KBlock *block; KScope *scope; } KSave;
KMemo *k_memo(Ctx *c);
KScope *k_scope(KBuild *b, KScope *up);
KSave k_goto(KBuild *b, KBlock *block, KScope *scope);   /* emit there from now on */
KSave k_into(KBuild *b, KBlock *block);                  /* the same in a new scope inside the present one */
void k_back(KBuild *b, KSave s);
KInst *k_put(KBuild *b, KInst proto);                    /* numbered: gives an equal value of this block if there is one */
void k_stored(KBuild *b, int buf);                       /* loads of buf are no longer known */
KInst *k_int(KBuild *b, int64_t v);                      /* an index constant */
KInst *k_ifn(KBuild *b, KFn fn, KInst *x, KInst *y);     /* index arithmetic: folds, knows ranges */
void k_range(const KBuild *b, const KInst *v, int64_t *lo, int64_t *hi);
KInst *k_bcast(KBuild *b, KInst *x, int lanes);
KInst *k_prefix(KBuild *b, KInst *n, int lanes);
static inline KType ktype(Type t, int lanes) { return (KType){ t, lanes }; }
void kir_zip(Ctx *c, const Target *t, const KBuf *buf, KFunc *f);          /* interleaves equal independent computations */
void kir_finish(Ctx *c, KModule *m, const KBuf *buf, KFunc *f);  /* removes what is unused, numbers, marks reuse and laundering */
int kir_values(KBlock *b);                               /* 1 + the largest id */

/* ---- pointer map */
typedef struct LMap { const void **key; void **val; int n, cap; } LMap;
void *lmap_get(const LMap *m, const void *key);
void lmap_put(Ctx *c, LMap *m, const void *key, void *val);

/* ---- positions */
enum { LAFF_MAX = 8, LEQ_INDICES = 32, LADDR_MAX = 24 };
typedef struct LAff { int64_t c; int n; KTerm t[LAFF_MAX]; } LAff;
/* base .. base + ext - 1. dyn: only the first cnt (a run-time number; loose: cnt may exceed ext) are wanted. */
typedef struct LDim { LAff base; int64_t ext; bool dyn, loose, over; LAff cnt; } LDim;  /* over: may lie partly outside of the domain */
/* An index expression: c + sum m * index[k] (k < 0: symbolic dimension -1 - k), or e where it is not affine. */
typedef struct LTerm { int k; int64_t m; } LTerm;
typedef struct LForm { bool aff; int64_t c; int n; LTerm *t; const Expr *e; uint32_t uses; bool data; } LForm;
/* A condition: a >= 0, or e. zero: where it fails a factor of the summand is 0 because its load is masked. */
typedef struct LCond { bool aff, domain, zero; LForm a; const Expr *e; uint32_t uses; } LCond;
typedef VEC(LCond) LConds;

typedef struct LEq LEq;
typedef struct LStore LStore;
typedef struct LTensor {
  Tensor *t; LStore *store, *given; const Tree *let; LEq **writer; int nwriter; LEq **reader; int nreader; bool external, hist; int id, buf, cap;
} LTensor;
typedef struct LRead { const Expr *e; LTensor *t; LForm *place; bool safe, *inside; int time; } LRead;
struct LEq {
  Eq *eq; int id, n, nfree, lanes; Index **ix; const Expr *red, *init, *body; Red kind; Type acc; LConds cond; LCond *domain; LForm *place; LTensor *out;
  LRead **read; int nread; const Tree *leaf; int order;
  bool *down;                     /* by index: a recurrence that reads later places, its loops descend */
  KInst *outer[8]; int nouter; bool home, later;         /* home: reduction loops outside the tile are open (their counters; later: not the first copy) */
};

/* ---- storage */
enum { BUF_LOCAL = -2 };           /* KBuf.arg of a kernel's own scratch until its place is known */
typedef struct LPart { int dim; int64_t div, mod, stride; KInst *run; } LPart;           /* run: times a run-time extent */
typedef struct LReg { int64_t *key; KInst *v; int dim; } LReg;                           /* dim: the dimension in lanes, or -1 */
/* Frames of the past in state. rows of pitch elements; a column is inner elements. ring: len columns and block more that mirror the first;
 * slot: which position. mirrored: the body that copies them. */
typedef struct LHist { LTensor *t; LStore *store; int64_t h, len, inner, pitch, rows; bool ring; int slot; const Tree *mirrored; } LHist;
struct LStore { LTensor *t; bool reg, local; int buf; LAff *base; int64_t *ext; LPart *part; int npart; int fold; int64_t nfold; LHist *hist; VEC(LReg) regs; };

/* ---- state of the lowering of one kernel */
typedef struct LMark { KBlock *block; int pos; KBlock side; KScope *scope; struct LMark *next; } LMark;
typedef struct LVec { int k, w, n, chunk; bool dyn; LAff left; } LVec;                   /* lanes: index k; n of w wanted, or `left` */
typedef struct LAcc { int64_t *key; LVec vec; KInst *var, *at; } LAcc;                   /* at: the place, of argmax and argmin */
typedef struct LOpen { LEq *e; LMark *mark; LDim *reg; VEC(LAcc) acc; bool late; } LOpen; /* late: what it starts from is computed inside, so it comes last */
/* guard, clamp: reads not proven inside are masked, or clamped where scalar; all: so are the proven ones, as indices may leave the domain. */
typedef struct LPt { LEq *e; LAff env[LEQ_INDICES]; LVec *vec; KInst *guard; bool clamp, all; } LPt;
/* Of index k a step computes only what lies behind the `overlap` that earlier steps did: from `first` + shift a step on; at: in this copy. */
typedef struct LSlide { LEq *e; int k; int64_t overlap, shift; LAff first, at; struct LSlide *next; } LSlide;
typedef struct Lower {
  Ctx *c; Graph *g; const Target *t; KModule *m; Kernel *k; KBuild b; KFunc *f;
  LEq **eq; int neq; LMap tensors, reads, ors; LTensor **all; int nall;
  LOpen **open;                   /* by equation */
  LMark *marks;
  VEC(KBuf) bufs; LMap bufof;     /* Tensor -> buffer + 1 */
  KInst **param;                  /* by Graph.dim */
  VEC(KInst *) loops;             /* around what is emitted now */
  LSlide *slides;                 /* sliding windows of the loop whose body comes next */
  int64_t nid0;
  LMap same; int64_t constcap;     /* constants by their bytes */
  int64_t top, peak, scratch0, state;                     /* scratch of this kernel: in use, most; where it starts; state in use */
  int nalloc, depth; bool failed;
  int64_t block; LAff block0; KInst *frames; LMark *hoist; const Tree *streambody;/* in a stream loop: its step, first frame, frames now */
  VEC(LHist *) hists; VEC(LHist *) allhists; VEC(int64_t) lens; KInst **pos; int posbuf;
} Lower;

/* ---- lower_aff.c: positions; lower_expr.c: values; lower_cond.c: conditions */
LAff laff_int(int64_t c);
LAff laff_var(KInst *v, int64_t k);
void laff_add(Lower *L, LAff *a, const LAff *b, int64_t k);              /* a += k * b */
LAff laff_sum(Lower *L, const LAff *a, const LAff *b, int64_t k);        /* a + k * b */
bool laff_diff(const LAff *a, const LAff *b, int64_t *c);                /* a - b if it is constant */
void laff_range(Lower *L, const LAff *a, int64_t *lo, int64_t *hi);
bool laff_divides(const LAff *a, int64_t m);                             /* all coefficients are multiples of m */
KInst *laff_inst(Lower *L, const LAff *a);
int64_t floor_div(int64_t a, int64_t b);
static inline int64_t floor_mod(int64_t a, int64_t b) { return a - b * floor_div(a, b); }

/* A position of a point: a + lane * lane number + off (an i32 vector, or NULL). */
typedef struct LPlace { LAff a; int64_t lane; KInst *off; } LPlace;
LPlace form_at(Lower *L, LPt *p, const LForm *f);
LAff form_aff(Lower *L, const LForm *f, const LAff *env);
KInst *place_vector(Lower *L, LPt *p, const LPlace *q);                  /* as i32 lanes */
LPlace place_layout(Lower *L, LPt *p, LPlace q, int64_t div, int64_t mod);/* q / div, then % mod (0: none) */
KInst *gen_weak(Lower *L, LPt *p, const Expr *e);
KInst *gen(Lower *L, LPt *p, const Expr *e);                             /* weak integers: an index, or i32 lanes */
KInst *gen_as(Lower *L, LPt *p, const Expr *e, Type t);
KInst *as_type(Lower *L, KInst *v, Type from, Type to);                  /* to: of computation (f32 for f16) */
KInst *bf16_pack(Lower *L, KInst *v);
KInst *bf16_unpack(Lower *L, KInst *bits);
KInst *round_to(Lower *L, KInst *v, Type t);                            /* a value of computation to the values of t */
KInst *vec_mask(Lower *L, const LVec *v);                                /* NULL: all lanes */
KInst *mask_and(Lower *L, KInst *a, KInst *b);
Type comp_type(Type t);
Type mem_type(Type t);
KInst *identity(Lower *L, Red r, Type t);
/* Conditions at a point: 1 holds, 0 fails, 2 is known at run time: *s a scalar condition, *m a mask; either may be NULL. */
typedef struct LGuard { KInst *s; KInst *lo, *hi, *m; } LGuard;
int cond_at(Lower *L, LPt *p, const LCond *d, LGuard *g);
/* From `under` to `over` reads that are not proven inside (all: any reads) touch only what holds under m, of the point's width. */
typedef struct Under { KInst *guard; bool clamp, all; } Under;
Under under(Lower *L, LPt *p, KInst *m, bool all);
void over(LPt *p, Under u);
KInst *guard_mask(Lower *L, LPt *p, LGuard *g);                          /* everything as one condition of the point's width */

/* ---- lower_read.c: storage access */
KInst *read_value(Lower *L, LPt *p, const LRead *r);
void put_value(Lower *L, LPt *p, KInst *v, Type type, KInst *mask);      /* stores v at the point of p->e */
KInst *load_home(Lower *L, LPt *p);                                      /* the present value there */
void prefetch_read(Lower *L, LPt *p, const LRead *r, const KInst *loop, int64_t ahead); /* of the place `ahead` steps of loop later */
void copy_run(Lower *L, int buf, const LAff *to, const LAff *from, KInst *count);       /* count elements, forwards */

void copy_buffer(Lower *L, int to, int from, int64_t n);

/* ---- lower_eq.c: equations and trees resolved */
bool lower_resolve(Lower *L);
void check_recurrences(Lower *L);                        /* lower_legal.c */
LEq *resolve_eq(Lower *L, Eq *q);
LForm form_of(Lower *L, LEq *e, const Expr *x);
LConds *or_conds(Lower *L, const Expr *e);
int eq_index(const LEq *e, const char *name);
bool name_is(const char *a, const char *b);
bool tree_holds(const Tree *t, const LEq *e, bool rest);                 /* the equation's leaf is in t (rest: or in its next) */
void tree_eqs(Lower *L, const Tree *t, bool rest, LEq ***out, int *n);
void tree_error(Lower *L, Pos pos, const LEq *e, const char *rule) __attribute__((noreturn));
LTensor *tensor_of(Lower *L, const Tensor *t);

/* ---- lower_region.c */
typedef struct LRegions { LDim **reg, **full, **need, **back; } LRegions;
/* reg, full (before sliding) by equation; need, back (earlier steps of a recurrence) by tensor. */
void check_cover(Lower *L, const Tree *items, const LRegions *r);
LRegions infer(Lower *L, LEq **eqs, int n, LDim *const *bound, bool top);
LDim dim_of(Lower *L, Extent x);
LDim dim_union(Lower *L, const LDim *a, const LDim *b, const LEq *e);
void dim_clip(Lower *L, LDim *d, Extent x);
LDim form_box(Lower *L, const LForm *f, const LDim *reg);
LDim read_box(Lower *L, const LRead *r, int d, const LDim *reg);
KInst *dim_count(Lower *L, const LDim *d);               /* how many are wanted */
bool eq_reads(const LEq *e, const LTensor *t);
/* No equation after k in the list reads what k computes. */
bool is_root(LEq *const *eqs, int n, int k);

/* ---- lower_loop.c */
void lower_body(Lower *L, const Tree *items, LDim *const *bound, bool top);
KInst *loop_begin(Lower *L, KInst *count, int64_t most, KLoopHint hint, KSave *s);
void loop_end(Lower *L, KInst *loop, KSave s);
LMark *mark_open(Lower *L);
void mark_close(Lower *L, LMark *m);

/* ---- lower_store.c */
void store_open(Lower *L, const Tree *items, LEq **eqs, int n, const LRegions *r, LTensor ***mine, int *nmine);
void check_folds(Lower *L, const Tree *items, LEq **eqs, int n, LDim *const *bound, const LRegions *r);
LStore *store_external(Lower *L, LTensor *t);
int buf_add(Lower *L, KBuf b);
int tensor_buffer(Lower *L, Tensor *t);
int constant_add(Lower *L, Tensor *t);
int64_t layout_extent(const LayoutDim *d, int64_t ext);

/* ---- lower_reduce.c */
void red_open(Lower *L, LEq *e, const LDim *reg);
void red_touch(Lower *L, LPt *p);                        /* the accumulator exists, with nothing added */
void red_point(Lower *L, LPt *p, KInst *mask, bool zeroed);
void red_close(Lower *L, LEq *e);

/* ---- lower_leaf.c */
void lower_leaf(Lower *L, LEq *e, const Tree *leaf, const LDim *reg);

/* ---- lower_stream.c */
void lower_stream(Lower *L, const Tree *f, LDim *const *bound);
LAff ring_place(Lower *L, LStore *s, const LAff *time, const LAff *shift);
void stream_mirror(Lower *L, const Tree *body, const Tree *item, const LRegions *r);
#endif
