/* fuse: equations become kernels, by moves.
 *
 *   before   z[i, j] = b[j] + sum(k: x[i, k] * w[k, j]);       after   kernel k0 "matmul+bias+tanh" (x, w, b) -> (y: f32[8, 4]) {
 *            y[i, j] = tanh(z[i, j]);                                    z[i, j] = ...;  y[i, j] = tanh(z[i, j]);
 *                                                                      }
 *
 * Every equation starts as a group. Moves join groups while they are legal: tile (all equations of a stream: a block of frames goes through
 * the whole network), vertical (a reader joins what it reads), prologue (an operand joins its reader), horizontal (siblings). What the
 * tree builders get: see GroupKind in fuse.h.
 *
 * needs   simplify; graph_sort's order
 * keeps   equations; kernels written by hand
 * never   joins groups that depend on each other through a third
 */
#include "builders.h"
#include "fuse.h"

/* ---- groups */
int fuse_writer(Fuse *f, const Tensor *t)
{
  const UseList *l = uses_get(&f->uses, t);
  return l && l->writer.n ? pmap_get(&f->of, l->writer.at[0]) : -1;
}

static int group_new(Fuse *f, GroupKind kind)
{
  Cluster g = { .kind = kind, .first = f->g->neq };
  PUSH(f->c, f->group, g);
  return f->group.n - 1;
}

static void group_add(Fuse *f, int k, Eq *e)
{
  Cluster *g = &f->group.at[k];
  int at = eq_at(f->g, e), pos = g->eq.n;
  PUSH(f->c, g->eq, e);
  for (; pos > 0 && eq_at(f->g, g->eq.at[pos - 1]) > at; pos--) g->eq.at[pos] = g->eq.at[pos - 1];
  g->eq.at[pos] = e;
  if (at < g->first) g->first = at;
  g->label = NULL;
  for (int j = 0; j < g->eq.n; j++) g->label = label_union(f->c, g->label, g->eq.at[j]->label);
  pmap_set(f->c, &f->of, e, k);
}

static bool taken(Fuse *f, const Eq *e)
{
  return pmap_get(&f->of, e) >= 0;
}

/* All groups that group k reads from. */
static void producers(Fuse *f, int k, bool *out)
{
  Cluster *g = &f->group.at[k];
  for (int j = 0; j < g->eq.n; j++) {
    Exprs reads = { 0 };
    expr_reads_of(f->c, g->eq.at[j]->rhs, &reads);
    for (int r = 0; r < reads.n; r++) {
      const UseList *l = uses_get(&f->uses, reads.at[r]->tensor);
      for (int w = 0; l && w < l->writer.n; w++) {
        int p = pmap_get(&f->of, l->writer.at[w]);
        if (p >= 0 && p != k) out[p] = true;
      }
    }
  }
}

/* Does group `from` need group `to` through others? `direct`: also directly. */
static bool depends(Fuse *f, int from, int to, bool direct, bool *seen)
{
  bool *on = NEWN(f->c, bool, f->group.n);
  producers(f, from, on);
  if (direct && on[to]) return true;
  for (int k = 0; k < f->group.n; k++) {
    if (!on[k] || k == to || seen[k]) continue;
    seen[k] = true;
    if (depends(f, k, to, true, seen)) return true;
  }
  return false;
}

static bool needs(Fuse *f, int from, int to, bool direct)
{
  bool *seen = NEWN(f->c, bool, f->group.n);
  return depends(f, from, to, direct, seen);
}

static int64_t bytes_between(Fuse *f, int a, int b)
{
  int64_t n = 0;
  for (int k = 0; k < f->group.at[a].eq.n; k++) {
    const Tensor *t = f->group.at[a].eq.at[k]->out;
    bool read = false;
    for (int j = 0; j < f->group.at[b].eq.n; j++) read |= expr_reads(f->group.at[b].eq.at[j]->rhs, t);
    if (read) n += tensor_size(t) * type_bytes(t->type);
  }
  return n;
}

static void join(Fuse *f, int a, int b, const char *move, GroupKind kind)
{
  Cluster from = f->group.at[b];
  const char *edge = ctx_printf(f->c, "%s > %s", f->group.at[a].eq.at[0]->out->name, from.eq.at[0]->out->name);
  ledger_add(f->c, "fuse", edge, true, 2 * bytes_between(f, a, b), "%s: one kernel", move);
  f->group.at[b].gone = true;
  f->group.at[b].eq.n = 0;
  f->group.at[a].kind = kind;
  for (int k = 0; k < from.eq.n; k++) group_add(f, a, from.eq.at[k]);
  f->n++;
}

/* ---- what must be one group */
static void group_hand(Fuse *f)
{
  for (int k = 0; k < f->g->nkernel; k++) {
    int n = group_new(f, GROUP_HAND);
    f->group.at[n].hand = f->g->kernel[k];
    for (int j = 0; j < f->g->kernel[k]->neq; j++) group_add(f, n, f->g->kernel[k]->eq[j]);
  }
}

