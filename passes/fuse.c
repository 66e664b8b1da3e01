/* fuse: equations become kernels, by moves.
 *   before   z[i, j] = b[j] + sum(k: x[i, k] * w[k, j]);       after   kernel k0 "matmul+bias+tanh" (x, w, b) -> (y: f32[8, 4]) {
 *            y[i, j] = tanh(z[i, j]);                                    z[i, j] = ...;  y[i, j] = tanh(z[i, j]); }
 * Every equation starts as a group. Moves join groups while they are legal, which the indices decide at which one reads the other:
 *   tile         all equations of a stream: a block of frames goes through the whole network
 *   vertical     y reads z at home, equal spaces (as above); e[i, j] = exp(x[i, j] - m[i]), s[i] = sum(j: e[i, j]): equal rows i, equal columns j
 *   prologue     an operand joins its reader
 *   horizontal   q = sum(k: x[i, k] * wq[k, j]), v = sum(k: x[i, k] * wv[k, j]): a common operand at equal places
 * needs   simplify; graph_sort's order                  keeps   equations; kernels written by hand
 * never   joins groups that depend on each other through a third */
#include "builders.h"

/* Pointwise over one space; sums of products and pointwise followers of that space; reductions over columns and pointwise of the same rows;
 * everything over t; a recurrence; a kernel that the user wrote; a gather, ... */
typedef enum { GROUP_POINT, GROUP_CONTRACTION, GROUP_ROWS, GROUP_STREAM, GROUP_SCAN, GROUP_HAND, GROUP_OTHER } GroupKind;
typedef struct Cluster { GroupKind kind; Eqs eq; Kernel *hand; bool gone; } Cluster;      /* eq: in the graph's order */
typedef struct Fuse { Ctx *c; Graph *g; VEC(Cluster) group; Map at, of; Uses uses; int n; } Fuse;   /* of an equation: place in g->eq, group */

/* ---- groups */
static int at_of(Fuse *f, const Eq *e) { return pmap_get(&f->at, e); }
static int group_of(Fuse *f, const Eq *e) { return pmap_get(&f->of, e); }
static int first_of(Fuse *f, const Cluster *g) { return g->eq.n ? at_of(f, g->eq.at[0]) : f->g->neq; }
static bool before(Fuse *f, const Cluster *a, const Cluster *b) { return first_of(f, a) < first_of(f, b); }
static int group_new(Fuse *f, GroupKind kind) { PUSH(f->c, f->group, ((Cluster){ .kind = kind })); return f->group.n - 1; }
static void eqs_insert(Fuse *f, Eqs *v, Eq *e) {
  PUSH(f->c, *v, e);
  for (int k = v->n - 1; k > 0 && at_of(f, v->at[k - 1]) > at_of(f, e); k--) { v->at[k] = v->at[k - 1]; v->at[k - 1] = e; }
}
static void group_add(Fuse *f, int k, Eq *e) { eqs_insert(f, &f->group.at[k].eq, e); pmap_set(f->c, &f->of, e, k); }
static const char *label_of(Fuse *f, const Cluster *g) { const char *s = NULL; EACH(Eq, e, g->eq) s = label_union(f->c, s, e->label); return s; }
static const Eq *writer_in(const Eqs *eq, const Tensor *t) { EACH(Eq, e, *eq) if (e->out == t) return e; return NULL; }
/* Which groups does group k read from? */
static bool *producers(Fuse *f, int k) {
  bool *on = NEWN(f->c, bool, f->group.n);
  EACH(Eq, e, f->group.at[k].eq) {
    Eqs from = uses_producers(f->c, &f->uses, e);
    EACH(Eq, w, from) if (group_of(f, w) >= 0) on[group_of(f, w)] = true;
  }
  on[k] = false; return on;
}

/* Does group `from` need group `to` through others? `direct`: also directly. */
static bool depends(Fuse *f, int from, int to, bool direct, bool *seen) {
  bool *on = producers(f, from), found = direct && on[to];
  for (int k = 0; k < f->group.n && !found; k++) {
    if (!on[k] || k == to || seen[k]) continue;
    seen[k] = true; found = depends(f, k, to, true, seen);
  }
  return found;
}
static bool needs(Fuse *f, int from, int to, bool direct) { return depends(f, from, to, direct, NEWN(f->c, bool, f->group.n)); }

