/* Private to elaboration: values, scopes, frames, and what the files elab_*.c offer each other.
 * An error records its diagnostic and jumps to the statement of the graph that is being elaborated; what the statement would have defined is
 * poisoned, and what reads it fails in silence. All memory is the arena's, so nothing is lost by the jump. */
#ifndef FRIT_ELAB_H
#define FRIT_ELAB_H
#include "ast.h"

typedef VEC(const char *) Names;

/* ---- values */
typedef enum {
  V_NONE,        /* none; an argument that is not given */
  V_NUM,         /* e: a number, an extent, or an element (an expression over indices) */
  V_STRING, V_TYPE, V_LIST,   /* s; t; l */
  V_COMP, V_TUPLE,            /* l: a composite (a, b, ..c); several results of a call */
  V_TENSOR, V_LIFT,           /* x; f: an element-by-element expression over whole tensors, not yet an equation */
  V_LIM,         /* m: `e < n` in a composite: e with the extent n (NULL: not bare any more, extent unknown) */
  V_ABSENT, V_HOLE,           /* p: a tensor parameter that was not given; an index of a pack that is not bound here */
  V_POISON       /* its definition failed: already reported */
} ValKind;
typedef struct Val Val;
typedef struct List { Val *at; int n, cap; } List; typedef struct Lim { Expr *e, *n; } Lim;
typedef struct Tens Tens; typedef struct Lift Lift;
struct Val { ValKind k; union { Expr *e; const char *s; Type t; List *l; Tens *x; Lift *f; Lim *m; const Param *p; }; };

/* An index with whether its range was given (`i < n`): then it need not agree with the dimensions that it reads. Every Index that elaboration
 * makes is the head of one of these. from: the tensor whose read gave the extent, or NULL. */
typedef struct Idx { Index ix; bool given; const Tensor *from; } Idx;
/* The extents of an index (n == 1) or of a pack; e NULL: not known. */
typedef struct Dims { const Extent *e; int n; bool pack; } Dims;

/* A tensor as a parameter of an operator sees it: which of its dimensions belong to which pack, what composite patterns say. */
typedef struct PackDim { const char *name; int n; struct PackDim *next; } PackDim;
typedef struct CompDim { int dim, n; Extent *ext; struct CompDim *next; } CompDim;
struct Tens { Tensor *t; PackDim *pack; CompDim *comp; const List *known; };

/* An operation on numbers, and the tree of them that a lifted expression is. */
typedef enum { OP_LEAF, OP_FN, OP_CONVERT, OP_SELECT, OP_OR } OperKind;
typedef struct Oper { OperKind k; Fn fn; Convert mode; Type type; } Oper;
struct Lift { Oper o; int rank, n, size; const Extent *shape; Val leaf; Lift *arg[3]; const char *label; Pos pos; };

/* ---- scopes: what indices and the parameters of local functions are bound to, innermost first */
typedef struct Bind { const char *name; Val v; const struct Bind *up; } Bind;
/* eq: inside an equation: elements, not whole tensors. left: on its left, where `i < n` is i. ext: an extent: symbolic dimensions before indices. */
typedef struct Scope { const Bind *b; bool eq, left, ext; } Scope;

/* ---- frames: one a call, one for the graph */
typedef struct Slot Slot;
/* One equation of the source; places (NULL-terminated) and free indices once its left side is settled. */
typedef struct Piece {
  const Stmt *st; Slot *slot; const Bind *scope; Expr **place; Index **free; int nfree; Kernel *kernel; bool again; Val rhs;
} Piece;
/* The pieces of one tensor; left: not yet evaluated; again: a right side read a tensor whose type was not known. */
typedef struct Group { const char *name; VEC(Piece *) piece; Tensor *t; Type type; int left; bool again; } Group;
typedef enum { SL_NONE, SL_VALUE, SL_THUNK, SL_PENDING, SL_BUSY } SlotState;
struct Slot {
  const char *name; SlotState state; Val v; const Param *param; Group *group; const Stmt *fun;
  Dims dim; bool given; Index *sym;      /* the name as an index or pack; its range was given by `<`; as a symbolic dimension of the graph */
};
typedef struct Rest { const char *name; Val v; } Rest; typedef struct Want { const char **name; int n; } Want;
typedef struct Memo { const Node *node; Val v; struct Memo *next; } Memo;
typedef struct Frame {
  const Decl *op; VEC(Slot *) slot; Map map; Rest *rest; int nrest; Memo *memo; bool graph, unknown; const char *prefix; Want out;
} Frame;

/* ---- the whole */
typedef struct Call { const char *name; Pos pos; } Call;   /* the way from the user's place to an error: operator and place of its call */
#define CALL_MAX 60
/* What an error sets back. want: names for the results of the call that is a statement's whole right side; target: name of what the
 * statement defines, the prefix of temporaries. */
