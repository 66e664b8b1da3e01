/* Passes: equations to equations, to kernels, to trees. One file a pass, one exported function; it gives the number of changes, -1 after
 * an error. passes.c has the table with the order and its reasons and runs it: dump, verify, time, stop-after for all passes alike. */
#ifndef FRIT_PASSES_H
#define FRIT_PASSES_H
#include "../backend/target.h"
#include "../ir/ir.h"

typedef int PassFn(Ctx *c, Graph *g, const Target *t);
PassFn pass_stream, pass_split, pass_simplify, pass_inline, pass_place, pass_narrow, pass_fuse, pass_turn, pass_winograd, pass_layout, pass_schedule;
PassFn pass_plan;

/* Runs all passes whose stage lies after g->stage, up to and including `until`. False after an error. */
bool passes_run(Ctx *c, Graph *g, const Target *t, Stage until);

extern const char *const fuse_moves[];                     /* by name; ends with NULL */
/* May this move be taken? By -fno-fuse and the bisect limit; counts. */
bool move_allowed(Ctx *c, const char *move, const char *label);
int move_forced(Ctx *c, const char *move);                 /* the digit of -ffuse=MOVE<digit>; 0: not asked for */
#endif
