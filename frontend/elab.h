/* Private to elaboration: values, scopes, frames, and what the files elab_*.c offer each other.
 *
 *   elab.c         the entry; names, tables, errors with the way inwards
 *   elab_value.c   values: numbers, lists, lifted whole-tensor expressions; functions of them
 *   elab_expr.c    expression nodes to values
 *   elab_read.c    reads, composites, suffixes (.size .rank .type .shape .given)
 *   elab_call.c    calls: binding of arguments, defaults, folds, local functions
 *   elab_list.c    list functions
 *   elab_match.c   patterns of tensor parameters
 *   elab_body.c    statements of a body: order, types, pieces
 *   elab_left.c    left sides: extents, places
 *   elab_red.c     reductions
 *   elab_bounds.c  every read is proven inside, guarded, or a gather
 *   elab_cover.c   the pieces of a tensor cover it without overlap
 *   elab_graph.c   graphs: inputs, weights, constants, state, results
 *   elab_kernel.c  kernels, schedules, layouts
 *
 * An error records its diagnostic and jumps to the statement of the graph that is being elaborated; what the statement would have
 * defined is poisoned, and what reads it fails in silence. All memory is the arena's, so nothing is lost by the jump.
 */
#ifndef FRIT_ELAB_H
#define FRIT_ELAB_H
#include "ast.h"

/* ---- tables from interned names (pointers) to anything */
typedef struct Map { const void **key; void **val; int n, cap; } Map;
void *map_get(const Map *m, const void *key);
void map_put(Ctx *c, Map *m, const void *key, void *val);

/* ---- values */
typedef enum {
  V_NONE,        /* none; an argument that is not given */
  V_NUM,         /* e: a number, an extent, or an element (an expression over indices) */
  V_STRING, V_TYPE,
  V_LIST,        /* l */
  V_COMP,        /* l: a composite (a, b, ..c) */
  V_TUPLE,       /* l: several results of a call */
  V_TENSOR,      /* x */
  V_LIFT,        /* f: an element-by-element expression over whole tensors, not yet an equation */
  V_LIM,         /* m: `e < n` in a composite: e with the extent n (NULL: not bare any more, extent unknown) */
  V_ABSENT,      /* p: a tensor parameter that was not given */
  V_HOLE,        /* an index of a pack that is not bound here */
  V_POISON       /* its definition failed: already reported */
} ValKind;
typedef struct Val Val;
typedef struct List { int n; Val *at; } List;
typedef struct Tens Tens;
typedef struct Lift Lift;
typedef struct Lim { Expr *e; Expr *n; } Lim;
struct Val { ValKind k; union { Expr *e; const char *s; Type t; List *l; Tens *x; Lift *f; Lim *m; const Param *p; }; };

/* An index with whether its range was given (`i < n`): then it need not agree with the dimensions that it reads. Every Index that
 * elaboration makes is the head of one of these. */
typedef struct Idx { Index ix; bool given; const Tensor *from; } Idx;   /* from: the tensor whose read gave the extent, or NULL */

/* A tensor as a parameter of an operator sees it: which of its dimensions belong to which pack, what composite patterns say. */
typedef struct PackDim { const char *name; int n; struct PackDim *next; } PackDim;
typedef struct CompDim { int dim, n; Extent *ext; struct CompDim *next; } CompDim;
struct Tens { Tensor *t; PackDim *pack; CompDim *comp; const List *known; };

typedef enum { L_TENSOR, L_NUM, L_FN, L_CONVERT, L_SELECT, L_OR } LiftKind;
struct Lift { LiftKind k; int rank, n, size; Extent *shape; Tens *x; Expr *e; Fn fn; Convert mode; Type type; Lift *arg[3]; const char *label; Pos pos; };

/* ---- scopes: what indices and the parameters of local functions are bound to, innermost first */
typedef struct Bind { const char *name; Val v; const struct Bind *up; } Bind;
typedef struct Scope {
  const Bind *b;
  bool eq;       /* inside an equation: elements, not whole tensors */
  bool ix;       /* directly between the brackets of a read: a list wants `..` */
  bool ext;      /* an extent: names of symbolic dimensions come before indices */
} Scope;

/* ---- frames: one a call, one for the graph */
typedef struct Group Group;
typedef enum { SL_NONE, SL_VALUE, SL_THUNK, SL_PENDING, SL_BUSY } SlotState;
typedef struct Slot {
  const char *name; SlotState state; Val v; const Param *param; Group *group; const Stmt *fun;
  bool has_dim, pack, given; Extent *ext; int next;      /* the name as an index or pack: its extents */
  Index *sym;                                            /* the name as a symbolic dimension of the graph */
} Slot;
typedef struct Rest { const char *name; Val v; } Rest;
typedef struct Memo { const Node *node; Val v; struct Memo *next; } Memo;
typedef struct Want { const char **name; int n; } Want;
typedef struct Frame {
  const Decl *op; VEC(Slot *) slot; Map map; Rest *rest; int nrest; Memo *memo; bool graph, unknown; const char *prefix; Want out;
} Frame;