/* ---- legality: one class a loop over the indices of all equations of a candidate kernel */
typedef struct Loops { Ctx *c; Uses *uses; Map of; VEC(int) loop; Indices fixed; } Loops;     /* fixed: read at one place */
static int loop_of(Loops *l, const Index *i) {
  int k = pmap_get(&l->of, i);
  if (k < 0) { pmap_set(l->c, &l->of, i, k = l->loop.n); PUSH(l->c, l->loop, k); }
  return l->loop.at[k];
}
/* Joins the indices at which `read` reads w's tensor with those at which w writes it. False: it reads elsewhere than at home. */
static bool loops_join(Loops *l, const Eq *w, const Expr *read) {
  for (int d = 0; d < read->n; d++) {
    const Index *i = expr_bare(w->place[d]), *j = expr_bare(read->arg[d]);
    if (!i && !j && expr_equal(w->place[d], read->arg[d])) continue;
    if (i && expr_is_const(read->arg[d])) { PUSH(l->c, l->fixed, (Index *)i); continue; }
    if (!i || !j || !extent_equal(i->ext, j->ext)) return false;
    int want = loop_of(l, i), have = loop_of(l, j);
    for (int k = 0; k < l->loop.n; k++) if (l->loop.at[k] == have) l->loop.at[k] = want;
  }
  return true;
}

/* Every read of a member's tensor is at home. False also if that tensor has pieces: a reader needs all of it. */
static bool loops_find(Loops *l, const Eqs *eq) {
  EACH(Eq, e, *eq) {
    if (writer_in(eq, e->out) != e) return false;
    READS(r, l->c, e->rhs) {
      const Eq *w = writer_in(eq, r->tensor);
      if (w && (uses_get(l->uses, w->out)->writer.n > 1 || !loops_join(l, w, r))) return false;
    }
  }
  EACH(Eq, e, *eq) for (int i = 0; i < e->nfree; i++) for (int j = 0; j < i; j++) if (loop_of(l, e->free[i]) == loop_of(l, e->free[j])) return false;
  return true;
}
static bool has_loop(Loops *l, const Eq *e, const Index *i) {
  for (int k = 0; k < e->nfree; k++) if (loop_of(l, e->free[k]) == loop_of(l, i)) return true;
  return false;
}
static bool has_loops(Loops *l, const Eq *e, const Eq *of) {
  for (int k = 0; k < of->nfree; k++) if (!has_loop(l, e, of->free[k])) return false;
  return true;
}
/* All reductions over the same rows, everything else rows by columns or rows alone. */
static const char *rows_fit(Loops *l, const Eqs *eq) {
  const Eq *rows = NULL;
  EACH(Eq, e, *eq) if (!rows && eq_reduction(e, NULL)) rows = e;
  if (rows) EACH(Eq, e, *eq) {
    const Expr *red = eq_reduction(e, NULL); double n = red ? reduce_points(red) : 1;
    for (int i = 0; i < e->nfree; i++) if (!has_loop(l, rows, e->free[i])) n *= (double)extent_max(e->free[i]->ext);
    if (!has_loops(l, e, rows)) return "has other rows";
    if (n != reduce_points(eq_reduction(rows, NULL)) && n != 1) return "has other columns";
    if (red && e->nfree != rows->nfree) return "its reduction has other rows";
  }
  EACH(Index, i, l->fixed) if (!rows || has_loop(l, rows, i)) return "reads one row of all";
  return NULL;
}
static const char *space_fits(Loops *l, const Eqs *eq) {
  if (l->fixed.n) return "reads one place of all";
  EACH(Eq, e, *eq) if (eq->at[0]->nfree != e->nfree || !has_loops(l, e, eq->at[0])) return "has another index space";
  return NULL;
}
static bool gathers(const Expr *e, const void *arg) { (void)arg; return e->kind == E_READ && !read_static(e); }
static GroupKind kind_of(Fuse *f, const Eq *e) {
  Shape s = shape_of(f->c, e); const Expr *red = eq_reduction(e, NULL);
  if (expr_some(e->rhs, gathers, NULL)) return GROUP_OTHER;
  if (!red) return expr_has(e->rhs, E_REDUCE) ? GROUP_OTHER : GROUP_POINT;
  if (s.contracts && (s.nm || s.nn)) return GROUP_CONTRACTION;
  return red->red == RED_ARGMAX || red->red == RED_ARGMIN ? GROUP_OTHER : GROUP_ROWS;
}
/* May group b (which reads a) be computed in a's kernel? why: NULL if so, else why not. The name of the move, and what the kernel becomes. */
typedef struct Move { const char *why, *name; GroupKind kind; } Move;
static Move fuse_vertical(Fuse *f, int a, int b) {
  GroupKind x = f->group.at[a].kind, y = f->group.at[b].kind; bool space = y == GROUP_POINT && x != GROUP_ROWS;
  Move m = { .name = x == GROUP_POINT && y != GROUP_POINT ? "prologue" : "vertical", .kind = space ? x : GROUP_ROWS };
  if (x == GROUP_HAND || y == GROUP_HAND) m.why = "one of them is written by hand";
  else if (x == GROUP_SCAN || y == GROUP_SCAN) m.why = "one of them is a recurrence";
  else if (x > GROUP_ROWS || y > GROUP_ROWS) m.why = "a read at a computed place stays alone";
  else if (y == GROUP_CONTRACTION && x == GROUP_POINT) m.why = "the operand of a product would be computed again for every tile";
  else if (y == GROUP_CONTRACTION) m.why = "a product needs its operand complete";
  else if (x == GROUP_CONTRACTION && !space) m.why = "the rows of a product's result are complete only after all tiles";
  if (m.why) return m;
  Eqs eq = { 0 }; Loops l = { .c = f->c, .uses = &f->uses };
  EACH(Eq, e, f->group.at[a].eq) eqs_insert(f, &eq, e);
  EACH(Eq, e, f->group.at[b].eq) eqs_insert(f, &eq, e);
  m.why = !loops_find(&l, &eq) ? "reads the other's result at other indices than it is computed at" : space ? space_fits(&l, &eq) : rows_fit(&l, &eq);
  return m;
}

