/* What layout, schedule and the tree builders share: a kernel seen as items, accesses seen as strides, the choice of lanes and tiles.
 *
 *   kernel { z = b + sum(...); a = tanh(z); y[i] = a; y[8 + j] = x[j]; }      items: z, a, y (two pieces)
 *
 * An item is one leaf of the tree. Indices are known by name: inside a kernel equal names are the same loop (kernel_unify sees to it). */
#ifndef FRIT_BUILDERS_H
#define FRIT_BUILDERS_H
#include "util.h"

typedef VEC(const char *) NameList;
bool name_in(const NameList *v, const char *name);
void name_add(Ctx *c, NameList *v, const char *name);     /* unless it is there */
bool is_stream(const Index *i), is_fixed(const Index *i); /* runs over the stream; the extent is a number */
int64_t count_max(const Index *i);                        /* the largest extent */

/* One tensor that the kernel computes: its equations (more than one: pieces), the reduction of the first, the indices of both kinds, all reads.
 * After groups_of: its group, and which circle of a recurrence it belongs to (-1: none). */
typedef struct Item {
  Tensor *t; Eq **eq; int neq; Expr *red; Index **k; int nk; Index **free; int nfree; Exprs reads; int group, circle; Tree *leaf;
} Item;
typedef VEC(Item) Items;
Items items_of(Ctx *c, const Kernel *k);
#define ITEMS(it, b) for (Item *it = (b)->its.at; it < (b)->its.at + (b)->its.n; it++)      /* every item of a build */
/* What a builder works on; k: the kernel with indices joined (whole: as it is); lanes: see kernel_lanes. */
typedef struct Build { Ctx *c; const Graph *g; const Kernel *k, *whole; const Target *t; Items its; int lanes; } Build;
Build build_of(Ctx *c, const Graph *g, const Kernel *k, const Target *t);

Index *index_named(Index *const *at, int n, const char *name), *index_largest(Index *const *at, int n);     /* fixed ones; NULL: there is none */
Index *item_free(const Item *it, const char *name), *item_bound(const Item *it, const char *name);     /* NULL if it has none of this name */
/* The largest of even steps of at most n through ext. */
static inline int even_step(int64_t ext, int64_t n) { int64_t q = (ext + n - 1) / n; return (int)((ext + q - 1) / q); }
int64_t extent_named(const Item *it, const char *name);   /* of either kind; 1 if it has none */
bool item_reads(const Item *it, const Tensor *t);
bool same_space(const Item *a, const Item *b);            /* the same free names with the same extents */
/* Does every equation read tensor t by the names that its writer `it` gives its places (or at the same constants)? No read: true. */
bool reads_at_home(const Item *reader, const Item *it);
bool reads_near(const Item *reader, const Item *it, const NameList *col);     /* or at numbers where `it` has one of these names */
/* Can item i write in place of item o, which it reads for the last time, at home, and which lives in memory (its group is another one)? */
bool takes_over(const Build *b, int i, const Item *o);
bool is_local(const Kernel *k, const Tensor *t);          /* only this kernel sees it: a temporary that no other kernel reads */
bool kernel_circles(const Kernel *k);                     /* it holds a recurrence */
Index *kernel_stream(const Kernel *k);                    /* the index over the stream, NULL: it has none */
int kernel_lanes(const Kernel *k, const Target *t);       /* the greatest number of lanes that all its tensors fill, 1 on scalar targets */
bool tensors_alike(const Tensor *a, const Tensor *b);     /* equal type and shape, and no layout */

/* Elements between neighbours along an index in memory: 0 where it does not occur, -1 where there is no constant. */
int64_t access_stride(Ctx *c, const Tensor *t, Expr *const *place, const char *name);
void layout_last(Ctx *c, Tensor *t, int dim);             /* the dimension innermost, those of extent 1 outside, the others as they are */
int64_t part_extent(const Tensor *t, LayoutDim l);        /* of a layout's component */
const char *lane_best(Ctx *c, const Item *it, bool bound);/* the index with the most reads and writes of stride 1, NULL: it has none */
bool lane_unit(Ctx *c, const Item *it, const char *name); /* every read of the item is contiguous along this index, or without it */
typedef void ReadFn(Ctx *c, const Expr *read, void *arg);
void each_read(Ctx *c, const Expr *e, ReadFn *fn, void *arg);      /* calls fn on every read in e (also inside `or`) */