/* One equation of the source, once its left side is settled. */
typedef struct Piece { const Stmt *st; const Bind *scope; Expr **place; Index **free; int nfree; Kernel *kernel; bool again; Val rhs; } Piece;
struct Group { const char *name; VEC(Piece *) piece; Tensor *t; Type type; int left; bool again; };

/* The way from the user's place to where an error is: operator and place of its call. */
typedef struct Call { const char *name; Pos pos; } Call;
#define CALL_MAX 60
typedef struct Catch { jmp_buf jmp; struct Catch *up; int ncall, level, quiet; Want want; const char *target; } Catch;

typedef enum { W_CONST, W_TYPE, W_FN, W_LIST, W_CONVERT, W_RED } WordKind;
typedef struct Word { WordKind kind; int id; } Word;

typedef struct Elab {
  Ctx *c; Graph *g; const Ast *ast; Map op, word, name, suffix; VEC(const char *) op_name;
  Note also[4]; int nalso;        /* notes for the next fail_at */
  const Tensor *gave;             /* whose read gave the extent that bind_index is about to use, or NULL */
  Call call[CALL_MAX + 2]; int ncall, level, quiet; int64_t steps; Catch *catch_;
  Want want;                      /* names for the results of the call that is a statement's whole right side */
  const char *target;             /* name of what the statement defines: prefix of temporaries */
  Kernel *kernel; bool dump, constant; Weights **weights; int nweights;
  VEC(Tensor *) tensor; VEC(Eq *) eq; Map have;           /* have: tensors that are in `tensor` */
  Map history;                    /* names of stream tensors to their `state` lines */
  const char *s_size, *s_rank, *s_type, *s_shape, *s_given, *s_pack;
} Elab;

/* ---- elab.c */
void fail_at(Elab *el, Pos p, const char *fmt, ...) __attribute__((format(printf, 3, 4), noreturn));
void fail_silent(Elab *el) __attribute__((noreturn));
void fail_also(Elab *el, Pos p, const char *fmt, ...) __attribute__((format(printf, 3, 4)));   /* a note to the fail_at that follows */
void fail_near(Elab *el, Pos p, const char *what, const char *name, const char *const *names, int n) __attribute__((noreturn));
/* `if (catch_begin(el, &k)) { ...; catch_end(el); } else { the error was recorded }` */
#define catch_begin(el, k) (catch_push(el, k), setjmp((k)->jmp) == 0)
void catch_push(Elab *el, Catch *k);
void catch_end(Elab *el);
Slot *slot_find(const Frame *f, const char *name);
Slot *slot_get(Elab *el, Frame *f, const char *name);    /* makes it */
void slot_set(Elab *el, Frame *f, const char *name, Val v);
void slot_dim(Elab *el, Frame *f, const char *name, const Extent *e, int n, bool pack);
const char *node_full(Elab *el, const Node *n);          /* N_NAME, or a chain of N_DOT, joined; else NULL */
const char *name_fresh(Elab *el, const char *hint);      /* not in use; the user's own name if it is still to be defined */
const char *name_temp(Elab *el, const char *hint);       /* for a temporary: never a name of the user's */
void name_reserve(Elab *el, const char *name);
const char *frame_full(Elab *el, const Frame *f, const char *local);
const char *label_now(Elab *el, const char *last);

/* ---- elab_value.c */
Val v_num(Expr *e);
Val v_int(Elab *el, int64_t i);
Val v_bool(Elab *el, bool b);
Val v_float(Elab *el, double f);
Val v_list(Elab *el, int n);                             /* n elements of none */
Val v_tensor(Elab *el, Tensor *t);
Val v_ext(Elab *el, Extent e);
Val v_lim(Elab *el, Expr *e, Expr *n);
bool v_is_int(Val v, int64_t *i);                        /* a known integer (or bool) */
bool v_is_bool(Val v, bool *b);
bool v_static(Val v);                                    /* no index but symbolic dimensions */
Idx *v_idx(Val v);                                       /* a bare index, or NULL */
const char *v_kind(Val v);                               /* for messages */
int64_t need_int(Elab *el, Val v, Pos p, const char *what);
Expr *ext_expr(Elab *el, Extent e);
bool expr_ext(Elab *el, Expr *e, Extent *out);           /* dim + n or n */
Extent need_ext(Elab *el, Val v, Pos p, const char *what);
Extent ext_mul(Elab *el, Extent a, Extent b, Pos p);
Extent ext_pos(Extent e);                                /* at least 0 */
bool ext_is(Extent e, int64_t n);
char *ext_print(Elab *el, const Extent *e, int n);       /* [1, 3, t] */
Extent *ext_broadcast(Elab *el, const Extent *a, int na, const Extent *b, int nb, int *n);   /* NULL if they do not */
Expr *num_fn(Elab *el, Fn f, Expr **a, int n, Pos p);
Val v_fn(Elab *el, Fn f, const Val *a, int n, Pos p);
Val v_fn2(Elab *el, Fn f, Val a, Val b, Pos p);
Val v_convert(Elab *el, Convert mode, Type t, Val v, Pos p);
Val v_select(Elab *el, Val c, Val a, Val b, Pos p);
Val v_or(Elab *el, Val a, Val b, Pos p);
Type v_type(Elab *el, Frame *f, Val v, Pos p);
Lift *lift_of(Elab *el, Val v, Pos p);
Expr *lift_build(Elab *el, const Lift *l, Expr *const *ix);
/* The tensor of a value: a lifted expression becomes an equation; hint names it. */
Val v_store(Elab *el, Val v, const char *name, Pos p);
Val list_values(Elab *el, const Tens *x);                /* of a tensor with known data; V_NONE if unknown */

