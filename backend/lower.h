/* Private to the lowering: what lower*.c and kir*.c share.
 *
 *   kernel -> LEq (an equation, resolved) -> body/loop/leaf walk the tree -> KInst
 *
 * Positions are affine over index values that already exist (loop counters, counts): LAff. A loop counter counts steps, so a coefficient shows
 * divisibility. Index-typed instructions carry their range where it is known: f .. imm (K_LOOP: 0 .. imm - 1). */
#ifndef FRIT_LOWER_H
#define FRIT_LOWER_H
#include "kir.h"
#include <string.h>

/* ---- value numbering (kir.c) */
typedef struct KScope { struct KScope *up; int id; } KScope;
typedef struct KEntry { uint64_t hash; KInst *inst; KScope *scope; } KEntry;
typedef struct KMemo { KScope *scope; KEntry *at; int n, cap, nscope; int *version; int nversion; } KMemo;
typedef struct KSave { KBlock *block; KScope *scope; } KSave;
KMemo *k_memo(Ctx *c); KScope *k_scope(KBuild *b, KScope *up);
KSave k_goto(KBuild *b, KBlock *block, KScope *scope);   /* emit there from now on */
KSave k_into(KBuild *b, KBlock *block); void k_back(KBuild *b, KSave s);                   /* the same in a new scope inside the present one */
KInst *k_put(KBuild *b, KInst proto);                    /* numbered: gives an equal value of this block if there is one */
void k_stored(KBuild *b, int buf);                       /* loads of buf are no longer known */
KInst *k_int(KBuild *b, int64_t v);                      /* an index constant */
KInst *k_ifn(KBuild *b, KFn fn, KInst *x, KInst *y);     /* index arithmetic: folds, knows ranges */
void k_range(const KBuild *b, const KInst *v, int64_t *lo, int64_t *hi);
KInst *k_bcast(KBuild *b, KInst *x, int lanes); KInst *k_prefix(KBuild *b, KInst *n, int lanes);
static inline KType ktype(Type t, int lanes) { return (KType){ t, lanes }; }
void kir_finish(Ctx *c, KModule *m, const KBuf *buf, KFunc *f);          /* removes what is unused, hoists, interleaves, numbers, hints */
void kir_split(Ctx *c, KModule *m, const KBuf *buf, KFunc *f);           /* adds f to the module: a function for every outermost parallel loop */
void kir_hoist(Ctx *c, KFunc *f);                        /* numbers, and takes index arithmetic out of loops */
void kir_use(const KInst *i, int *uses, int by);         /* counts, by number, what i and all inside it use */


/* ---- positions */
enum { LAFF_MAX = 8, LEQ_INDICES = 32, LADDR_MAX = 24 };
typedef struct LAff { int64_t c; int n; KTerm t[LAFF_MAX]; } LAff;
typedef struct LRange { int64_t lo, hi; } LRange;
/* base .. base + ext - 1. dyn: only the first cnt (a run-time number; loose: it may exceed ext) are wanted. over: may lie partly outside. */
typedef struct LDim { LAff base; int64_t ext; bool dyn, loose, over; LAff cnt; } LDim;
/* An index expression: c + sum m * index[k] (k < 0: symbolic dimension -1 - k), or e where it is not affine. uses: indices, as bits. */
typedef struct LTerm { int k; int64_t m; } LTerm;
typedef struct LForm { bool aff; int64_t c; int n; LTerm *t; const Expr *e; uint32_t uses; } LForm;
/* A condition: a >= 0, or a.e holds where it is not affine. zero: where it fails a factor of the summand is 0 because its load is masked. */
typedef struct LCond { LForm a; bool domain, zero; } LCond;
typedef VEC(LCond) LConds;

typedef struct LEq LEq; typedef struct LStore LStore;
typedef struct LEqs { LEq **at; int n, cap; } LEqs;      /* in the order in which the tree computes them */
typedef struct LTensor { Tensor *t; LStore *store, *given; const Tree *let; LEqs writer, reader; bool external, hist; int id, buf; } LTensor;
typedef struct LRead { const Expr *e; LTensor *t; LForm *place; bool safe, *inside; int time; } LRead;
/* down, by index: a recurrence that reads later places, its loops descend. home: reduction loops outside the tile are open (outer: their counters;
 * later: not the first copy). */
struct LEq {
  Eq *eq; int id, n, nfree, lanes; Index **ix; const Expr *red, *init, *body; Red kind; Type acc; LConds cond; LCond *domain;
  LForm *place; LTensor *out; VEC(LRead *) read; const Tree *leaf; bool *down; VEC(KInst *) outer; bool home, later;
};

