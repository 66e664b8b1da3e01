/* What layout, schedule and the tree builders share: a kernel seen as items, accesses seen as strides, the choice of lanes and tiles.
 *
 *   kernel { z = b + sum(...); a = tanh(z); y[i] = a; y[8 + j] = x[j]; }      items: z, a, y (two pieces)
 *
 * An item is one leaf of the tree. Indices are known by name: inside a kernel equal names are the same loop (kernel_unify sees to it).
 */
#ifndef FRIT_BUILDERS_H
#define FRIT_BUILDERS_H
#include "passes.h"
#include <string.h>

/* One tensor that the kernel computes: its equations (more than one: pieces), the reduction of the first, the indices of both kinds. */
typedef struct Item { Tensor *t; Eq **eq; int neq; Expr *red; Index **k; int nk; Index **free; int nfree; } Item;
typedef struct Items { Item *at; int n; } Items;
Items items_of(Ctx *c, const Kernel *k);

bool name_same(const char *a, const char *b);
Index *item_free(const Item *it, const char *name);      /* NULL if it has none of this name */
Index *item_bound(const Item *it, const char *name);
bool item_reads(const Item *it, const Tensor *t);
bool same_space(const Item *a, const Item *b);            /* the same free names with the same extents */
bool is_stream(const Index *i);
bool is_fixed(const Index *i);                            /* the extent is a number */

/* Does every equation read tensor t by the names that its writer `it` gives its places (or at the same constants)? No read: true. */
bool reads_at_home(const Item *reader, const Item *it);
/* Only this kernel sees it: a temporary that no other kernel reads. */
bool is_local(const Kernel *k, const Tensor *t);

/* Elements between neighbours along an index in memory: 0 where it does not occur, -1 where there is no constant. */
int64_t access_stride(Ctx *c, const Tensor *t, Expr *const *place, const char *name);
/* Calls fn on every read in e (also inside `or`). */
typedef void ReadFn(Ctx *c, const Expr *read, void *arg);
void each_read(Ctx *c, const Expr *e, ReadFn *fn, void *arg);
/* The greatest number of lanes that all tensors of a kernel fill, 1 on scalar targets. */
int kernel_lanes(const Kernel *k, const Target *t);
int64_t count_max(const Index *i);                        /* the largest extent */

/* Text of a leaf's order. */
typedef struct Order { Text s; } Order;
void order_add(Order *o, const char *index, const char *how);       /* how: "", "*", "~", "/4", "/4~" */

/* shape_of without the question whether the equation steps through a recurrence. */
void shape_plain(Ctx *c, const Eq *e, Shape *out);

/* Gives indices of a kernel that run along the same loop the same name, others different names. */
void kernel_unify(Ctx *c, const Graph *g, Kernel *k);

/* The register tile of a contraction: mr rows of broadcast by nv vectors (scalar targets: by nv elements); ku steps of the innermost k
 * unrolled (0: all of it, -1: all of every k);
 * rows outside the panels (mn) or panels outside the rows (nm), kc: block of k (0: none). */
typedef struct Tile { int mr, nv, ku; bool nm; int64_t kc; } Tile;
typedef struct TileSize { int64_t m, n, k, kin; int lanes, copies; int64_t xbytes, wbytes; bool conflict; } TileSize;
Tile tile_choose(const Target *t, const TileSize *s);
/* Cycles of a tile of mr x nv whose rows come in whole steps and one rest (their operand is packed by mr); 1e30 if it does not fit. */
double tile_rows(const Target *t, const TileSize *s, int mr, int nv);
int tile_unroll(const Target *t, const TileSize *s, const Tile *tile);

/* How a contraction is computed: the names of its loops. lane: vectors (a free index, or a reduction index: horizontal sums);
 * row: the tiled index that the lane's operand lacks (NULL: none); outer: the other free ones, outer to inner; k: outer to inner.
 * col: across only, a second tiled index, of the other operand (NULL: none).
 * packed: the rows' operand is constant and comes in panels of mr rows. */
typedef struct Plan { const char *lane, *row, *col; const char **outer; int nouter; const char **k; int nk; Tile tile; int lanes; bool across, packed; } Plan;
bool plan_contraction(Ctx *c, const Kernel *k, const Item *it, int copies, const Target *t, Plan *out);

/* A contraction with the pointwise items of its index space, or pointwise items of one space, or (circle) a recurrence:
 * first..first + n of the items, ncon contractions among them. */
typedef struct Group { int first, n, ncon; bool circle; } Group;
/* Moves pointwise items up to their producers, then cuts. */
Group *groups_of(Ctx *c, const Graph *g, Items *its, int *n);

int sums_of(const Items *its, const Group *g);
bool group_costly(const Items *its, const Group *g, int sums);

/* How a stream kernel is cut: blocks of `block` frames in steps of nv vectors; group i computes mr[i] rows of index row[i] together. */
typedef struct StreamPlan { int nv, lanes; int64_t block; Items its; Group *group; int ngroup; int *mr; const char **row; const char *time; } StreamPlan;
StreamPlan plan_stream(Ctx *c, const Graph *g, const Kernel *k, const Target *t);
void add_k(Ctx *c, Order *o, const char **k, int nk, int ku);
const char *by(Ctx *c, int64_t n, const char *end);                 /* "/4~" */
void order_k(Ctx *c, const Shape *s, const char *lane, const char ***k, int *nk);
int64_t extent_named(const Item *it, const char *name);
/* The largest free index but `step`, NULL if there is none: what rows or, in a recurrence, lanes run over. */
const char *row_name(const Item *it, const char *step);
const char *group_step(Ctx *c, const Graph *g, const Items *its, const Group *gr);      /* the index that steps through a circle */
Index *eq_step(Ctx *c, const Graph *g, const Eq *e);      /* the index that steps through the equation's circle, NULL if there is none */
/* The leaf of one equation of a recurrence within a step along `step`: lanes along its largest other index. */
Tree *leaf_step(Ctx *c, const Item *it, const char *step, int lanes, const Target *t);

void order_pieces(Order *o, const Item *it, const char *lane, bool bound);
Tree *leaf_of(Ctx *c, const Item *it, const Order *o);
/* `let x reg` for every item of first..first + n that is read only at home, and only inside that range. */
Tree *lets_reg(Ctx *c, const Kernel *k, const Items *its, int first, int n);
/* Any item by itself: serial loops, lanes along the best index. Right for everything. */
Tree *tree_single(Ctx *c, const Kernel *k, const Item *it, const Target *t);
const char *lane_best(Ctx *c, const Kernel *k, const Item *it, bool bound);
/* Loops around body, outer to inner, step by step of one. */
Tree *tree_around(Ctx *c, const char **outer, int n, Tree *body);
#endif