/* ---- elab_expr.c */
void fail_unknown(Elab *el, Pos p, const char *name, const Frame *f, Scope s) __attribute__((noreturn));
Val ev_node(Elab *el, const Node *n, Frame *f, Scope s);      /* any value */
Val ev_scalar(Elab *el, const Node *n, Frame *f, Scope s);   /* an element, number or list */
Val v_scalar(Elab *el, Val v, Frame *f, Scope s, Pos p);
List *ev_items(Elab *el, Node *const *it, int n, Frame *f, Scope s);
Val slot_value(Elab *el, Frame *f, Slot *s, Pos p);      /* declares, evaluates defaults; absent tensors stay V_ABSENT */
Val attribute_coerce(Elab *el, const Param *p, Val v, Pos pos);      /* to the kind that the parameter asks for */
Val absent_default(Elab *el, Frame *f, const Param *p);
bool scope_find(Scope s, const char *name, Val *out);
Scope scope_bind(Elab *el, Scope s, const char *name, Val v);
Val first_of(Val v);                                     /* of several results */

/* ---- elab_read.c */
Val ev_index(Elab *el, const Node *n, Frame *f, Scope s);
Val ev_slice(Elab *el, const Node *n, Frame *f, Scope s);
Val ev_dot(Elab *el, const Node *n, Frame *f, Scope s);
Val list_index(Elab *el, const Node *n, const List *l, Frame *f, Scope s);
Val base_value(Elab *el, const Node *n, Frame *f, Scope s);
Expr *comp_linear(Elab *el, const List *l, Pos p, const CompDim *known);
Expr *read_plain(Elab *el, Tensor *t, Pos p);            /* of a tensor of rank 0 */

/* ---- elab_call.c, elab_list.c */
Val ev_call(Elab *el, const Node *n, Frame *f, Scope s, Want want);
bool list_fn(Elab *el, int id, const Val *a, int n, Pos p, Val *out);
enum { LF_RANGE, LF_LEN, LF_SPREAD, LF_DROP, LF_PUT, LF_FIND, LF_LETTERS, LF_INT, LF_LOWEST, LF_HIGHEST, LF_IS_FLOAT, LF_IS_INT, LF_IS_BOOL,
       LF_IS_SIGNED, LF_IS_F8, LF_ERROR, LF_COUNT };
extern const char *const list_fn_name[LF_COUNT];
extern const int list_fn_args[LF_COUNT];                 /* least number of arguments */

/* ---- elab_match.c */
void match_params(Elab *el, Frame *f, const Decl *op, Pos p);

/* ---- elab_body.c, elab_left.c, elab_red.c */
void body_run(Elab *el, Frame *f, Stmt *const *st, Kernel *const *kernel, int n);
void declare_slot(Elab *el, Frame *f, Slot *s);
void left_settle(Elab *el, Frame *f, Piece *p);
Eq *emit_eq(Elab *el, Tensor *t, Expr **place, Index **free, int nfree, Expr *rhs, Pos p);
Idx *idx_new(Elab *el, const char *name, Extent e, bool given);
const char *pack_name(Elab *el, const char *pack, int i);
/* The extent of an index (n == 1), or the extents of a pack, from a place where it stands bare in a read. */
bool infer_extent(Elab *el, Frame *f, const char *name, const Node *rhs, const Extent **e, int *n, bool *pack);
void graph_have(Elab *el, Tensor *t);                    /* t is part of the graph */
void statement_poison(Elab *el, Frame *f, const Stmt *st);
Extent place_end(Elab *el, const Expr *e, Pos p);        /* one past the largest value */
Extent ext_larger(Elab *el, Extent a, Extent b, Pos p);
Val ev_reduce(Elab *el, const Node *n, Frame *f, Scope s);
Val bind_index(Elab *el, Frame *f, const char *name, Val ext, bool pack, bool given, Pos p);
const char *item_name(Elab *el, const Node *n);          /* of ..k, ..k @ a, k < n, k: the name; NULL */
typedef VEC(const char *) Names;
void names_in(Elab *el, const Node *n, Names *out);

/* ---- elab_bounds.c, elab_cover.c */
Expr *bounds_check(Elab *el, Eq *e);
void cover_check(Elab *el, const Group *g);

/* ---- elab_graph.c, elab_kernel.c */
int64_t history_of(Elab *el, Frame *f, Tensor *t);       /* frames of the past that t keeps, by its `state` line */
void graph_elaborate(Elab *el, const Decl *d);
void kernels_finish(Elab *el, const Decl *d, Kernel *const *kernel);
void layout_apply(Elab *el, const Stmt *st, Tensor *t);
#endif
