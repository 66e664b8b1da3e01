/* The graph-level IR: types, indices, expressions, tensors, equations, kernels, loop trees.
 * One structure serves every stage from expand to plan; what may occur in it narrows from stage to stage (the verifier has the rows).
 * Nodes live in the context's arena, are immutable once shared, and are compared by content (expr_equal) or by pointer (Index, Tensor). */
#ifndef FRIT_IR_H
#define FRIT_IR_H
#include "ctx.h"

/* ---- types. T_WINT and T_WFLOAT are weak: numbers, indices, extents; they take the other side's type; alone they are i64 and f32. */
typedef enum {
#define T(e, n, b, k) T_##e,
#include "types.def"
  T_WINT, T_WFLOAT, T_NONE /* not yet known (a recurrence, while its type is found) */, T_COUNT
} Type;
const char *type_name(Type t); Type type_by_name(const char *s);    /* by name: T_NONE if unknown */
int type_bytes(Type t), type_bits(Type t);               /* 0 bytes for weak types, the bits of their strong ones */
char type_class(Type t); bool type_is_float(Type t), type_is_int(Type t);     /* 'b' 'u' 'i' 'f', weak ones 'i' and 'f'; bool is no int */
Type type_promote(Type a, Type b);/* any float wins over any integer, among equals the wider; f16 with bf16: f32; u8 with i8: i16 (NumPy) */
Type type_strong(Type t);         /* T_WINT: i64, T_WFLOAT: f32 */
double type_lowest(Type t), type_highest(Type t);        /* -inf, inf for floats; exact below 2^53 */

typedef enum {
#define F(e, ...) FN_##e,
#include "scalar.def"
  FN_COUNT
} Fn;
typedef struct FnInfo { const char *text; int arity, prec; char rule; } FnInfo; extern const FnInfo fn_info[FN_COUNT];

typedef enum {
#define R(e, ...) RED_##e,
#include "reduce.def"
  RED_COUNT
} Red;
extern const char *const red_name[RED_COUNT]; Red red_by_name(const char *s);  /* RED_COUNT if none */

/* ---- extents and indices. An extent is n, or dim + n where dim is a symbolic dimension.
 * An index of an equation (0 <= i < ext), or, with is_dim, a symbolic dimension of the graph: a run-time number in lo..hi.
 * In an equation all indices are different objects, also from those of other equations; inside a kernel equal names mean equal loops. */
typedef struct Index Index;
typedef struct Extent { Index *dim; int64_t n; } Extent;
struct Index { const char *name; Extent ext; bool is_dim, stream; int64_t lo, hi; int id; };
#define STREAM_MAX 4096           /* default upper bound of a stream dimension */
bool extent_equal(Extent a, Extent b), extents_equal(const Extent *a, int na, const Extent *b, int nb);
int64_t extent_max(Extent e), extent_min(Extent e);      /* the largest and the smallest that it can be */
static inline Extent extent_of(int64_t n) { return (Extent){ NULL, n }; }

/* ---- expressions */
typedef struct Expr Expr; typedef struct Tensor Tensor;
typedef enum {
  E_CONST, E_INDEX,               /* i (integers, bool) or f (floats), by type; index (also a symbolic dimension), type T_WINT */
  E_READ,                         /* tensor[arg...]: an integer expression a dimension */
  E_FN, E_CONVERT, E_SELECT,      /* fn(arg...); mode(type, arg[0]); arg[0] ? arg[1] : arg[2] */
  E_OR,                           /* arg[0] if every read in it falls inside, else arg[1] */
  E_REDUCE                        /* red over bound[nbound] of arg[0], where arg[1] (if n == 2) holds */
} ExprKind;
typedef enum { CV_PLAIN, CV_SAT, CV_BITS } Convert;
struct Expr {
  ExprKind kind; Type type; int n; Expr **arg; Pos pos;
  union { int64_t i; double f; Index *index; Tensor *tensor; Fn fn; Convert mode; struct { Red red; int nbound; Index **bound; }; };
  /* set by the constructors, which refuse (an error, then bail) more than 2000 levels or 2^20 nodes; shape: a hash without indices */
  int depth; uint32_t nodes; uint64_t hash; uint32_t shape;
};
Expr *expr_int(Ctx *c, int64_t v), *expr_float(Ctx *c, double v);    /* weak */
Expr *expr_const(Ctx *c, Type t, double f, int64_t i);   /* of a given type: f for floats, i otherwise */
Expr *expr_index(Ctx *c, Index *i), *expr_read(Ctx *c, Tensor *t, Expr **places, Pos p);            /* copies the array of t->rank places */
/* fn of arguments: finds the type, folds constants, does the exact integer identities on weak integers (x+0, x*1, x*0, idle min, max
 * and %, x/1). Floats of constants fold only when all arguments are constant. */