/* ---- storage */
enum { BUF_LOCAL = -2, BUF_SECTION = -3 };               /* KBuf.arg of a kernel's own scratch until its place is known; of all memory of a kind */
typedef struct LPart { int dim; int64_t div, mod, stride; KInst *run; } LPart;           /* run: times a run-time extent */
typedef struct LReg { int64_t *key; KInst *v; int dim; } LReg;                           /* dim: the dimension in lanes, or -1 */
/* Frames of the past in state: rows of pitch elements; a column is inner elements; len columns of the past, then room. slot: its place among
 * the positions; pos: the present's, in this item. */
typedef struct LHist { LTensor *t; LStore *store; int64_t h, len, room, inner, pitch, rows; int slot; KInst *pos; } LHist;
struct LStore { LTensor *t; bool reg, local; int buf; LDim *box; LPart *part; int npart, fold; int64_t nfold; LHist *hist; VEC(LReg) regs; };

/* ---- state of the lowering of one kernel */
typedef struct LMark { KBlock *block; int pos; KBlock side; KScope *scope; struct LMark *next; } LMark;
typedef struct LVec { int k, w, n, chunk; bool dyn; LAff left; } LVec;                   /* lanes: index k; n of w wanted, or `left` */
typedef struct LFactor { KInst *v; double k; } LFactor;
/* at: the place, of argmax and argmin. row: of a linear map, in place of the variable. */
typedef struct LAcc { int64_t *key; LVec vec; KInst *var, *at; VEC(LFactor) row; } LAcc;
/* late: what it starts from is computed inside, so last. matrix: a linear map, of it and the other factor. */
typedef struct LOpen { LEq *e; LMark *mark; LDim *reg; VEC(LAcc) acc; bool late; const LRead *matrix; const Expr *other; } LOpen;
/* guard, clamp: reads not proven inside are masked, or clamped where scalar; all: so are the proven ones, as indices may leave the domain. */
typedef struct Under { KInst *guard; bool clamp, all; } Under;
/* group: reads give words of so many neighbours along index `member` (0: values).
 * roll: of an index whose copies stand one after another: this is copy number `at` of n. */
typedef struct LRoll { int64_t at, n; } LRoll;
typedef struct LPt { LEq *e; LAff env[LEQ_INDICES]; LVec *vec; Under u; LRoll roll[LEQ_INDICES]; int group, member; } LPt;
/* Of index k a step computes only what lies behind the `overlap` that earlier steps did: from `first` + shift a step on; at: in this copy. */
typedef struct LSlide { LEq *e; int k; int64_t overlap, shift; LAff first, at; struct LSlide *next; } LSlide;
typedef struct LLoop { KInst *v; KSave save; } LLoop;
/* A step of a loop: where it begins, from the first on; how much it takes of how much. */
typedef struct LWalk { const char *name; LAff at; int64_t step, all; } LWalk;
typedef VEC(LHist *) LHists;
/* What the functions of a module share. bufof: Tensor -> buffer + 1. same: constants by their bytes. scratch0, peak: scratch of kernels: its start,
 * the most; own: of that of one thread. state: in use. */
typedef struct LShared { VEC(KBuf) bufs; Map bufof, same; LHists hists; int64_t constcap, peak, own, scratch0, state; int nalloc; } LShared;
typedef struct Lower {
  Ctx *c; Graph *g; const Target *t; KModule *m; const Kernel *k; KBuild b; KFunc *f; LShared s;
  const Tree *tree, *small;        /* that is lowered; of a stream: the tree for at most its step of frames */
  LEqs eq; Map tensors, reads, ors; VEC(LTensor *) all, opened;                         /* opened: have a store in the bodies around */
  LOpen **open; LMark *marks; KInst **param;               /* by equation; innermost first; by Graph.dim */
  VEC(LLoop) loops; VEC(LWalk) walk;                       /* around what is emitted now; of the tree */
  LSlide *slides;                                          /* sliding windows of the loop whose body comes next */
  int64_t nid0, top; int depth; bool shared;               /* top: scratch in use; shared: in a loop whose steps threads share */
  int64_t block; LAff block0; KInst *frames; const Tree *streambody;       /* in a stream loop: its step, first frame, frames now */
  LHists hists, others; int posbuf;                        /* of the stream, and as its second tree has them; the positions */
} Lower;