/* ---- legality, horizontal: the streamed operands are one tensor at places that are equal once b's indices are called as a's. */
static const char *common_operand(Fuse *f, const Eq *a, const Eq *b) {
  Shape s = shape_of(f->c, a), t = shape_of(f->c, b); const Expr *ra = eq_reduction(a, NULL), *rb = eq_reduction(b, NULL);
  if (!same_extents(a->free, a->nfree, b->free, b->nfree)) return "they have different index spaces";
  if (!same_extents(ra->bound, ra->nbound, rb->bound, rb->nbound)) return "they sum over different extents";
  if (s.x->tensor != t.x->tensor || s.nm != t.nm || s.nn != t.nn) return "they have no operand in common";
  Expr **free = index_exprs(f->c, a->free, a->nfree), **bound = index_exprs(f->c, ra->bound, ra->nbound);
  for (int d = 0; d < s.x->n; d++) {
    Expr *at = expr_subst(f->c, expr_subst(f->c, t.x->arg[d], b->free, free, b->nfree), rb->bound, bound, rb->nbound);
    if (!expr_equal(s.x->arg[d], at)) return "they read the common operand at different places";
  }
  return NULL;
}
static bool shares_operand(Fuse *f, const Cluster *a, const Cluster *b) {
  EACH(Eq, x, a->eq) READS(r, f->c, x->rhs) EACH(Eq, e, b->eq) if (!tensor_known(r->tensor) && expr_reads(e->rhs, r->tensor)) return true;
  return false;
}
enum { SIBLINGS = 4, SMALL = 4096, SMALL_MAX = 256 };   /* products that share a tile; points of a small equation; equations a kernel */

static Eqs sums(Fuse *f, const Cluster *x) { Eqs v = { 0 }; EACH(Eq, e, x->eq) if (kind_of(f, e) == GROUP_CONTRACTION) PUSH(f->c, v, e); return v; }
/* May x and y, which do not depend on each other, share a kernel? NULL if so, else why not. */
static const char *fuse_horizontal(Fuse *f, const Cluster *x, const Cluster *y) {
  if (x->kind != y->kind || (x->kind != GROUP_POINT && x->kind != GROUP_CONTRACTION)) return "they are of different kinds";
  const Eq *p = x->eq.at[0], *q = y->eq.at[0];
  if (x->kind == GROUP_CONTRACTION) {
    Eqs a = sums(f, x), b = sums(f, y); return a.n >= SIBLINGS ? "the tile's registers are full" : common_operand(f, a.at[0], b.at[0]);
  }
  if (!same_extents(p->free, p->nfree, q->free, q->nfree)) return "they have different index spaces";
  if (x->eq.n + y->eq.n > SMALL_MAX) return "the kernel is full";
  return eq_points(p) <= SMALL || shares_operand(f, x, y) ? NULL : "large, and nothing in common";
}

