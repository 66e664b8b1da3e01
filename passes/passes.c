/* The passes in order, with the reasons for the order, and the loop that runs them: verify and stop after, all here and not in a pass.
 *   expand -> stream | split simplify inline place narrow | fuse turn winograd | layout | schedule | plan
 *            stream    simplify                     fuse   layout   schedule   plan      (the stage that is complete after |) */
#include "passes.h"

typedef struct Pass { const char *name; PassFn *fn; Stage stage; const char *why; } Pass;      /* why: it comes behind those above it */
static const Pass passes[] = {
  { "stream",   pass_stream,   STAGE_STREAM,   "reads of the past must become history while `or` still says what was before the beginning" },
  { "split",    pass_split,    STAGE_SIMPLIFY, "it moves reductions out of `or`, whose alternative stream needs" },
  { "simplify", pass_simplify, STAGE_SIMPLIFY, "equal reductions are found as equal equations" },
  { "inline",   pass_inline,   STAGE_SIMPLIFY, "scales fold into weights only while product and scale are equations apart" },
  { "place",    pass_place,    STAGE_SIMPLIFY, "a piece must read the temporary itself, not a view of it" },
  { "narrow",   pass_narrow,   STAGE_SIMPLIFY, "what it adds copies nothing that place would have written where it belongs" },
  { "fuse",     pass_fuse,     STAGE_FUSE,     "a producer must write where its consumer in the kernel reads" },
  { "turn",     pass_turn,     STAGE_FUSE,     "which channels lie apart is known by kernel" },
  { "winograd", pass_winograd, STAGE_FUSE,     "what follows a sum has joined its kernel" },
  { "layout",   pass_layout,   STAGE_LAYOUT,   "what a kernel keeps to itself has no layout" },
  { "schedule", pass_schedule, STAGE_SCHEDULE, "a tree depends on strides: vector lanes want stride 1" },
  { "plan",     pass_plan,     STAGE_PLAN,     "storage named in a tree (reg, alias) needs no place; sizes follow from layouts" },
};
enum { NPASS = sizeof passes / sizeof *passes };
bool passes_run(Ctx *c, Graph *g, const Target *t, Stage until) {
  Stage from = g->stage == STAGE_PLAN ? STAGE_SCHEDULE : g->stage;      /* places follow from kernels: those in a dump are for the reader */
  for (int k = 0; k < NPASS; k++) {
    const Pass *p = &passes[k]; int nerror = c->nerror;
    if (p->stage <= from || p->stage > until) continue;
    if (p->fn(c, g, t) < 0 || c->nerror > nerror) return false;
    if (k == NPASS - 1 || p[1].stage != p->stage) g->stage = p->stage;
    if (c->opt.verify && !graph_verify(c, g, p->name)) return false;
  }
  return true;
}