/* ---- building */
static inline int64_t up_to(int64_t n, int64_t m) { return (n + m - 1) / m * m; }
/* From a stack of memory. */
static inline int64_t l_take(int64_t *top, int64_t bytes) { int64_t at = up_to(*top, 64); *top = at + bytes; return at; }
static inline KInst *l_int(Lower *L, int64_t v) { return k_int(&L->b, v); }
static inline KInst *l_num(Lower *L, Type t, double f, int64_t i) { return k_const(&L->b, ktype(t, 1), f, i); }
static inline KInst *l_fn(Lower *L, KFn fn, KInst *x, KInst *y) { return k_fn(&L->b, fn, x, y, NULL); }
static inline KInst *l_plus(Lower *L, KInst *x, KInst *y) { return x ? l_fn(L, KF_ADD, x, y) : y; }
static inline KInst *l_select(Lower *L, KInst *c, KInst *x, KInst *y) { return k_fn(&L->b, KF_SELECT, c, x, y); }
static inline KInst *l_cast(Lower *L, Type t, KInst *x) { return k_cast(&L->b, CV_PLAIN, t, x); }
/* The range of a computed index, where it is known better than by its arguments'. */
static inline KInst *l_known(KInst *v, int64_t lo, int64_t hi) { if (v->op == K_FN) v->f = (double)lo, v->imm = hi; return v; }
KInst *loop_begin(Lower *L, KInst *count, int64_t most, KLoopHint hint);                 /* the counter; what follows is inside until loop_end */
void loop_end(Lower *L); LMark *mark_open(Lower *L); void mark_close(Lower *L, LMark *m);
KSave if_begin(Lower *L, KInst *cond);                   /* until k_back */

/* ---- lower_expr.c: positions and conditions */
static inline LAff laff_int(int64_t c) { return (LAff){ .c = c }; }
static inline LAff laff_plus(LAff a, int64_t c) { a.c += c; return a; }
LAff laff_var(KInst *v, int64_t k);
LAff laff_add(Lower *L, LAff a, LAff b, int64_t k);      /* a + k * b */
LAff laff_div(LAff a, int64_t m);                        /* floor(a / m) of what laff_divides */
bool laff_diff(const LAff *a, const LAff *b, int64_t *c);/* a - b if it is constant */
bool laff_divides(const LAff *a, int64_t m);             /* all coefficients are multiples of m */
LRange laff_range(Lower *L, const LAff *a); KInst *laff_inst(Lower *L, LAff a);
bool terms_add(KTerm *t, int *n, int max, KInst *v, int64_t k);                          /* += k * v; false: no room */
int64_t floor_div(int64_t a, int64_t b);
static inline int64_t floor_mod(int64_t a, int64_t b) { return a - b * floor_div(a, b); }
/* A position of a point: a + lane * lane number + off (an i32 vector, or NULL). */
typedef struct LPlace { LAff a; int64_t lane; KInst *off; } LPlace;
LPlace form_at(Lower *L, LPt *p, const LForm *f); LAff form_aff(Lower *L, const LForm *f, const LAff *env);
KInst *place_vector(Lower *L, LPt *p, LPlace q);         /* as i32 lanes */
LPlace place_layout(Lower *L, LPt *p, LPlace q, int64_t div, int64_t mod);               /* q / div, then % mod (0: none) */
KInst *vec_mask(Lower *L, const LVec *v), *mask_and(Lower *L, KInst *a, KInst *b);          /* NULL: all lanes */
/* Conditions at a point: 1 hold, 0 one fails, 2 known at run time: s a scalar condition, lanes lo .. hi - 1, m a mask; each may be NULL. */
typedef struct LGuard { KInst *s, *lo, *hi, *m; } LGuard;
int cond_at(Lower *L, LPt *p, const LCond *d, LGuard *g); int conds_at(Lower *L, LPt *p, const LCond *d, int n, LGuard *g);
KInst *guard_mask(Lower *L, LPt *p, const LGuard *g);    /* everything as one condition of the point's width */
/* Until p->u is set back to the result, reads that are not proven inside (all: any reads) touch only what holds under m, of the point's width. */
Under under(Lower *L, LPt *p, KInst *m, bool all);

/* ---- values */
KInst *gen(Lower *L, LPt *p, const Expr *e);             /* a weak integer: an index, or i32 lanes */
KInst *gen_as(Lower *L, LPt *p, const Expr *e, Type t);
KInst *as_type(Lower *L, KInst *v, Type to);             /* to: of computation (f32 for f16) */
KInst *to_memory(Lower *L, KInst *v, Type t), *from_memory(Lower *L, KInst *v, Type t);     /* of computation to the element in memory, and back */
KInst *round_to(Lower *L, KInst *v, Type t);             /* a value of computation to the values of t */
KInst *all_lanes(Lower *L, KInst *m, int w);             /* a scalar condition as a mask */
KInst *identity(Lower *L, Red r, Type t); Type comp_type(Type t); Type mem_type(Type t);