/* ---- what must be one group; all others start as groups of one */
/* How many kernels written by hand lie before each equation. */
static int *levels_of(Fuse *f) {
  int *level = NEWN(f->c, int, f->g->neq);
  for (int k = 0; k < f->g->neq; k++) {
    Eqs from = uses_producers(f->c, &f->uses, f->g->eq[k]);
    EACH(Eq, w, from) {
      int hand = group_of(f, w), n = level[at_of(f, w)] + (hand >= 0 && hand != group_of(f, f->g->eq[k]));
      if (n > level[k]) level[k] = n;
    }
  }
  return level;
}

/* The equations of a stream, before and after each kernel written by hand. */
static void group_stream(Fuse *f) {
  Graph *g = f->g; int *level = levels_of(f), most = 0, count = 0; bool must = false;
  for (int k = 0; k < g->ntensor; k++) must |= g->tensor[k]->history != 0;
  for (int k = 0; k < g->neq; k++) { most = level[k] > most ? level[k] : most; count += eq_stream(g->eq[k]) && !g->eq[k]->constant; }
  if (count > 1 && !move_allowed(f->c, "tile", g->name)) {
    ledger_add(f->c, "fuse", g->name, false, 0, must ? "tile refused, but history goes block by block: taken all the same" : "tile refused");
    if (!must) return;
  }
  for (int l = 0; l <= most; l++) {
    int at = -1;
    EQS(e, g) {
      if (level[at_of(f, e)] != l || group_of(f, e) >= 0 || e->constant || !eq_stream(e)) continue;
      if (at < 0) at = group_new(f, GROUP_STREAM);
      group_add(f, at, e); f->n++;
    }
    if (at >= 0) ledger_add(f->c, "fuse", g->name, true, 0, "tile: %d equations go block by block through one kernel", f->group.at[at].eq.n);
  }
}

static void group_rest(Fuse *f) {
  bool *circle = circles_maybe(f->c, f->g);
  for (int k = 0; k < f->g->neq; k++) {
    Eq *e = f->g->eq[k]; Circle x;
    if (e->constant || group_of(f, e) >= 0) continue;
    if (circle[k] && graph_circle(f->c, f->g, k, &x) && (x.n > 1 || x.dir)) {
      int at = group_new(f, GROUP_SCAN);
      for (int j = x.first; j < x.first + x.n; j++) if (group_of(f, f->g->eq[j]) < 0) group_add(f, at, f->g->eq[j]);
    }
    if (group_of(f, e) < 0) group_add(f, group_new(f, kind_of(f, e)), e);
  }
}

/* ---- moves */
static void edge_add(Fuse *f, int a, int b, const Eq *from, bool done, const char *why, const char *end) {
  const Eqs *x = &f->group.at[a].eq, *y = &f->group.at[b].eq; int64_t bytes = 0;
  EACH(Eq, w, *x) EACH(Eq, e, *y) if (expr_reads(e->rhs, w->out)) { bytes += tensor_bytes(w->out); break; }
  ledger_add(f->c, "fuse", ctx_printf(f->c, "%s > %s", from->out->name, y->at[0]->out->name), done, 2 * bytes, "%s%s", why, end);
}
/* Joins b to a if the options let it. */
static bool join(Fuse *f, int a, int b, const char *move, GroupKind kind) {
  Cluster *x = &f->group.at[a], *y = &f->group.at[b];
  if (!move_allowed(f->c, move, label_union(f->c, label_of(f, x), label_of(f, y)))) return false;
  edge_add(f, a, b, x->eq.at[0], true, move, ": one kernel");
  EACH(Eq, e, y->eq) group_add(f, a, e);
  x->kind = kind; y->gone = true; y->eq.n = 0; f->n++; return true;
}
static bool sweep_vertical(Fuse *f) {
  for (int b = 0; b < f->group.n; b++) {
    bool *on = producers(f, b);
    for (int a = f->group.n - 1; a >= 0; a--) {
      Move m = on[a] ? fuse_vertical(f, a, b) : (Move){ .why = "no edge" };
      if (!m.why && !needs(f, b, a, false) && join(f, a, b, m.name, m.kind)) return true;
    }
  }
  return false;
}
static bool sweep_horizontal(Fuse *f) {
  for (int a = 0; a < f->group.n; a++)
    for (int b = 0; b < f->group.n; b++) {
      const Cluster *x = &f->group.at[a], *y = &f->group.at[b];
      if (a == b || x->gone || y->gone || !before(f, x, y) || fuse_horizontal(f, x, y)) continue;
      if (!needs(f, b, a, true) && !needs(f, a, b, true) && join(f, a, b, "horizontal", x->kind)) return true;
    }
  return false;
}

