/* The order of equations: producers first, and the circles of recurrences.
 *   h[t] = tanh(z[t]);                   s[t] = ...                 the order found
 *   z[t] = s[t] + (h[t - 1] or 0);  ->   z[t] = ...   circle: dim t, direction -1, in this order within one step
 *   s[t] = sum(c: x[c, t]);              h[t] = ...
 * An equation depends on another if it reads a place that the other may write (boxes of ranges overlap), so the pieces of one tensor
 * stand apart. Circles are strongly connected components (R. Tarjan, Depth-first search and linear graph algorithms, 1972). */
#include "lin.h"
#include <stdlib.h>

typedef VEC(int) Ints;

/* ---- who reads whom */
/* on[k]: the equations that k depends on; wrote[k]: the box that k writes; writers: the equations of a tensor; reader: whose reads are looked at. */
typedef struct Deps { Ctx *c; Eq **eq; int n; Range **wrote; Ints *on; Map writers; int reader; } Deps;

static Range *box_of(Ctx *c, Expr *const *place, int rank) {
  Range *r = NEWN(c, Range, rank + 1); for (int k = 0; k < rank; k++) r[k] = expr_range(c, place[k]); return r;
}
static bool boxes_meet(const Range *a, const Range *b, int rank) {
  for (int r = 0; r < rank; r++) if (a[r].hi < b[r].lo || a[r].lo > b[r].hi) return false;
  return true;
}

static bool add_edges(const Expr *e, void *deps) {
  Deps *d = deps; const Ints *w = e->kind == E_READ ? map_get(&d->writers, e->tensor) : NULL; const Range *at = w ? box_of(d->c, e->arg, e->n) : NULL;
  for (int k = 0; w && k < w->n; k++) if (boxes_meet(at, d->wrote[w->at[k]], e->n)) PUSH(d->c, d->on[d->reader], w->at[k]);
  return true;
}
static Deps find_deps(Ctx *c, const Graph *g) {
  int n = g->neq; Deps d = { .c = c, .eq = g->eq, .n = n, .wrote = NEWN(c, Range *, n + 1), .on = NEWN(c, Ints, n + 1) };
  for (int k = 0; k < n; k++) {
    const Tensor *t = d.eq[k]->out; Ints *w = map_get(&d.writers, t); if (!w) map_put(c, &d.writers, t, w = NEW(c, Ints));
    PUSH(c, *w, k); d.wrote[k] = box_of(c, d.eq[k]->place, t->rank);
  }
  for (d.reader = 0; d.reader < n; d.reader++) expr_walk(d.eq[d.reader]->rhs, add_edges, &d);
  return d;
}

/* ---- components, producers first: order[], in runs of size[], each run ascending; iterative, as chains are as long as networks are deep */
typedef struct Scc { const Deps *d; int *num, *low, *next; bool *on; Ints stack, call, order, size; int count; } Scc;