/* ---- lower_store.c: storage access */
KInst *read_value(Lower *L, LPt *p, const LRead *r);
void put_value(Lower *L, LPt *p, KInst *v, KInst *mask); /* stores v at the point of p->e */
KInst *load_home(Lower *L, LPt *p);                      /* the present value there */
/* Of region reg `ahead` steps of loop later. */
void prefetch_read(Lower *L, LPt *p, const LRead *r, const LDim *reg, const KInst *loop, int64_t ahead);
void copy_run(Lower *L, int buf, LAff to, LAff from, KInst *count);                      /* count elements, forwards */
void copy_buffer(Lower *L, int to, int from, int64_t n);

/* ---- lower_eq.c: equations resolved; which leaf computes what, and whether that order is legal */
LEq *resolve_eq(Lower *L, Eq *q); LTensor *tensor_of(Lower *L, const Tensor *t); LConds *or_conds(Lower *L, const Expr *e);
int index_number(Lower *L, const LEq *e, const Index *x);/* as in LTerm */
int eq_index(const LEq *e, const char *name); bool eq_reads(const LEq *e, const LTensor *t);
bool lower_resolve(Lower *L); LEqs tree_eqs(Lower *L, const Tree *t, bool rest);
bool tree_holds(const Tree *t, const LEq *e, bool rest); /* the equation's leaf is in t (rest: or in its next) */
bool is_root(LEqs eqs, int k);                           /* no equation after k reads what k computes */
LTensor *tensor_named(Lower *L, const char *name);       /* of those that the kernel computes */
void tree_fail(Lower *L, Pos pos, const LEq *e, const char *rule) __attribute__((noreturn));
#define tree_error(L, pos, e, ...) tree_fail(L, pos, e, ctx_printf((L)->c, __VA_ARGS__))         /* the equation, or NULL; the rule that it breaks */

/* ---- lower_region.c. reg, full (before sliding) by equation; need, back (earlier steps of a recurrence) by tensor. */
typedef struct LRegions { LDim **reg, **full, **need, **back; } LRegions;
LRegions infer(Lower *L, LEqs eqs, LDim *const *bound, bool top); void check_cover(Lower *L, const Tree *items, const LRegions *r);
LDim *dims_copy(Lower *L, const LDim *d, int n); LDim *whole_box(Lower *L, const Tensor *t); LDim dim_of(Lower *L, Extent x);
LDim dim_union(Lower *L, const LDim *a, const LDim *b, const LEq *e); void dim_clip(Lower *L, LDim *d, Extent x);
KInst *dim_count(Lower *L, const LDim *d);               /* how many are wanted */
LDim form_box(Lower *L, const LForm *f, const LDim *reg);

/* ---- lower_store.c */
void store_open(Lower *L, const Tree *items, LEqs eqs, const LRegions *r);               /* what it opens is pushed to L->opened */
void check_folds(Lower *L, const Tree *items, LEqs eqs, LDim *const *bound, const LRegions *r);
LStore *store_external(Lower *L, LTensor *t); int buf_add(Lower *L, KBuf b);
int64_t constant_place(Lower *L, const uint8_t *p, int64_t n);                         /* the offset of these bytes in the constant section */
int *dim_order(Lower *L, const LTensor *t);               /* in a stream: from outer to inner */
int buf_of(Lower *L, const Tensor *t, KBufKind kind, int arg, int64_t offset, int64_t bytes); int tensor_buffer(Lower *L, Tensor *t);

/* ---- the walk: lower_loop.c, lower_leaf.c, lower_stream.c */
void lower_body(Lower *L, const Tree *items, LDim *const *bound, bool top);
void lower_leaf(Lower *L, LEq *e, const Tree *leaf, const LDim *reg);
void red_open(Lower *L, LEq *e, const LDim *reg); void red_close(Lower *L, LEq *e);
KInst *acc_first(Lower *L, const LOpen *o, const LAcc *a);                               /* what the accumulator starts from */
/* lower_linear.c: is the sum just opened, over the n dims of the leaf that are left, a linear map? A point of it; the values of its accumulators. */
void linear_open(Lower *L, const LPt *p, const LeafDim *dim, int n); void linear_close(Lower *L, LOpen *o);
void linear_point(Lower *L, LPt *p, LAcc *a, KInst *mask);
void lower_stream(Lower *L, const Tree *f, LDim *const *reg); bool lower_tree(Lower *L, const Tree *t);
void kir_share(Lower *L);                                /* code that stands there several times is kept once */
KSave item_begin(Lower *L);
#endif
