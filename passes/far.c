/* Recurrences with a long memory: y[t] = x[t] + a * y[t - 1] + b * y[t - 4800].
 *
 * The steps of a recurrence go frame by frame; what lies a block or more back is no part of them. So the far reads read a copy:
 *
 *   y_far[t] = y[t]  (4800 frames of history)      y[t] = x[t] + a * y[t - 1] + b * y_far[t - 4800]
 */
#include "stream.h"

typedef struct Far { Ctx *c; Graph *g; int block; Tensor *of, *copy; int64_t near, far; const Index *t; bool change; } Far;

/* How far back the reads of f->of in e go: those within a block (near) and the others. With f->change, the others read the copy. */
static Expr *far_read(Ctx *c, Expr *e, void *arg) {
  Far *f = arg;
  Offset o;
  if (e->kind != E_READ || e->tensor != f->of || !stream_offset(c, e->arg[e->tensor->stream_dim], f->t, &o)) return e;
  bool far = o.hi <= -f->block;
  if (far && -o.lo > f->far) f->far = -o.lo;
  if (!far && -o.lo > f->near) f->near = -o.lo;
  return far && f->change ? expr_read(c, f->copy, e->arg, e->pos) : e;
}

static void far_reads(Far *f, bool change) {
  f->near = f->far = 0;
  f->change = change;
  for (int k = 0; k < f->g->neq; k++) {
    Eq *e = f->g->eq[k];
    f->t = eq_stream(e);
    if (f->t && e->out != f->copy) e->rhs = expr_map(f->c, e->rhs, far_read, f);
  }
}

/* Does `from` depend on `to` by reads within a block? Depth first; seen by tensor. */
static bool depends(Far *f, Uses *u, const Tensor *from, const Tensor *to, Map *seen) {
  const UseList *l = uses_get(u, from);
  for (int w = 0; l && w < l->writer.n; w++) {
    const Eq *e = l->writer.at[w];
    Exprs reads = { 0 };
    Index *t = eq_stream(e);
    Offset o;
    expr_reads_of(f->c, e->rhs, &reads);
    for (int k = 0; k < reads.n; k++) {
      const Expr *r = reads.at[k];
      bool timed = t && r->tensor->stream_dim >= 0 && stream_offset(f->c, r->arg[r->tensor->stream_dim], t, &o);
      if (!timed || o.hi <= -f->block) continue;
      if (r->tensor == to) return true;
      if (pmap_get(seen, r->tensor) >= 0) continue;
      pmap_set(f->c, seen, r->tensor, 1);
      if (depends(f, u, r->tensor, to, seen)) return true;
    }
  }
  return false;
}

static void far_copy(Far *f) {
  Eq *copy;
  Tensor *t = f->of;
  f->copy = tensor_copy(f->c, f->g, t, ctx_printf(f->c, "%s_far", t->name), &copy);
  f->copy->history = f->far; f->copy->init = t->init; f->copy->init_index = t->init_index;
  far_reads(f, true);
  t->history = f->near;
  ledger_add(f->c, "stream", t->name, true, 0, "read up to %lld frames back inside its recurrence: a copy keeps them", (long long)f->far);
}

int stream_far(Ctx *c, Graph *g, int block) {
  int n = 0, ntensor = g->ntensor;
  for (int k = 0; k < ntensor; k++) {
    Far f = { .c = c, .g = g, .block = block, .of = g->tensor[k] };
    if (f.of->history <= block) continue;
    Uses u = uses_find(c, g);
    if (!depends(&f, &u, f.of, f.of, &(Map){ 0 })) continue;
    far_reads(&f, false);
    if (!f.far) continue;
    far_copy(&f);
    n++;
  }
  return n && !graph_sort(c, g) ? -1 : n;
}
