/* The passes in order, with the reasons for the order, and the loop that runs them: verify, stop after, time, all here and not in a pass.
 *
 *   expand -> stream | split simplify inline place | fuse | layout | schedule | plan
 *            stream    simplify                     fuse   layout   schedule   plan      (the stage that is complete after |)
 */
#include "passes.h"
#include <string.h>

typedef struct Pass { const char *name; PassFn *fn; Stage stage; const char *why; } Pass;

static const Pass passes[] = {
  { "stream",   pass_stream,   STAGE_STREAM,   "reads of the past must become history while `or` still says what was before the beginning" },
  { "split",    pass_split,    STAGE_SIMPLIFY, "all others expect one reduction an equation, at its root" },
  { "simplify", pass_simplify, STAGE_SIMPLIFY, "rules, constants and solved conditions leave fewer and plainer equations to inline" },
  { "inline",   pass_inline,   STAGE_SIMPLIFY, "views and pointwise equations vanish before anybody counts readers" },
  { "place",    pass_place,    STAGE_SIMPLIFY, "copies into pieces are plain reads only after views are gone" },
  { "fuse",     pass_fuse,     STAGE_FUSE,     "kernels are made of the final equations" },
  { "layout",   pass_layout,   STAGE_LAYOUT,   "only tensors between kernels need a layout" },
  { "schedule", pass_schedule, STAGE_SCHEDULE, "a tree depends on strides" },
  { "plan",     pass_plan,     STAGE_PLAN,     "lifetimes follow from kernels, sizes from layouts" },
};
enum { NPASS = sizeof passes / sizeof *passes };

/* `first` comes before `then`, because. Checked whenever passes run: a table that was reordered by mistake says so. */
typedef struct Order { const char *first, *then, *why; } Order;
static const Order orders[] = {
  { "stream",   "split",    "split moves reductions out of `or`, whose alternative stream needs" },
  { "split",    "simplify", "equal reductions are found as equal equations" },
  { "simplify", "inline",   "scales fold into weights only while product and scale are equations apart" },
  { "inline",   "place",    "a piece must read the temporary itself, not a view of it" },
  { "place",    "fuse",     "a producer must write where its consumer in the kernel reads" },
  { "fuse",     "layout",   "what a kernel keeps to itself has no layout" },
  { "layout",   "schedule", "vector lanes want stride 1" },
  { "schedule", "plan",     "storage named in a tree (reg, alias) needs no place" },
};

static int pass_number(const char *name)
{
  for (int k = 0; k < NPASS; k++)
    if (!strcmp(passes[k].name, name)) return k;
  return -1;
}

static void check_orders(Ctx *c)
{
  for (size_t k = 0; k < sizeof orders / sizeof *orders; k++)
    if (pass_number(orders[k].first) >= pass_number(orders[k].then))
      bug(c, "pass %s must come before %s: %s", orders[k].first, orders[k].then, orders[k].why);
}

static bool pass_run(Ctx *c, Graph *g, const Target *t, const Pass *p)
{
  int nerror = c->nerror;
  if (p->fn(c, g, t) < 0 || c->nerror > nerror) return false;
  if (p == passes + NPASS - 1 || p[1].stage != p->stage) g->stage = p->stage;
  return !c->opt.verify || graph_verify(c, g, p->name);
}

bool passes_run(Ctx *c, Graph *g, const Target *t, Stage until)
{
  Stage from = g->stage;
  check_orders(c);
  for (int k = 0; k < NPASS; k++)
    if (passes[k].stage > from && passes[k].stage <= until && !pass_run(c, g, t, &passes[k])) return false;
  return true;
}