static int compare_ints(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
static void scc_enter(Scc *s, int k) { s->num[k] = s->low[k] = ++s->count; s->on[k] = true; PUSH(s->d->c, s->stack, k); PUSH(s->d->c, s->call, k); }

static void scc_leave(Scc *s, int k) {
  int up = --s->call.n ? s->call.at[s->call.n - 1] : k, first = s->stack.n; if (s->low[k] < s->low[up]) s->low[up] = s->low[k];
  if (s->low[k] != s->num[k]) return;
  do s->on[s->stack.at[--first]] = false;
  while (s->stack.at[first] != k);
  qsort(s->stack.at + first, (size_t)(s->stack.n - first), sizeof(int), compare_ints);
  for (int j = first; j < s->stack.n; j++) PUSH(s->d->c, s->order, s->stack.at[j]);
  PUSH(s->d->c, s->size, s->stack.n - first); s->stack.n = first;
}
static void scc_from(Scc *s, int root) {
  for (scc_enter(s, root); s->call.n;) {
    int k = s->call.at[s->call.n - 1]; if (s->next[k] == s->d->on[k].n) { scc_leave(s, k); continue; }
    int w = s->d->on[k].at[s->next[k]++];
    if (!s->num[w]) scc_enter(s, w);
    else if (s->on[w] && s->num[w] < s->low[k]) s->low[k] = s->num[w];
  }
}
static Scc find_components(Ctx *c, const Deps *d) {
  Scc s = { .d = d, .num = NEWN(c, int, d->n + 1), .low = NEWN(c, int, d->n + 1), .next = NEWN(c, int, d->n + 1), .on = NEWN(c, bool, d->n + 1) };
  for (int k = 0; k < d->n; k++) if (!s.num[k]) scc_from(&s, k);
  return s;
}

/* ---- the stepping dimension of a circle */
/* A read of one of the circle's tensors, with what holds where it is read. */
typedef struct Link { int eq, tensor; const Expr *read; Facts facts; } Link;
/* The circle eq[0 .. n) writes t[0 .. nt), equation k t[of[k]]. Tried: steps along dim[] of each tensor, in direction dir (0: open). */
typedef struct Search {
  Ctx *c; Eq **eq; int n; const Range **wrote; Tensor **t; int nt, *of, *dim, *seq, dir; long work; VEC(Link) link;
  VEC(Fact) cond;                              /* what holds where find_links is */
} Search;
enum { FAIL = 2, WORK_MAX = 200000 };

static int tensor_number(const Search *s, const Tensor *t) { return array_find(s->t, s->nt, t); }

/* Collects the reads of the circle's tensors in e of equation k. */
static void find_links(Search *s, int k, const Expr *e) {
  int t = e->kind == E_READ ? tensor_number(s, e->tensor) : -1, n = s->cond.n;
  if (t >= 0) PUSH(s->c, s->link, ((Link){ k, t, e, { ctx_copy(s->c, s->cond.at, (size_t)n * sizeof(Fact)), n } }));
  for (int j = 0; j < e->n; j++, s->cond.n = n) {
    const Expr *cond = expr_condition(e, j); if (cond) PUSH(s->c, s->cond, ((Fact){ cond, j == 2 })); find_links(s, k, e->arg[j]);
  }
}

/* Is a - b >= 1 proven? */
static bool proven_above(Ctx *c, Expr *a, Expr *b, const Facts *facts) {
  bool lo = false, hi = false;
  expr_inside(c, expr_fn2(c, FN_SUB, expr_fn2(c, FN_SUB, a, b), expr_int(c, 1)), extent_of(INT64_MAX / 4), facts, &lo, &hi); return lo;
}

/* Where does the link read, seen from where its equation writes? -1 earlier, 0 the same step, 1 later, FAIL unknown. */
static int link_step(Search *s, const Link *l) {
  Expr *own = s->eq[l->eq]->place[s->dim[s->of[l->eq]]], *at = l->read->arg[s->dim[l->tensor]]; Aff a, b;
  if (expr_affine(s->c, own, &a) && expr_affine(s->c, at, &b)) { Aff d = aff_sub(s->c, &b, &a); if (d.n == 0) return d.c < 0 ? -1 : d.c > 0; }
  if (s->dir <= 0 && proven_above(s->c, own, at, &l->facts)) return -1;
  return s->dir >= 0 && proven_above(s->c, at, own, &l->facts) ? 1 : FAIL;
}

/* The place in dimension d is number, or number + k * index: only such a place can be stepped to. */
static bool steppable(Ctx *c, const Expr *place) {
  Aff a; return expr_affine(c, place, &a) && (a.n == 0 || (a.n == 1 && a.k[0] > 0 && !a.index[0]->is_dim));
}

/* Can tensor t step along its dim, as far as its links to itself and to the tensors chosen before it (seq <= upto) say? Sets dir if it was open. */
static bool dim_fits(Search *s, int t, int upto) {
  for (int k = 0; k < s->n; k++) if (s->of[k] == t && !steppable(s->c, s->eq[k]->place[s->dim[t]])) return false;
  for (int j = 0; j < s->link.n; j++) {
    const Link *l = &s->link.at[j]; int a = s->of[l->eq], b = l->tensor; if ((a != t && b != t) || s->seq[a] > upto || s->seq[b] > upto) continue;
    int step = ++s->work > WORK_MAX ? FAIL : link_step(s, l); if (step == FAIL || (step && s->dir && step != s->dir)) return false;
    if (step) s->dir = step;
  }
  return true;
}

/* Does equation k of the circle read, within a step, what equation w writes? */
static bool needs_in_step(Search *s, int k, int w) {
  for (int j = 0; j < s->link.n; j++) {
    const Link *l = &s->link.at[j]; if (l->eq != k || l->tensor != s->of[w] || link_step(s, l) != 0) continue;
    if (boxes_meet(box_of(s->c, l->read->arg, l->read->n), s->wrote[w], l->read->n)) return true;
  }
  return false;
}

/* Orders the circle within a step, stable; false if that is a circle again. */
static bool order_step(Search *s, int *order) {
  int n = s->n, m = 0; bool *done = NEWN(s->c, bool, n), *needs = NEWN(s->c, bool, (size_t)n * (size_t)n);
  for (int k = 0; k < n * n; k++) needs[k] = needs_in_step(s, k / n, k % n);
  for (int k = 0, w; k < n; k++) {
    for (w = 0; w < n && !done[k] && (done[w] || !needs[k * n + w]); w++) {}
    if (w == n) done[order[m++] = k] = true, k = -1;     /* from the first on again */
  }
  return m == n;
}

/* The next tensor to choose a dimension for: one with a link to those before it, or the first. */
static int search_next(const Search *s) {
  for (int j = 0; j < s->link.n; j++) {
    int a = s->of[s->link.at[j].eq], b = s->link.at[j].tensor; if ((s->seq[a] < s->nt) != (s->seq[b] < s->nt)) return s->seq[a] < s->nt ? b : a;
  }
  for (int k = 0;; k++) if (s->seq[k] == s->nt) return k;
}

/* Gives tensors seq 0, 1, ... so that each has a link to an earlier one: wrong dimensions are refused early. */
static int *search_sequence(Search *s) {
  int *at = NEWN(s->c, int, s->nt); for (int k = 0; k < s->nt; k++) s->seq[k] = s->nt;
  for (int m = 0; m < s->nt; m++) s->seq[at[m] = search_next(s)] = m;
  return at;
}

/* Tries the dimensions of the tensors at[m ..], those of the stream first. */
static bool search_dims(Search *s, const int *at, int m, int *order) {
  if (m == s->nt) return s->dir != 0 && order_step(s, order);
  const Tensor *t = s->t[at[m]]; int rank = t->rank, dir = s->dir;
  for (int k = 0; k < 2 * rank; k++) {
    const Index *dim = t->shape[k % rank].dim; if ((dim && dim->stream) != (k < rank)) continue; s->dim[at[m]] = k % rank;
    if (dim_fits(s, at[m], m) && search_dims(s, at, m + 1, order)) return true;
    s->dir = dir;
  }
  return false;
}

static void circle_error(Ctx *c, Pos p, Tensor *const *at, int n) {
  Text t = { .c = c }; for (int k = 0; k < n && k < 8; k++) text_add(&t, "%s%s", k ? ", " : "", at[k]->name); if (n > 8) text_add(&t, ", ...");
  diag_error(c, p, "the equations of %s depend on each other in a circle: no dimension steps through them in one direction", t.s);
  diag_help(c, "in a recurrence every read of the circle's tensors is at an earlier place (or every one at a later) of one dimension");
}

/* The circle of component at[0 .. n), and its equations (numbers into at) as they follow each other within a step. False and an error: none. */
static bool circle_find(const Deps *d, const int *at, int n, Circle *out, int *order) {
  Ctx *c = d->c; bool alone = n == 1; for (int j = 0; alone && j < d->on[at[0]].n; j++) alone = d->on[at[0]].at[j] != at[0];
  *out = (Circle){ at[0], n, 0, NEWN(c, int, n) }; order[0] = 0;
  if (alone) return true;
  Search s = { .c = c, .eq = NEWN(c, Eq *, n), .n = n, .wrote = NEWN(c, const Range *, n), .t = NEWN(c, Tensor *, n), .of = NEWN(c, int, n),
               .dim = NEWN(c, int, n), .seq = NEWN(c, int, n) };
  for (int k = 0; k < n; k++) {
    s.eq[k] = d->eq[at[k]]; s.wrote[k] = d->wrote[at[k]];
    s.of[k] = tensor_number(&s, s.eq[k]->out); if (s.of[k] < 0) s.t[s.of[k] = s.nt++] = s.eq[k]->out;
  }
  for (int k = 0; k < n; k++) find_links(&s, k, s.eq[k]->rhs);
  if (!search_dims(&s, search_sequence(&s), 0, order)) { circle_error(c, s.eq[0]->pos, s.t, s.nt); return false; }
  out->dir = s.dir; for (int k = 0; k < n; k++) out->dim[k] = s.dim[s.of[k]]; return true;
}

bool graph_sort(Ctx *c, Graph *g) {
  Deps d = find_deps(c, g); Scc s = find_components(c, &d); Eq **out = NEWN(c, Eq *, g->neq + 1);
  int *order = NEWN(c, int, g->neq + 1); Circle circle; bool ok = true;
  for (int k = 0, first = 0; k < s.size.n; first += s.size.at[k++]) {
    int n = s.size.at[k], *at = s.order.at + first; bool found = circle_find(&d, at, n, &circle, order);
    for (int j = 0; j < n; j++) out[first + j] = g->eq[at[found ? order[j] : j]];
    ok &= found;
  }
  g->eq = out; return ok;
}

bool graph_circle(Ctx *c, const Graph *g, int eq, Circle *out) {
  Deps d = find_deps(c, g); Scc s = find_components(c, &d);
  for (int k = 0, *at = s.order.at; k < s.size.n; at += s.size.at[k++]) {
    int n = s.size.at[k]; if (!bsearch(&eq, at, (size_t)n, sizeof eq, compare_ints)) continue;
    if (at[n - 1] - at[0] + 1 != n) bug(c, "the equations of a circle stand apart: the graph was not sorted");
    return circle_find(&d, at, n, out, NEWN(c, int, n));
  }
  bug(c, "equation %d is in no component", eq);
}