#define NOW int ncall, level, quiet; Want want; const char *target; Kernel *kernel; bool constant
typedef struct Now { NOW; } Now;
typedef struct Catch { jmp_buf jmp; struct Catch *up; Now now; } Catch;
typedef enum { W_VALUE, W_TYPE, W_FN, W_LIST, W_CONVERT, W_RED } WordKind;
typedef struct Word { WordKind kind; int id; Val v; } Word;   /* v: of W_VALUE and W_TYPE */

typedef struct Elab {
  Ctx *c; Graph *g; const Ast *ast; Map op, word, name, suffix; Names op_name;
  Note also[4]; int nalso; const Tensor *gave;  /* notes for the next fail_at; whose read gave the extent that bind_index is about to use, or NULL */
  Call call[CALL_MAX + 2]; int64_t steps; Catch *catch_; union { struct { NOW; }; Now now; };
  bool dump; Weights **weights; int nweights;
  VEC(Tensor *) tensor; VEC(Eq *) eq; Map have, history;  /* tensors that are in `tensor`; names of stream tensors to their `state` lines */
  const char *s_size, *s_rank, *s_type, *s_shape, *s_given, *s_pack;
} Elab;

/* ---- elab.c: the entry; names, tables, errors with the way inwards */
void fail_at(Elab *el, Pos p, const char *fmt, ...) __attribute__((format(printf, 3, 4), noreturn));
void fail_silent(Elab *el) __attribute__((noreturn));
void fail_also(Elab *el, Pos p, const char *fmt, ...) __attribute__((format(printf, 3, 4)));   /* a note to the fail_at that follows */
/* With the name that may have been meant. */
void fail_near(Elab *el, Pos p, const char *name, const Names *near, const char *fmt, ...) __attribute__((format(printf, 5, 6), noreturn));
/* `if (catch_begin(el, &k)) { ...; catch_end(el); }`: an error within jumps to behind the if, with all that Catch holds as it was before. */
#define catch_begin(el, k) (catch_push(el, k), setjmp((k)->jmp) == 0)
void catch_push(Elab *el, Catch *k); void catch_end(Elab *el);
Slot *slot_find(const Frame *f, const char *name); Slot *slot_get(Elab *el, Frame *f, const char *name);    /* get makes it */
void slot_set(Elab *el, Frame *f, const char *name, Val v); void slot_dim(Elab *el, Frame *f, const char *name, Dims d);
const char *name_fresh(Elab *el, const char *hint);      /* not in use; the user's own name if it is still to be defined */
const char *name_temp(Elab *el, const char *hint);       /* for a temporary: never a name of the user's */
bool names_have(const Names *n, const char *name); void names_put(Ctx *c, Names *n, const char *name);   /* put: once */
void name_reserve(Elab *el, const char *name); const char *frame_full(Elab *el, const Frame *f, const char *local);
const char *label_now(Elab *el, const char *last);

/* ---- elab_value.c: numbers, extents, lists, lifted whole-tensor expressions; functions of them */
Val v_num(Expr *e); Val v_int(Elab *el, int64_t i); Val v_bool(Elab *el, bool b); Val v_float(Elab *el, double f);
Val v_list(Elab *el, int n);                             /* n elements of none; PUSH adds more */
Val v_tensor(Elab *el, Tensor *t); Val v_lim(Elab *el, Expr *e, Expr *n); Val first_of(Val v);     /* of several results */
Val v_ext(Elab *el, Extent e); Val v_dims(Elab *el, Dims d);         /* dims: an extent, or a pack's list of them */
bool v_is_int(Val v, int64_t *i); bool v_is_bool(Val v, bool *b);    /* a known integer (or bool) */
bool v_static(Val v); bool v_whole(Val v);               /* no index but symbolic dimensions; V_TENSOR, V_LIFT */
Idx *v_idx(Val v); const char *v_kind(Val v);            /* a bare index, or NULL; for messages */
int64_t need_int(Elab *el, Val v, Pos p, const char *what); Extent need_ext(Elab *el, Val v, Pos p, const char *what);
Extent ext_mul(Elab *el, Extent a, Extent b, Pos p); Extent ext_product(Elab *el, const Extent *e, int n, Pos p); Expr *ext_expr(Elab *el, Extent e);
Extent ext_pos(Extent e); bool ext_is(Extent e, int64_t n);          /* at least 0; is it the number n? */
/* t + 1; [1, 3, t]; f32[1, 3, t]; 'x' [1, 3, t]; an s where n is not 1 */
char *ext_show(Elab *el, Extent e); char *ext_print(Elab *el, const Extent *e, int n); char *type_show(Elab *el, const Tensor *t);
char *tens_show(Elab *el, const Tensor *t); const char *plural(int64_t n);
Extent *ext_broadcast(Elab *el, const Extent *a, int na, const Extent *b, int nb, int *n);   /* NULL if they do not */
Expr *num_fn(Elab *el, Fn f, Expr **a, int n, Pos p); Val v_fn(Elab *el, Fn f, const Val *a, int n, Pos p);
Val v_fn2(Elab *el, Fn f, Val a, Val b, Pos p);
Val v_select(Elab *el, Val c, Val a, Val b, Pos p); Val v_or(Elab *el, Val a, Val b, Pos p);
Val v_convert(Elab *el, Convert mode, Type t, Val v, Pos p); Type v_type(Elab *el, Frame *f, Val v, Pos p);
Val v_lift(Elab *el, Val v, Pos p); Expr *lift_build(Elab *el, const Lift *l, Expr *const *ix);    /* a tensor or number as a lifted expression */
Val v_store(Elab *el, Val v, const char *name, Pos p);   /* the tensor of a value: a lifted expression becomes an equation; hint names it */