Expr *expr_fn(Ctx *c, Fn f, Expr **arg, Pos p);
const char *fn_fault(Ctx *c, Fn f, Expr *const *arg);    /* why f cannot be of these arguments (expr_fn then records it), or NULL */
Expr *expr_fn1(Ctx *c, Fn f, Expr *a), *expr_fn2(Ctx *c, Fn f, Expr *a, Expr *b);
Expr *expr_convert(Ctx *c, Convert mode, Type t, Expr *a, Pos p);    /* the same type already: a */
Expr *expr_select(Ctx *c, Expr *cond, Expr *a, Expr *b, Pos p), *expr_or(Ctx *c, Expr *a, Expr *b, Pos p);   /* a known condition: one side */
Expr *expr_reduce(Ctx *c, Red r, Index **bound, int nbound, Expr *body, Expr *cond, Pos p);  /* cond may be NULL; types as in LANGUAGE.md */
static inline bool expr_is_const(const Expr *e) { return e->kind == E_CONST; }
double expr_number(const Expr *e);                       /* of a constant; NaN of anything else */
bool expr_equal(const Expr *a, const Expr *b);           /* by content; bound indices are matched */
/* Rebuilds e with fn applied to every node bottom-up (fn may return its argument); bound indices are kept. */
Expr *expr_map(Ctx *c, Expr *e, Expr *(*fn)(Ctx *, Expr *, void *), void *arg);
/* The same node over other arguments (e->n of them), built by its constructor: finds its type, folds. Bound indices are kept. */
Expr *expr_with(Ctx *c, Expr *e, Expr **arg);
Expr *expr_subst(Ctx *c, Expr *e, Index *const *from, Expr *const *to, int n);               /* indices from[k] become to[k] */
Expr *expr_subst_bare(Ctx *c, Expr *e, Expr *const *from, Expr *const *to, int n);           /* where from[k] is but an index, it becomes to[k] */
Expr *expr_fresh(Ctx *c, Expr *e);                       /* a copy with fresh bound indices */
/* Calls fn on every node, parents first; fn returns false to stay out of a node's children. */
void expr_walk(const Expr *e, bool (*fn)(const Expr *, void *), void *arg);
bool expr_reads(const Expr *e, const Tensor *t), expr_has_index(const Expr *e, const Index *i);      /* t == NULL: any read at all */
int expr_count(const Expr *e, ExprKind kind);            /* nodes of that kind */
bool expr_some(const Expr *e, bool is(const Expr *, const void *), const void *arg);      /* is one of the nodes so? */
/* Folds what is constant, simplifies integer places exactly ((4*i + j) / 4 with j < 4 becomes i), removes `or` whose reads are proven inside. */
Expr *expr_simplify(Ctx *c, Expr *e);
Expr *expr_rules(Ctx *c, Expr *e, int *n);               /* the algebra of simplify.rules; adds the number of rewrites to *n */

/* ---- affine forms: c + sum k[j] * index[j] (indices and symbolic dimensions), sorted by index id, no zero coefficients */
typedef struct Aff { int64_t c; int n; Index **index; int64_t *k; } Aff;
bool expr_affine(Ctx *c, const Expr *e, Aff *out);       /* false if it is not */
Expr *aff_expr(Ctx *c, const Aff *a); Aff aff_sub(Ctx *c, const Aff *a, const Aff *b);
int64_t aff_coef(const Aff *a, const Index *i), gcd_of(int64_t a, int64_t b);
typedef struct Range { double lo, hi; } Range;           /* -inf..inf where nothing is known */
Range expr_range(Ctx *c, const Expr *e);
/* Is e (0 <= e, e <= n - 1) proven, given facts (conditions that hold)? Sets *lo and *hi. Tabulates where not affine (<= 2^20 points). */
typedef struct Fact { const Expr *e; bool neg; } Fact; typedef struct Facts { const Fact *at; int n; } Facts;
void expr_inside(Ctx *c, const Expr *e, Extent n, const Facts *facts, bool *lo, bool *hi);

