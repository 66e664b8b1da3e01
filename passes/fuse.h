/* The fuser's view: groups of equations that will be kernels, and the moves that join them. */
#ifndef FRIT_PASS_FUSE_H
#define FRIT_PASS_FUSE_H
#include "util.h"

typedef enum {
  GROUP_POINT,                    /* pointwise equations over one index space */
  GROUP_CONTRACTION,              /* sums of products over one space and pointwise followers of that space */
  GROUP_ROWS,                     /* reductions over columns and pointwise equations of the same rows */
  GROUP_STREAM,                   /* everything over t */
  GROUP_SCAN,                     /* a recurrence */
  GROUP_HAND,                     /* a kernel that the user wrote */
  GROUP_OTHER                     /* a gather, ... */
} GroupKind;
typedef struct Cluster { GroupKind kind; Eqs eq; Kernel *hand; const char *label; int first; bool gone; } Cluster;
typedef struct Fuse { Ctx *c; Graph *g; const Target *t; VEC(Cluster) group; Map of; Uses uses; int n; } Fuse;   /* of: equation -> group */

int fuse_writer(Fuse *f, const Tensor *t);               /* the group that writes t, -1: none */
/* May group b (which reads a) be computed in a's kernel? NULL if so, else why not. *move names the move, *kind what the kernel becomes. */
const char *fuse_vertical(Fuse *f, int a, int b, const char **move, GroupKind *kind);
/* May a and b, which do not depend on each other, share a kernel? */
const char *fuse_horizontal(Fuse *f, int a, int b);
GroupKind fuse_kind(Fuse *f, const Eq *e);               /* of an equation alone */
#endif