/* ---- elab_expr.c: expression nodes to values: names, operators, reads, composites, suffixes */
void fail_unknown(Elab *el, Pos p, const char *name, const Frame *f, Scope s) __attribute__((noreturn));
Val ev_node(Elab *el, const Node *n, Frame *f, Scope s), ev_scalar(Elab *el, const Node *n, Frame *f, Scope s);    /* any value; an element or list */
Val v_scalar(Elab *el, Val v, Frame *f, Scope s, Pos p); List *ev_items(Elab *el, Node *const *it, int n, Frame *f, Scope s);
Val slot_value(Elab *el, Frame *f, Slot *s, Pos p);           /* declares, evaluates defaults; absent tensors stay V_ABSENT */
Val absent_default(Elab *el, Frame *f, const Param *p); Expr *comp_linear(Elab *el, const List *l, Pos p, const CompDim *known);
Val base_value(Elab *el, const Node *n, Frame *f, Scope s);   /* of what is indexed */
bool scope_find(Scope s, const char *name, Val *out); Scope scope_bind(Elab *el, Scope s, const char *name, Val v);

/* ---- elab_call.c: calls, binding of arguments, folds, local functions */
Val ev_call(Elab *el, const Node *n, Frame *f, Scope s, Want want);
Val attribute_coerce(Elab *el, const Param *p, Val v, Pos pos);      /* to the kind that the parameter asks for */
/* A list function: it takes `least` arguments or more, the one numbered `which` of a kind (V_NONE: any). */
typedef struct ListFn { const char *name; int least, which; ValKind kind; Val (*fn)(Elab *, const Val *, int, Pos); } ListFn;
enum { LF_COUNT = 16 };
extern const ListFn list_fn[LF_COUNT];

void match_params(Elab *el, Frame *f, const Decl *op, Pos p);        /* elab_match.c: patterns of tensor parameters */

/* ---- elab_body.c: statements of a body: order, types, pieces */
void body_run(Elab *el, Frame *f, Stmt *const *st, Kernel *const *kernel, int n); void declare_slot(Elab *el, Frame *f, Slot *s);
Eq *emit_eq(Elab *el, Tensor *t, Expr **place, Index **free, int nfree, Expr *rhs, Pos p);
void graph_have(Elab *el, Tensor *t);                    /* t is part of the graph */
void statement_poison(Elab *el, Frame *f, const Stmt *st); Type type_named(Elab *el, const char *name, Pos p);

/* ---- elab_bind.c: indices: left sides, reductions, extents from reads */
void left_settle(Elab *el, Frame *f, Piece *p); Val ev_reduce(Elab *el, const Node *n, Frame *f, Scope s);
Idx *idx_new(Elab *el, const char *name, Extent e, bool given); const char *pack_name(Elab *el, const char *pack, int i);
void names_in(Elab *el, const Node *n, Names *out); bool is_range(const Node *n); bool is_arith(const Node *n);   /* a < b; a + b, a - b, a * b */

/* ---- elab_check.c: every read is proven inside, guarded, or a gather; the pieces of a tensor cover it without overlap */
Expr *bounds_check(Elab *el, Expr *rhs); void cover_check(Elab *el, const Group *g);

/* ---- elab_graph.c: inputs, weights, constants, state, results, kernels, schedules, layouts */
int64_t history_of(Elab *el, Frame *f, Tensor *t);       /* frames of the past that t keeps, by its `state` line */
void graph_elaborate(Elab *el, const Decl *d);
#endif