/* ---- tensors */
typedef enum {
  TK_TEMP, TK_INPUT, TK_OUTPUT,   /* computed by equations; arguments of the artefact, of which an output is computed, too */
  TK_PARAM,                       /* from the weights file; data */
  TK_CONST,                       /* computed by equations when the model is compiled (Eq.constant); data once evaluated */
  TK_STATE                        /* outlives the call: `state s: f32[8] = 0;` with an equation for next, or history of a stream tensor */
} TensorKind;
/* A layout component: dimension dim of the tensor, divided by div, then modulo mod (0: none). Outer to inner. */
typedef struct LayoutDim { int dim; int64_t div, mod; } LayoutDim;
typedef enum { AT_NONE, AT_SCRATCH, AT_STATE, AT_CONST } Where;
struct Tensor {
  const char *name; Type type; int rank; Extent *shape; TensorKind kind; Pos pos;
  const void *data;               /* TK_PARAM, evaluated TK_CONST: row-major elements of type; may be unaligned (mapped file) */
  int64_t history; int stream_dim;/* stream tensors: frames of the past that are read (0: none); which dimension is the stream (-1: none) */
  Expr *init;                     /* what state or history holds before the first frame: over init_index (one a dimension), NULL: 0 */
  Index **init_index;
  Tensor *next;                   /* TK_STATE written by `<-`: the tensor whose value it takes when the call ends */
  LayoutDim *layout; int nlayout; /* NULL: row-major */
  Where where; int64_t offset;    /* after plan: bytes from the start of scratch, state or constants */
  Tensor *whole;                  /* in a kernel with joined indices: what this is a view of, NULL: it is none */
};
int64_t tensor_size(const Tensor *t), tensor_bytes(const Tensor *t);      /* elements at the largest extents, and their bytes */
bool tensors_match(const Tensor *a, const Tensor *b);    /* in type and shape */

/* ---- equations */
/* out[place...] = rhs over the free indices. place[d] is an affine expression of them: an index, a number, number + index, a composite
 * (g * C + c), or any other that is one to one. After `split`, rhs is pointwise, or a reduction, or init (+, max, ...) a reduction: eq_reduction. */
typedef struct Eq {
  Tensor *out; Expr **place; Index **free; int nfree; Expr *rhs; bool constant; const char *label; Pos pos; int id;
} Eq;
/* The reduction of an equation in normal form, and the addends that its accumulator starts from (NULL: the identity). NULL: pointwise.
 * rhs is `red`, `init + red`, `red + init` (sum), max(init, red), ... */
Expr *eq_reduction(const Eq *e, Expr **init);

/* ---- loop trees (SCHEDULE.md 1) */
typedef enum { TREE_FOR, TREE_LEAF, TREE_LET, TREE_PREFETCH } TreeKind;
typedef enum { LOOP_SERIAL, LOOP_UNROLL, LOOP_EVEN, LOOP_PEEL, LOOP_EDGE, LOOP_STREAM } LoopKind;
typedef enum { ST_REG, ST_MEM, ST_RING, ST_ALIAS, ST_PAST } Storage;     /* PAST: as it would be without, written past the caches */
typedef enum { LEAF_SERIAL, LEAF_UNROLL, LEAF_VECTOR, LEAF_DOT } LeafKind;
/* i: SERIAL step 1.  i/n: SERIAL by n, unrolled.  i*: UNROLL.  i~: VECTOR step 0.  i/n~: VECTOR, serial by n vectors.  i+: DOT, an instruction. */
typedef struct LeafDim { const char *index; LeafKind kind; int64_t step; } LeafDim;
typedef struct Tree Tree;
struct Tree {
  TreeKind kind; Tree *next; Pos pos;
  const char *name;               /* FOR: index. LEAF, LET, PREFETCH: tensor */
  int64_t step; LoopKind loop; bool parallel; Tree *body; /* FOR: step 0 (not written) is 1, of a stream Target.block. PREFETCH: steps ahead */
  LeafDim *leaf; int nleaf;       /* LEAF: order of its own loops, outer to inner */
  Storage storage; const char *other;                     /* LET: alias of other. PREFETCH: the loop whose next step it is for, NULL: ahead */
  const char *fold; int64_t nfold;                        /* LET mem fold INDEX n */
  LayoutDim *layout; int nlayout; /* LET mem as LAYOUT */
  const char **layout_name;       /* LET mem as: the index names as written; the parser leaves layout[k].dim at -1, elaboration finds it */
};
bool tree_computes(const Tree *t, const char *tensor);   /* has t a leaf of that tensor? */