static int level_of(Fuse *f, const Eq *e, const int *level)
{
  Exprs reads = { 0 };
  int n = 0;
  expr_reads_of(f->c, e->rhs, &reads);
  for (int r = 0; r < reads.n; r++) {
    const UseList *l = uses_get(&f->uses, reads.at[r]->tensor);
    for (int w = 0; l && w < l->writer.n; w++) {
      int at = eq_at(f->g, l->writer.at[w]);
      bool hand = at >= 0 && taken(f, l->writer.at[w]) && f->group.at[pmap_get(&f->of, l->writer.at[w])].kind == GROUP_HAND;
      bool own = taken(f, e) && hand && pmap_get(&f->of, l->writer.at[w]) == pmap_get(&f->of, e);
      if (at >= 0 && level[at] + (hand && !own) > n) n = level[at] + (hand && !own);
    }
  }
  return n;
}

/* The equations of a stream, before and after each kernel written by hand. */
static void group_stream(Fuse *f, bool must)
{
  int n = f->g->neq, most = 0, count = 0;
  int *level = NEWN(f->c, int, n);
  for (int k = 0; k < n; k++) {
    level[k] = level_of(f, f->g->eq[k], level);
    if (level[k] > most) most = level[k];
    count += eq_stream(f->g->eq[k]) && !f->g->eq[k]->constant;
  }
  if (count > 1 && !move_allowed(f->c, "tile", f->g->name)) {
    ledger_add(f->c, "fuse", f->g->name, false, 0, must ? "tile refused, but history goes block by block: taken all the same" : "tile refused");
    if (!must) return;
  }
  for (int l = 0; l <= most; l++) {
    int at = -1;
    for (int k = 0; k < n; k++) {
      Eq *e = f->g->eq[k];
      if (level[k] != l || taken(f, e) || e->constant || !eq_stream(e)) continue;
      if (at < 0) at = group_new(f, GROUP_STREAM);
      group_add(f, at, e);
      f->n++;
    }
    if (at >= 0) ledger_add(f->c, "fuse", f->g->name, true, 0, "tile: %d equations go block by block through one kernel", f->group.at[at].eq.n);
  }
}

static void group_circle(Fuse *f, int k)
{
  Circle x;
  if (!graph_circle(f->c, f->g, k, &x) || (x.n == 1 && !x.dir)) return;
  int at = group_new(f, GROUP_SCAN);
  for (int j = 0; j < x.n; j++)
    if (!taken(f, f->g->eq[x.first + j])) group_add(f, at, f->g->eq[x.first + j]);
}

/* Equations that write one tensor in pieces stay apart; all others start as groups of one. */
static void group_rest(Fuse *f)
{
  bool *circle = circles_maybe(f->c, f->g);
  for (int k = 0; k < f->g->neq; k++) {
    Eq *e = f->g->eq[k];
    if (e->constant || taken(f, e)) continue;
    if (circle[k]) group_circle(f, k);
    if (!taken(f, e)) group_add(f, group_new(f, fuse_kind(f, e)), e);
  }
}

static bool has_history(const Graph *g)
{
  for (int k = 0; k < g->ntensor; k++)
    if (g->tensor[k]->history) return true;
  return false;
}


/* ---- moves */
static bool by_first(const Cluster *a, const Cluster *b)
{
  return a->first < b->first;
}

static bool try_vertical(Fuse *f, int a, int b)
{
  const char *move;
  GroupKind kind;
  if (fuse_vertical(f, a, b, &move, &kind) || needs(f, b, a, false)) return false;
  if (!move_allowed(f->c, move, label_union(f->c, f->group.at[a].label, f->group.at[b].label))) return false;
  join(f, a, b, move, kind);
  return true;
}

static bool sweep_vertical(Fuse *f)
{
  bool *on = NEWN(f->c, bool, f->group.n);
  for (int b = 0; b < f->group.n; b++) {
    if (f->group.at[b].gone) continue;
    memset(on, 0, sizeof *on * (size_t)f->group.n);
    producers(f, b, on);
    for (int a = f->group.n - 1; a >= 0; a--)
      if (on[a] && try_vertical(f, a, b)) return true;
  }
  return false;
}

static bool sweep_horizontal(Fuse *f)
{
  for (int a = 0; a < f->group.n; a++)
    for (int b = 0; b < f->group.n; b++) {
      const Cluster *x = &f->group.at[a], *y = &f->group.at[b];
      if (a == b || x->gone || y->gone || !by_first(x, y) || fuse_horizontal(f, a, b)) continue;
      if (needs(f, b, a, true) || needs(f, a, b, true)) continue;
      if (!move_allowed(f->c, "horizontal", label_union(f->c, x->label, y->label))) continue;
      join(f, a, b, "horizontal", x->kind);
      return true;
    }
  return false;
}