/* Why the edges that are left were not fused. */
static void explain(Fuse *f) {
  for (int b = 0; b < f->group.n; b++) {
    bool *on = producers(f, b);
    for (int a = 0; a < f->group.n; a++) {
      const char *why = on[a] ? fuse_vertical(f, a, b).why : NULL; const Eqs *eq = &f->group.at[a].eq;
      if (on[a] && !why) why = needs(f, b, a, false) ? "they also depend on each other through a third kernel" : "refused by option";
      if (on[a]) edge_add(f, a, b, eq->at[eq->n - 1], false, why, "");
    }
  }
}

/* ---- kernels */
static bool kernel_named(const Graph *g, const char *s) {
  for (int k = 0; k < g->nkernel; k++) if (!strcmp(g->kernel[k]->name, s)) return true;
  return false;
}
/* A long chain of words is told by its ends. */
static const char *label_short(Ctx *c, const char *s) {
  int n = 0, most = 8; const char *head = s, *tail = s;
  for (const char *p = s; p && (p = strchr(p, '+')); p++) { head = ++n == most / 2 ? p : head; tail = p; }
  return n < most ? s : ctx_intern(c, ctx_printf(c, "%.*s+...%s", (int)(head - s), s, tail));
}
static Kernel *kernel_make(Fuse *f, int group, int *number) {
  const Cluster *g = &f->group.at[group]; Tensors out = { 0 };
  if (g->hand) return g->hand;
  Kernel *k = NEW_AS(f->c, Kernel, .label = label_short(f->c, label_of(f, g)), .eq = g->eq.at, .neq = g->eq.n, .pos = g->eq.at[0]->pos);
  do k->name = ctx_intern(f->c, ctx_printf(f->c, "k%d", (*number)++)); while (kernel_named(f->g, k->name));
  EACH(Eq, e, g->eq) {
    const UseList *l = uses_get(&f->uses, e->out); bool outside = graph_is_out(f->g, e->out);
    for (int r = 0; l && r < l->read.n; r++) outside |= group_of(f, l->read.at[r].eq) != group;
    if (outside) tensor_add(f->c, &out, e->out);
  }
  kernel_inputs(f->c, k); k->out = out.at; k->nout = out.n; return k;
}

/* The group to run next: all its producers are done; of several the one whose equations come first. */
static int pick(Fuse *f, const bool *done) {
  int best = -1;
  for (int k = 0; k < f->group.n; k++) {
    if (done[k] || f->group.at[k].gone) continue;
    bool ready = true, *on = producers(f, k);
    for (int p = 0; p < f->group.n; p++) ready &= !on[p] || done[p];
    if (ready && (best < 0 || before(f, &f->group.at[k], &f->group.at[best]))) best = k;
  }
  return best;
}
static void kernels_make(Fuse *f) {
  bool *done = NEWN(f->c, bool, f->group.n); Kernel **out = NEWN(f->c, Kernel *, f->group.n); int n = 0, number = 0;
  for (int k; (k = pick(f, done)) >= 0; done[k] = true) out[n++] = kernel_make(f, k, &number);
  for (int k = 0; k < f->group.n; k++)
    if (!done[k] && !f->group.at[k].gone) bug(f->c, "kernel of %s depends on itself", f->group.at[k].eq.at[0]->out->name);
  f->g->kernel = out; f->g->nkernel = n;
}
int pass_fuse(Ctx *c, Graph *g, const Target *t) {
  Fuse f = { .c = c, .g = g, .uses = uses_find(c, g) }; (void)t;
  for (int k = 0; k < g->neq; k++) pmap_set(c, &f.at, g->eq[k], k);
  for (int k = 0; k < g->nkernel; k++) {
    int n = group_new(&f, GROUP_HAND); f.group.at[n].hand = g->kernel[k];
    EQS(e, g->kernel[k]) group_add(&f, n, e);
  }
  if (graph_streams(g)) group_stream(&f);
  group_rest(&f);
  while (sweep_vertical(&f)) { }
  while (sweep_horizontal(&f)) { }
  explain(&f); kernels_make(&f);
  for (int k = 0; k < g->nkernel; k++) if (!g->kernel[k]->tree) kernel_unify(c, g, g->kernel[k]);
  return f.n;
}