/* ---- kernels and graphs */
typedef struct Kernel {
  const char *name, *label; Eq **eq; int neq; Tensor **in; int nin; Tensor **out; int nout; Tree *tree; Pos pos;
  int pick;                       /* which of its trees the builders take: 0, the model's best; higher numbers for tuning and tests */
} Kernel;

/* join.c: the kernel with indices i and j as one, `i.j`, and views for tensors that have both; itself, if it has neither; NULL: they do not run side
 * by side through memory. kernel_joined: as the name says. name_part: the next part of such a name, NULL: there is none left. */
const Kernel *kernel_join(Ctx *c, const Kernel *k, const char *i, const char *j);
const Kernel *kernel_joined(Ctx *c, const Kernel *k, const char *name);
const char *name_part(Ctx *c, const char **rest);

typedef enum { STAGE_PARSE, STAGE_EXPAND, STAGE_STREAM, STAGE_SIMPLIFY, STAGE_FUSE, STAGE_LAYOUT, STAGE_SCHEDULE, STAGE_PLAN,
               STAGE_KERNEL, STAGE_C, STAGE_LLVM, STAGE_ASM, STAGE_COUNT } Stage;
extern const char *const stage_name[STAGE_COUNT];

typedef struct Graph {
  const char *name; Stage stage; Pos pos;
  const char **weights; int nweights;                     /* paths as written, relative to the graph file's folder */
  Index **dim; int ndim;          /* symbolic dimensions; at most one stream */
  Tensor **tensor, **in, **out; int ntensor, nin, nout;   /* tensor: all, in order of declaration */
  Eq **eq; int neq;               /* all equations, in an order in which producers come first (circles of a recurrence stand together) */
  Kernel **kernel; int nkernel;   /* from fuse on: every equation that is not constant is in exactly one, in order of execution */
  int64_t state_bytes, scratch_bytes;                     /* after plan */
} Graph;
Tensor *graph_tensor(const Graph *g, const char *name);
bool tensor_is_literal(const Graph *g, const Tensor *t); /* a few numbers: a constant whose equations read nothing */
void graph_add_tensor(Ctx *c, Graph *g, Tensor *t), graph_add_eq(Ctx *c, Graph *g, Eq *e);
const char *graph_fresh(Ctx *c, const Graph *g, const char *hint);   /* a tensor name not in use: hint, hint1, ... */
/* Sorts g->eq so that producers come first; equations of a circle stand together in the order within a step. Gives false and an error
 * if a circle has no dimension that steps through it. */
bool graph_sort(Ctx *c, Graph *g);
/* The circle that e belongs to: equations first..first+n of g->eq, for each the index that steps (NULL for a piece at a fixed place)
 * and the direction (-1: it reads earlier places, +1: later). n == 1 and dir == 0: no recurrence. */
typedef struct Circle { int first, n, dir; int *dim; } Circle;       /* dim[k]: the stepping dimension of equation first + k's tensor */
bool graph_circle(Ctx *c, const Graph *g, int eq, Circle *out);

/* Text: print(parse(print(g))) == print(g) at every stage. */
char *graph_print(Ctx *c, const Graph *g), *expr_print(Ctx *c, const Expr *e), *eq_print(Ctx *c, const Eq *e);
char *tree_print(Ctx *c, const Tree *t, int indent);
/* All invariants of g->stage; records an internal error for each broken row (false). */
bool graph_verify(Ctx *c, const Graph *g, const char *after);

/* ---- the reference interpreter: the oracle. Literal, double accumulation; values rounded to the tensor's type when stored. */
typedef struct Interp Interp;
Interp *interp_new(Ctx *c, const Graph *g);
/* in[k], out[k]: row-major arrays of g->in[k], g->out[k]; dims[k]: the value of g->dim[k]. Any stage from expand to plan. The next call of a
 * stream continues where this one ended. */
bool interp_run(Interp *p, const void *const *in, void *const *out, const int64_t *dims);
/* Evaluates equations marked constant (and parameters' conversions) once: sets Tensor.data of every TK_CONST. */
bool graph_eval_constants(Ctx *c, Graph *g);
#endif