/* The indices of a sum of products of two reads: batch (in both and free), m (free, only in the streamed operand), n (free, only in the other; the
 * lanes' candidates), k (summed). w: the operand that is constant, if one is. No such sum: x is NULL. contracts: all of k stand in both. */
typedef struct Shape { bool contracts; Expr *x, *w; Index **batch, **m, **n, **k; int nbatch, nm, nn, nk; } Shape;
void shape_plain(Ctx *c, const Eq *e, Shape *out);
/* The index of the sum's groups: the last bound one, whose places the target multiplies and adds in one instruction; NULL: it has none. */
const Index *group_index(Ctx *c, const Target *t, const Eq *e);
static inline Shape shape_of(Ctx *c, const Eq *e) { Shape s; shape_plain(c, e, &s); return s; }
/* Is it a map, its constant operand a literal matrix? Such stay as they are: unrolled, their coefficients are in the code. */
static inline bool shape_maps(const Graph *g, const Shape *s) { return s->contracts && tensor_is_literal(g, s->w->tensor); }
void kernel_unify(Ctx *c, const Graph *g, Kernel *k);     /* names.c: indices along the same loop get the same name, others different names */

/* The register tile of a contraction: mr rows of broadcast by nv vectors (scalar targets: by nv elements); ku steps of the innermost k unrolled
 * (0: all of it, -1: all of every k); rows outside the panels (mn) or panels outside the rows (nm), those by blocks of mc (0: all). my: places
 * of a second row index, each with mr rows (if > 1, all of the first). */
typedef struct Tile { int mr, nv, ku; bool nm, moves; int my; int64_t mc; } Tile;
/* pitch: bytes between the k's of the lanes' operand, which is no constant and may be copied into panels (Tile.moves); 0: it lies in panels.
 * kc: k's that are taken at once where it is not copied (0: all). up, outer: extents of the second row index (1: none), of the rows' other loops. */
typedef struct TileSize {
  int64_t m, n, k, kin; int lanes, copies, pick; int64_t xbytes, wbytes, pitch, kc; bool conflict, turns; int64_t up, outer;
} TileSize;
Tile tile_choose(Ctx *c, const Target *t, const TileSize *s);          /* the best, or the pick-th after it (at most the last) */
/* Cycles of a tile of mr x nv whose rows come in whole steps and one rest (their operand is packed by mr); 1e30 if it does not fit. */
double tile_rows(const Target *t, const TileSize *s, int mr, int nv);
int tile_unroll(const Target *t, const TileSize *s, int mr, int nv);       /* Tile.ku */

/* How a contraction is computed: the names of its loops. lane: vectors (a free index, or a reduction index: horizontal sums); row: the tiled index
 * that the lane's operand lacks (NULL: none); up: a second one; outer: the other free ones, outer to inner, first nfixed of the lane's operand;
 * k: outer to inner, flat: unrolled; col: across only, a second tiled index, of the other operand (NULL: none). packed: the rows' operand is
 * constant and comes in panels of mr rows. ahead: k steps between a product and the prefetch of the constant lanes' operand (0: none); share: it is
 * for the next panel, once in so many k's (0: not). kc: k's that stand outside of all, where each touches another page of the lanes' operand (0:
 * none). clips, upclips: rows are read outside (`or`), the tiles at the borders stand apart. each: the lane is in both operands, all taps are
 * unrolled and the last stands inside the rows. mid: the panels' loop stands between those of up and row. dot: an index of the sum that is in
 * the instruction (NULL: none), not among k. */
