/* Inside the reference interpreter: equations compiled to trees with resolved addresses, tensors with their storage.
 *
 *   interp.c          what a run does: sizes, inputs, equations in order, outputs, states
 *   interp_code.c     equations to Code; addresses for the extents of a call
 *   interp_eval.c     the value of a Code, the loops of an equation
 *   interp_stream.c   how far into the past a tensor is read; keeping that between calls
 */
#ifndef FRIT_INTERP_H
#define FRIT_INTERP_H
#include "scalar.h"

/* The storage of a tensor: row-major; along the stream dimension sdim it begins `past` frames before the call's first one. */
typedef struct Buf {
  Tensor *t; int sdim; int64_t past;
  uint8_t *data; size_t cap; int64_t count;
  int64_t *ext, *stride, *lo, *origin;                   /* a dimension: places lo .. origin + ext - 1 may be read; origin is stored first */
  uint8_t *history; size_t history_bytes, history_cap;
  uint8_t *view; size_t view_cap;
  bool written, fixed;                                   /* fixed: data is not ours (parameters, evaluated constants) */
} Buf;

typedef struct Term { int slot; int64_t k; } Term;
typedef struct Code Code;
/* One place of a read: affine (c + sum of terms), or code. */
typedef struct Place { Code *code; int64_t c; Term *term; int nterm; int64_t lo, hi, stride, origin; bool check; } Place;

typedef struct Machine Machine;
typedef Num EvalFn(Machine *m, const Code *c);
struct Code {
  EvalFn *eval; Type type, from; Fn fn; Red red; Convert mode; Num value; int slot; int narg; Code *arg[3]; const Expr *expr;
  Buf *buf; Place *place; int rank;                      /* a read; what follows is set by prog_bind */
  const uint8_t *data; int64_t base; Term *flat; int nflat; const Place **checked; int nchecked;
  int *bound; int nbound;
};

/* An equation. Slots are its indices and the dimensions that it mentions: lo[s] <= at[s] < hi[s]. */
typedef struct Prog {
  const Eq *e; Buf *out; Place *place; Code *rhs; int nfree; VEC(const Index *) index; int64_t *lo, *hi, *at;
  bool init, idle;                /* init: fills what precedes the first frame. idle: nothing to do in this call */
} Prog;
typedef struct Group { int first, n; Circle circle; } Group;

struct Interp {
  Ctx *c; const Graph *g; VEC(Buf *) buf; VEC(Prog *) constant, prog, init; VEC(Group) group; int64_t *dim; int64_t start, frames; int sdim; bool begun;
  const Tensor *ahead;            /* a stream that is read in the future, so that all frames must come in one call */
};
struct Machine { Interp *p; Prog *prog; int64_t *at; const Code *outside; bool failed; };

Buf *interp_buf(Interp *p, const Tensor *t);             /* made when first asked for */
int64_t interp_extent(const Interp *p, Extent e);        /* in this call; of the stream: frames since the beginning */

/* interp_code.c: NULL after an error. bind resolves addresses and ranges for this call, false after an error. */
Prog *prog_new(Interp *p, const Eq *e, bool init);
bool prog_bind(Interp *p, Prog *g);

/* interp_eval.c */
EvalFn eval_const, eval_index, eval_read, eval_read_f32, eval_fn, eval_add, eval_sub, eval_mul, eval_and, eval_convert, eval_select, eval_or,
       eval_reduce, eval_sum;
bool prog_run(Interp *p, Prog *g);
/* Only the elements whose place in dimension d is at. */
bool prog_step(Interp *p, Prog *g, int d, int64_t at);

/* interp_stream.c */
int tensor_stream_dim(const Tensor *t);                  /* -1: none */
bool stream_reach(Interp *p, const Eq *e);               /* sets Buf.past from the reads of e; false after an error */
bool history_load(Interp *p, Buf *b);
void history_save(Interp *p, Buf *b);
#endif
