/* The parts of the stream pass: time offsets, reads ahead (retime.c), far reads of recurrences (far.c). */
#ifndef FRIT_PASS_STREAM_H
#define FRIT_PASS_STREAM_H
#include "util.h"

/* A place in the stream dimension is t + o with lo <= o <= hi. */
typedef struct Offset { int64_t lo, hi; } Offset;
bool stream_offset(Ctx *c, const Expr *place, const Index *t, Offset *out);
/* Moves tensors later in time until nothing reads ahead. Gives each tensor's lag in frames (lags: tensor -> place in lag; *lag NULL if
 * nothing moved). An error with the delay needed if opt.delay does not suffice. */
bool stream_retime(Ctx *c, Graph *g, Map *lags, const int64_t **lag);
/* Copies tensors of recurrences within a block that are also read a block or more back. Gives the number of copies, -1 after an error. */
int stream_far(Ctx *c, Graph *g, int block);
#endif
