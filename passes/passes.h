/* Passes: equations to equations, to kernels, to trees. One file a pass, one exported function; it gives the number of changes, -1 after
 * an error. passes.c has the table with the order and its reasons and runs it: dump, verify, time, stop-after for all passes alike. */
#ifndef FRIT_PASSES_H
#define FRIT_PASSES_H
#include "../backend/target.h"
#include "../ir/ir.h"

typedef int PassFn(Ctx *c, Graph *g, const Target *t);
PassFn pass_stream, pass_split, pass_simplify, pass_inline, pass_place, pass_fuse, pass_layout, pass_schedule, pass_plan;

/* Runs all passes whose stage lies after g->stage, up to and including `until`. False after an error. */
bool passes_run(Ctx *c, Graph *g, const Target *t, Stage until);

/* ---- shared between fuse, layout and schedule */
typedef enum { CLASS_CONTRACTION, CLASS_REDUCTION, CLASS_POINTWISE, CLASS_GATHER, CLASS_SCAN } Class;
/* What an equation's indices are, from the indices alone. For a sum of products of two reads: batch (in both and free), m (free, only in
 * the streamed operand), n (free, only in the other; the lanes' candidates), k (summed). w: the operand that is constant, if one is. */
typedef struct Shape { Class kind; Expr *x, *w; Index **batch, **m, **n, **k; int nbatch, nm, nn, nk; } Shape;
void shape_of(Ctx *c, const Graph *g, const Eq *e, Shape *out);
/* Moves of the fuser by name ("vertical", "prologue", "horizontal", "tile"): may this one be taken? Honours -fno-fuse and the bisect limit
 * and counts. */
bool move_allowed(Ctx *c, const char *move, const char *label);

/* Tree builders: the tree of one kernel. */
Tree *tree_pointwise(Ctx *c, const Graph *g, const Kernel *k, const Target *t);
Tree *tree_contraction(Ctx *c, const Graph *g, const Kernel *k, const Target *t);
Tree *tree_rows(Ctx *c, const Graph *g, const Kernel *k, const Target *t);
Tree *tree_stream(Ctx *c, const Graph *g, const Kernel *k, const Target *t);
Tree *tree_scan(Ctx *c, const Graph *g, const Kernel *k, const Target *t);
/* Small constructors for builders. */
Tree *tree_for(Ctx *c, const char *index, int64_t step, LoopKind kind, Tree *body);
Tree *tree_leaf(Ctx *c, const char *tensor, const char *order, ...);  /* printf of "k, c/4, o*, t~" */
Tree *tree_let(Ctx *c, const char *tensor, Storage s);
Tree *tree_cat(Tree *a, Tree *b);
#endif