/* Why the edges that are left were not fused. */
static void explain(Fuse *f)
{
  for (int b = 0; b < f->group.n; b++) {
    bool *on = NEWN(f->c, bool, f->group.n);
    if (f->group.at[b].gone) continue;
    producers(f, b, on);
    for (int a = 0; a < f->group.n; a++) {
      const char *move;
      GroupKind kind;
      if (!on[a]) continue;
      const char *why = fuse_vertical(f, a, b, &move, &kind);
      if (!why) why = needs(f, b, a, false) ? "they also depend on each other through a third kernel" : "refused by option";
      const char *edge = ctx_printf(f->c, "%s > %s", f->group.at[a].eq.at[f->group.at[a].eq.n - 1]->out->name, f->group.at[b].eq.at[0]->out->name);
      ledger_add(f->c, "fuse", edge, false, 2 * bytes_between(f, a, b), "%s", why);
    }
  }
}

/* ---- kernels */
static void list_add(Ctx *c, Tensor ***at, int *n, Tensor *t)
{
  for (int k = 0; k < *n; k++)
    if ((*at)[k] == t) return;
  Tensor **new = NEWN(c, Tensor *, *n + 1);
  if (*n) memcpy(new, *at, sizeof *new * (size_t)*n);
  new[(*n)++] = t;
  *at = new;
}

static bool written_in(const Cluster *g, const Tensor *t)
{
  for (int k = 0; k < g->eq.n; k++)
    if (g->eq.at[k]->out == t) return true;
  return false;
}

static bool read_outside(Fuse *f, const Tensor *t, int group)
{
  const UseList *l = uses_get(&f->uses, t);
  for (int k = 0; l && k < l->read.n; k++)
    if (pmap_get(&f->of, l->read.at[k].eq) != group) return true;
  return false;
}

static void kernel_ports(Fuse *f, int group, Kernel *k)
{
  const Cluster *g = &f->group.at[group];
  for (int j = 0; j < g->eq.n; j++) {
    Exprs reads = { 0 };
    Tensor *t = g->eq.at[j]->out;
    expr_reads_of(f->c, g->eq.at[j]->rhs, &reads);
    for (int r = 0; r < reads.n; r++)
      if (!written_in(g, reads.at[r]->tensor)) list_add(f->c, &k->in, &k->nin, reads.at[r]->tensor);
    if (graph_is_out(f->g, t) || read_outside(f, t, group)) list_add(f->c, &k->out, &k->nout, t);
  }
}

static const char *kernel_name(Fuse *f, int *n)
{
  for (;;) {
    const char *s = ctx_intern(f->c, ctx_printf(f->c, "k%d", (*n)++));
    bool used = false;
    for (int k = 0; k < f->g->nkernel; k++) used |= !strcmp(f->g->kernel[k]->name, s);
    if (!used) return s;
  }
}

/* A long chain of words is told by its ends. */
static const char *label_short(Ctx *c, const char *s)
{
  int n = 0, most = 8;
  const char *head = s, *tail = s;
  for (const char *p = s; p && *p; p++) {
    if (*p != '+') continue;
    if (++n == most / 2) head = p;
    tail = p;
  }
  return n < most ? s : ctx_intern(c, ctx_printf(c, "%.*s+...%s", (int)(head - s), s, tail));
}

static Kernel *kernel_make(Fuse *f, int group, int *number)
{
  const Cluster *g = &f->group.at[group];
  if (g->hand) return g->hand;
  Kernel *k = NEW(f->c, Kernel);
  k->name = kernel_name(f, number);
  k->label = label_short(f->c, g->label);
  k->eq = g->eq.at;
  k->neq = g->eq.n;
  k->pos = g->eq.at[0]->pos;
  kernel_ports(f, group, k);
  return k;
}

/* The group to run next: all its producers are done; of several the one whose equations come first. */
static int pick(Fuse *f, const bool *done)
{
  int best = -1;
  for (int k = 0; k < f->group.n; k++) {
    bool ready = true, *on;
    if (done[k] || f->group.at[k].gone) continue;
    on = NEWN(f->c, bool, f->group.n);
    producers(f, k, on);
    for (int p = 0; p < f->group.n; p++) ready &= !on[p] || done[p];
    if (ready && (best < 0 || by_first(&f->group.at[k], &f->group.at[best]))) best = k;
  }
  return best;
}

static void kernels_make(Fuse *f)
{
  bool *done = NEWN(f->c, bool, f->group.n);
  Kernel **out = NEWN(f->c, Kernel *, f->group.n);
  int n = 0, number = 0;
  for (int k; (k = pick(f, done)) >= 0;) {
    done[k] = true;
    out[n++] = kernel_make(f, k, &number);
  }
  for (int k = 0; k < f->group.n; k++)
    if (!done[k] && !f->group.at[k].gone) bug(f->c, "kernel of %s depends on itself", f->group.at[k].eq.at[0]->out->name);
  f->g->kernel = out;
  f->g->nkernel = n;
}

int pass_fuse(Ctx *c, Graph *g, const Target *t)
{
  Fuse f = { .c = c, .g = g, .t = t, .uses = uses_find(c, g) };
  group_hand(&f);
  if (graph_streams(g)) group_stream(&f, has_history(g));
  group_rest(&f);
  while (sweep_vertical(&f)) { }
  while (sweep_horizontal(&f)) { }
  explain(&f);
  kernels_make(&f);
  for (int k = 0; k < g->nkernel; k++)
    if (!g->kernel[k]->tree) kernel_unify(c, g, g->kernel[k]);
  return f.n;
}
