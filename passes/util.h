/* What the passes share: users of tensors, rebuilding of expressions, new tensors and equations. */
#ifndef FRIT_PASS_UTIL_H
#define FRIT_PASS_UTIL_H
#include "passes.h"
#include <string.h>
static inline int pmap_get(const Map *m, const void *key) { return (int)(intptr_t)map_get(m, key) - 1; }    /* numbers from 0 on; -1: absent */
static inline void pmap_set(Ctx *c, Map *m, const void *key, int value) { map_put(c, m, key, (void *)(intptr_t)(value + 1)); }
typedef VEC(Expr *) Exprs; typedef VEC(Index *) Indices; typedef VEC(Eq *) Eqs; typedef VEC(Tensor *) Tensors;

/* Every equation of a graph or kernel; those that are added on the way are not visited. */
#define EQS(e, of) \
  for (Eq **e##_at = (of)->eq, **e##_end = (of)->neq ? e##_at + (of)->neq : e##_at, *e = NULL; e##_at < e##_end && (e = *e##_at, true); e##_at++)

/* Who writes and who reads a tensor. A snapshot: rebuild it after a change. */
typedef struct Use { Eq *eq; Expr *read; } Use; typedef struct UseList { VEC(Use) read; Eqs writer; } UseList; typedef Map Uses;
Uses uses_find(Ctx *c, const Graph *g);
UseList *uses_get(Uses *u, const Tensor *t);             /* never NULL for a tensor of the graph that is read or written */
Eqs uses_producers(Ctx *c, Uses *u, const Eq *e);        /* all that write what e reads: once for each read */

/* ---- indices */
Index *index_new(Ctx *c, const char *name, Extent ext); bool same_extents(Index *const *a, int na, Index *const *b, int nb);
Expr **index_exprs(Ctx *c, Index *const *at, int n);     /* each as an expression */
bool index_in(const Index *i, Index *const *list, int n);
Index *expr_bare(const Expr *e);                         /* the index, if e is nothing but an index; else NULL */
/* How many points they span at their largest extents; of an equation the free ones, of a reduction the bound ones. */
double index_points(Index *const *at, int n), eq_points(const Eq *e), reduce_points(const Expr *red);
Index *eq_stream(const Eq *e);                           /* the free index that runs over the stream, or NULL */

/* ---- expressions */
void expr_reads_of(Ctx *c, Expr *e, Exprs *out);         /* every read in e, also those in places; parents first */
Exprs reads_in(Ctx *c, Expr *e), rhs_reads(Ctx *c, const Eq *e);     /* the same as a list; of the right side */
#define READS(r, c, e) for (Exprs r##_in = reads_in((c), (e)), *r##_all = &r##_in; r##_all; r##_all = NULL) EACH(Expr, r, r##_in)
bool expr_has(const Expr *e, ExprKind k), expr_costly(const Expr *e);      /* costly: holds a function that is never computed twice (exp, ...) */
int expr_ops(const Expr *e);                             /* functions and choices in e */
bool expr_constant(const Expr *e);                       /* nothing but constants, indices, reads of parameters and constant tensors */
bool place_static(const Expr *e), read_static(const Expr *read);   /* no read in it; in none of the read's places */
/* Is every place of the read, its place d (which is static), of all reads in e, is this place inside its tensor, without help from conditions? */
bool read_inside(Ctx *c, const Expr *read), dim_inside(Ctx *c, const Expr *read, int d), expr_reads_inside(Ctx *c, Expr *e);
bool place_inside(Ctx *c, const Expr *place, Extent n);
int read_dim(const Expr *read, const Index *i);           /* the one place in which i stands, bare; -1: there is no such */
void expr_indices(Ctx *c, const Expr *e, Indices *out);  /* the different ones in e, in order of appearance */
Expr *expr_sum(Ctx *c, Expr *const *at, int n);          /* a0 + a1 + ..., NULL for none */
void expr_terms(Ctx *c, Fn fn, Expr *e, Exprs *out);     /* of a tree of fn, as FN_ADD */
Expr *expr_reread(Ctx *c, Expr *e, Tensor *from, Tensor *to);              /* reads of `from` become reads of `to` */

/* ---- graphs */
Tensor *tensor_new(Ctx *c, Graph *g, const char *hint, Type type, int rank, const Extent *shape, Pos pos);
Eq *eq_new(Ctx *c, Graph *g, Tensor *out, Index **free, int nfree, Expr *rhs, const Eq *like);  /* out[free...] = rhs as the graph's last equation. */
void eq_insert(Ctx *c, Graph *g, int at, Eq *e), eq_remove(Graph *g, const Eq *e);
int eq_at(const Graph *g, const Eq *e);                  /* -1 if it is none of the graph's */
int eq_circle(Ctx *c, const Graph *g, const Eq *e, Circle *x);  /* Which equation of the circle of its recurrence (*x) e is; -1 if it is in none. */
Index **tensor_indices(Ctx *c, const Tensor *t);         /* new ones, one a dimension, with the names of symbolic dimensions */
Tensor *tensor_copy(Ctx *c, Graph *g, Tensor *t, const char *hint, Eq **eq);         /* a new one like t, and the equation that copies t into it */
void tensor_add(Ctx *c, Tensors *v, Tensor *t);          /* unless it is there */
bool eq_by_hand(const Graph *g, const Eq *e);            /* stands in a kernel that the user wrote: not rewritten */
bool tensor_is_next(const Graph *g, const Tensor *t);    /* a state takes its value at the end of the call */
bool graph_is_out(const Graph *g, const Tensor *t), graph_streams(const Graph *g);      /* the latter: it has a stream dimension */
bool tensor_known(const Tensor *t);                      /* its data are there when the model is compiled */
void tensor_find_stream(Tensor *t);                      /* sets stream_dim from the shape */
bool tensor_removable(const Graph *g, Uses *u, const Tensor *t);     /* a plain temporary of one writer: no history, no output, not by hand */
void kernel_inputs(Ctx *c, Kernel *k);                   /* sets the list of what it reads and does not write */
const char *label_union(Ctx *c, const char *a, const char *b);      /* "conv+bias" and "bias+relu": "conv+bias+relu" */
/* Solves e's places for its indices from the places of a read: to[k] for e->free[k]. False if that is not possible. */
bool eq_solve(Ctx *c, const Eq *e, Expr *const *place, Expr **to);
bool *circles_maybe(Ctx *c, const Graph *g);             /* Of each equation, in order: may it be part of a recurrence? (graph_circle knows.) */
int const_mark(Ctx *c, Graph *g, bool late);             /* Turns equations over constants alone into constant ones where that pays. */
bool const_force(Ctx *c, Graph *g, Expr *e);             /* All temporaries that e reads become constants, if they can. False if some cannot. */

/* ---- parts of simplify; the number of changes */
typedef int SimplifyPart(Ctx *c, Graph *g); SimplifyPart solve_conditions, fold_scales, hoist_invariants, inline_views, dead_code;
#endif