typedef struct Plan {
  const char *lane, *row, *up, *col, *dot, **outer; int nouter, nfixed; const char **k; bool *flat; int nk; Tile tile; int lanes;
  bool across, packed, clips, upclips, each, mid; int64_t ahead, share, kc;
} Plan;
const Expr *plan_lanes(Ctx *c, const Item *it, const Plan *p);            /* the read that the lanes of a contraction run along */
bool plan_contraction(Ctx *c, const Kernel *k, const Item *it, int copies, const Target *t, Plan *out);
void plan_window(Ctx *c, const Item *it, const Expr *rows, const Target *t, const TileSize *z, Plan *p);  /* window.c: borders and unrolled taps */
void order_k(Ctx *c, const Shape *s, const char *lane, const char ***k, int *nk);

/* Items first..end - 1, ncon contractions among them: a contraction with the pointwise items of its index space, or pointwise items of one space, or
 * (circle) a recurrence. In a stream it computes mr rows of index row together. */
typedef struct Group { int first, end, ncon; bool circle; const char *row; int mr; } Group;
typedef VEC(Group) Groups;
Groups groups_of(Build *b);                               /* moves pointwise items up to their producers, then cuts */
void items_move(Item *at, int from, int to);              /* to <= from; those between move on */

/* How a stream kernel is cut: blocks of Target.block frames in steps of nv vectors; few: steps of so many frames, lanes along the rows. */
typedef struct StreamPlan { Groups group; int nv, few; const char *time; } StreamPlan;
StreamPlan plan_stream(Build *b);
const char *row_name(const Item *it, const char *step);   /* the largest free index but `step`: of the rows or, in a recurrence, the lanes; or NULL */
const char *group_step(const Build *b, const Group *g);   /* the index that steps through a circle */
Index *eq_step(Ctx *c, const Graph *g, const Eq *e);      /* the index that steps through the equation's circle, NULL if there is none */

/* ---- trees of one kernel */
Tree *tree_for(Ctx *c, const char *index, int64_t step, LoopKind kind, Tree *body);
Tree *tree_loop(Ctx *c, const char *index, int64_t step, Tree *body);      /* serial */
Tree *tree_let(Ctx *c, const char *tensor, Storage s), *tree_prefetch(Ctx *c, const char *tensor, int64_t ahead, const char *next);
Tree *tree_cat(Tree *a, Tree *b);
typedef VEC(LeafDim) Order;                               /* a leaf's loops, outer to inner */
void order_add(Ctx *c, Order *o, const char *index, LeafKind kind, int64_t step);
void order_serial(Ctx *c, Order *o, const char *index), order_unroll(Ctx *c, Order *o, const char *index);
void order_k_by(Ctx *c, Order *o, const char **k, int nk, int ku);         /* reduction indices, unrolled as Tile.ku says */
void order_pieces(Ctx *c, Order *o, const Item *it, const char *lane);     /* free, then bound indices of all pieces, without the lane */
Tree *leaf_of(Ctx *c, const Item *it, const Order *o);
/* The leaves of items first..end - 1, and `let x reg` for every item of them that is read only at home, and only by them. */
Tree *tree_leaves(const Build *b, int first, int end);
Tree *let_past(const Build *b, const Item *it, const char *lane);         /* for a result that no cache holds, written in these lanes; or NULL */
Tree *tree_tile(const Build *b, const Group *g, const char *row, int mr, int nv);
/* A contraction and what follows it; moved: what fills the panels of the lanes' operand, NULL: nothing does. */
Tree *tree_group(const Build *b, const Group *g, const Plan *p, const Item *moved);
Tree *tree_steps(const Build *b, const Group *g, const char *step);       /* a recurrence: its equations one after another, frame by frame */
Tree *tree_blocks(Build *b);                              /* NULL: the kernel is no such chain */
Tree *tree_stream(Build *b), *tree_contraction(Build *b), *tree_rows(Build *b), *tree_pointwise(Build *b);   /* a builder a class of kernel */
Tree *tree_parallel(const Build *b, Tree *tree);          /* with the loops that threads share, if there are threads */
Tree *tree_singles(const Build *b, int first, int end);   /* each item by itself, serial loops, lanes along the best index: always right */
#endif
