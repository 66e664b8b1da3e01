/* The order of equations: producers first, and the circles of recurrences.
 *
 *   h[t] = tanh(z[t]);                   s[t] = ...                 the order found
 *   z[t] = s[t] + (h[t - 1] or 0);  ->   z[t] = ...   circle: dim t, direction -1, in this order within one step
 *   s[t] = sum(c: x[c, t]);              h[t] = ...
 *
 * An equation depends on another if it reads a place that the other may write (boxes of ranges overlap), so the pieces of one tensor
 * stand apart. Circles are strongly connected components (R. Tarjan, Depth-first search and linear graph algorithms, 1972).
 */
#include "ir.h"
#include <stdlib.h>
#include <string.h>

typedef VEC(const Expr *) Reads;
typedef VEC(int) Ints;

/* ---- who reads whom */
typedef struct Deps { Ctx *c; Eq **eq; int n; Range **wrote; int *chain; int *head; uint32_t mask; Ints *on; } Deps;

static uint32_t slot_of(const Deps *d, const Tensor *t)
{
  uint64_t h = (uint64_t)(uintptr_t)t * 0x9e3779b97f4a7c15u;
  uint32_t k = (uint32_t)(h >> 32) & d->mask;
  while (d->head[k] >= 0 && d->eq[d->head[k]]->out != t) k = (k + 1) & d->mask;
  return k;
}

static Range *place_ranges(Ctx *c, Expr *const *place, int rank)
{
  Range *r = NEWN(c, Range, rank + 1);
  for (int k = 0; k < rank; k++) r[k] = expr_range(c, place[k]);
  return r;
}

static bool add_read(const Expr *e, void *reads)
{
  struct { Ctx *c; Reads v; } *r = reads;
  if (e->kind == E_READ) PUSH(r->c, r->v, e);
  return true;
}

static void add_edges(Deps *d, int k, const Expr *read)
{
  int w = d->head[slot_of(d, read->tensor)];
  if (w < 0) return;
  Range *at = place_ranges(d->c, read->arg, read->n);
  for (; w >= 0; w = d->chain[w]) {
    bool apart = false;
    for (int r = 0; r < read->n; r++) apart |= at[r].hi < d->wrote[w][r].lo || at[r].lo > d->wrote[w][r].hi;
    if (!apart) PUSH(d->c, d->on[k], w);
  }
}

/* d->on[k]: the equations that k depends on. */
static void find_deps(Ctx *c, Eq **eq, int n, Deps *d)
{
  uint32_t size = 16;
  while (size < 2 * (uint32_t)n) size *= 2;
  *d = (Deps){ c, eq, n, NEWN(c, Range *, n + 1), NEWN(c, int, n + 1), NEWN(c, int, size), size - 1, NEWN(c, Ints, n + 1) };
  memset(d->head, 0xff, sizeof(int) * size);
  for (int k = n - 1; k >= 0; k--) {
    uint32_t s = slot_of(d, eq[k]->out);
    d->chain[k] = d->head[s];
    d->head[s] = k;
    d->wrote[k] = place_ranges(c, eq[k]->place, eq[k]->out->rank);
  }
  for (int k = 0; k < n; k++) {
    struct { Ctx *c; Reads v; } r = { c, { 0 } };
    expr_walk(eq[k]->rhs, add_read, &r);
    for (int j = 0; j < r.v.n; j++) add_edges(d, k, r.v.at[j]);
  }
}

/* ---- components, producers first; iterative, as chains are as long as networks are deep */
typedef struct Scc { const Deps *d; int *num, *low, *next; bool *on; Ints stack, call, order, size; int count; } Scc;

static void scc_enter(Scc *s, int k)
{
  s->num[k] = s->low[k] = ++s->count;
  s->on[k] = true;
  PUSH(s->d->c, s->stack, k);
  PUSH(s->d->c, s->call, k);
}

static void scc_leave(Scc *s, int k)
{
  s->call.n--;
  if (s->call.n) {
    int up = s->call.at[s->call.n - 1];
    if (s->low[k] < s->low[up]) s->low[up] = s->low[k];
  }
  if (s->low[k] != s->num[k]) return;
  int first = s->stack.n;
  do s->on[s->stack.at[--first]] = false;
  while (s->stack.at[first] != k);
  for (int j = first; j < s->stack.n; j++) PUSH(s->d->c, s->order, s->stack.at[j]);
  PUSH(s->d->c, s->size, s->stack.n - first);
  s->stack.n = first;
}

static void scc_from(Scc *s, int root)
{
  for (scc_enter(s, root); s->call.n;) {
    int k = s->call.at[s->call.n - 1];
    if (s->next[k] == s->d->on[k].n) {
      scc_leave(s, k);
      continue;
    }
    int w = s->d->on[k].at[s->next[k]++];
    if (!s->num[w]) scc_enter(s, w);
    else if (s->on[w] && s->num[w] < s->low[k]) s->low[k] = s->num[w];
  }
}

static bool depends_on_itself(const Deps *d, int k)
{
  for (int j = 0; j < d->on[k].n; j++)
    if (d->on[k].at[j] == k) return true;
  return false;
}

/* ---- the stepping dimension of a circle */
/* A read of one of the circle's tensors, with what holds where it is read. */
typedef struct Link { int eq, tensor; const Expr *read; Facts facts; } Link;
typedef VEC(Link) Links;
typedef struct Search {
  Ctx *c; Eq **eq; int n; const Range *const *wrote; Tensor **t; int nt; int *of; int *dim; int *seq; int dir; long work; Links link;
} Search;
enum { FAIL = 2, WORK_MAX = 200000 };

static int tensor_number(const Search *s, const Tensor *t)
{
  for (int k = 0; k < s->nt; k++)
    if (s->t[k] == t) return k;
  return -1;
}

static Facts facts_add(Ctx *c, const Facts *f, const Expr *cond, bool neg)
{
  Facts r = { NEWN(c, const Expr *, f->n + 1), NEWN(c, bool, f->n + 1), f->n + 1 };
  if (f->n) memcpy(r.at, f->at, sizeof *r.at * (size_t)f->n);
  if (f->n) memcpy(r.neg, f->neg, (size_t)f->n);
  r.at[f->n] = cond;
  r.neg[f->n] = neg;
  return r;
}

/* Collects the reads of the circle's tensors in e of equation k. */
static void find_links(Search *s, int k, const Expr *e, const Facts *facts)
{
  Facts in = *facts;
  int t = e->kind == E_READ ? tensor_number(s, e->tensor) : -1;
  if (t >= 0) PUSH(s->c, s->link, ((Link){ k, t, e, in }));
  if (e->kind == E_SELECT) {
    Facts yes = facts_add(s->c, facts, e->arg[0], false), no = facts_add(s->c, facts, e->arg[0], true);
    find_links(s, k, e->arg[0], facts);
    find_links(s, k, e->arg[1], &yes);
    find_links(s, k, e->arg[2], &no);
    return;
  }
  bool both = e->kind == E_FN && e->fn == FN_AND;
  if (e->kind == E_REDUCE && e->n == 2) in = facts_add(s->c, facts, e->arg[1], false);
  for (int j = 0; j < e->n; j++) {
    if (both && j == 1) in = facts_add(s->c, facts, e->arg[0], false);
    find_links(s, k, e->arg[j], e->kind == E_REDUCE && j == 1 ? facts : &in);
  }
}

/* Is a - b >= 1 proven? */
static bool proven_above(Ctx *c, Expr *a, Expr *b, const Facts *facts)
{
  Expr *d = expr_fn2(c, FN_SUB, expr_fn2(c, FN_SUB, a, b), expr_int(c, 1));
  bool lo = false, hi = false;
  expr_inside(c, d, extent_of(INT64_MAX / 4), facts, &lo, &hi);
  return lo;
}

/* Where does the link read, seen from where its equation writes? -1 earlier, 0 the same step, 1 later, FAIL unknown. */
static int link_step(Search *s, const Link *l)
{
  const Eq *e = s->eq[l->eq];
  Expr *own = e->place[s->dim[s->of[l->eq]]], *at = l->read->arg[s->dim[l->tensor]];
  Aff a, b;
  if (expr_affine(s->c, own, &a) && expr_affine(s->c, at, &b)) {
    Aff d = aff_sub(s->c, &b, &a);
    if (d.n == 0) return d.c < 0 ? -1 : d.c > 0;
  }
  if (s->dir <= 0 && proven_above(s->c, own, at, &l->facts)) return -1;
  if (s->dir >= 0 && proven_above(s->c, at, own, &l->facts)) return 1;
  return FAIL;
}

/* Does the link agree with the direction so far? Sets it if it was open. */
static bool link_agrees(Search *s, const Link *l)
{
  int d = link_step(s, l);
  if (d == FAIL || (d && s->dir && d != s->dir)) return false;
  if (d) s->dir = d;
  return true;
}

/* The place in dimension d is number, or number + k * index: only such a place can be stepped to. */
static bool steppable(Ctx *c, const Expr *place)
{
  Aff a;
  return expr_affine(c, place, &a) && (a.n == 0 || (a.n == 1 && a.k[0] > 0 && !a.index[0]->is_dim));
}

static bool dim_fits(Search *s, int t, int upto)
{
  for (int k = 0; k < s->n; k++)
    if (s->of[k] == t && !steppable(s->c, s->eq[k]->place[s->dim[t]])) return false;
  for (int j = 0; j < s->link.n; j++) {
    const Link *l = &s->link.at[j];
    int a = s->of[l->eq], b = l->tensor;
    if ((a != t && b != t) || s->seq[a] > upto || s->seq[b] > upto) continue;
    if (++s->work > WORK_MAX || !link_agrees(s, l)) return false;
  }
  return true;
}

/* Does equation k of the circle read, within a step, what equation w writes? */
static bool needs_in_step(Search *s, int k, int w)
{
  for (int j = 0; j < s->link.n; j++) {
    const Link *l = &s->link.at[j];
    if (l->eq != k || l->tensor != s->of[w] || link_step(s, l) != 0) continue;
    bool apart = false;
    for (int r = 0; r < l->read->n; r++) {
      Range at = expr_range(s->c, l->read->arg[r]);
      apart |= at.hi < s->wrote[w][r].lo || at.lo > s->wrote[w][r].hi;
    }
    if (!apart) return true;
  }
  return false;
}

/* Orders the circle within a step, stable; false if that is a circle again. */
static bool order_step(Search *s, int *order)
{
  bool *done = NEWN(s->c, bool, s->n), *needs = NEWN(s->c, bool, (size_t)s->n * (size_t)s->n);
  for (int k = 0; k < s->n; k++)
    for (int w = 0; w < s->n; w++) needs[k * s->n + w] = needs_in_step(s, k, w);
  for (int m = 0; m < s->n; m++) {
    int pick = -1;
    for (int k = 0; k < s->n && pick < 0; k++) {
      bool ready = !done[k];
      for (int w = 0; w < s->n && ready; w++) ready = done[w] || !needs[k * s->n + w];
      if (ready) pick = k;
    }
    if (pick < 0) return false;
    done[pick] = true;
    order[m] = pick;
  }
  return true;
}

/* Gives tensors seq 0, 1, ... so that each has a link to an earlier one: wrong dimensions are refused early. */
static int *search_sequence(Search *s)
{
  int *at = NEWN(s->c, int, s->nt);
  for (int k = 0; k < s->nt; k++) s->seq[k] = s->nt;
  for (int m = 0; m < s->nt; m++) {
    int pick = -1;
    for (int j = 0; j < s->link.n && pick < 0 && m; j++) {
      int a = s->of[s->link.at[j].eq], b = s->link.at[j].tensor;
      if ((s->seq[a] < s->nt) != (s->seq[b] < s->nt)) pick = s->seq[a] < s->nt ? b : a;
    }
    for (int k = 0; k < s->nt && pick < 0; k++)
      if (s->seq[k] == s->nt) pick = k;
    s->seq[pick] = m;
    at[m] = pick;
  }
  return at;
}

static bool is_stream_dim(const Tensor *t, int d) { return t->shape[d].dim && t->shape[d].dim->stream; }

static bool search_dims(Search *s, const int *at, int m, int *order)
{
  if (m == s->nt) return s->dir != 0 && order_step(s, order);
  const Tensor *t = s->t[at[m]];
  for (int pass = 0; pass < 2; pass++)
    for (int d = 0; d < t->rank; d++) {
      if (is_stream_dim(t, d) != (pass == 0)) continue;
      int dir = s->dir;
      s->dim[at[m]] = d;
      if (dim_fits(s, at[m], m) && search_dims(s, at, m + 1, order)) return true;
      s->dir = dir;
    }
  return false;
}

/* Finds dimensions and direction of the circle eq[0 .. n); order[]: its equations within a step. */
static bool circle_find(Ctx *c, Eq **eq, int n, const Range *const *wrote, Circle *out, int *order)
{
  Search s = { .c = c, .eq = eq, .n = n, .wrote = wrote, .t = NEWN(c, Tensor *, n), .of = NEWN(c, int, n), .dim = NEWN(c, int, n), .seq = NEWN(c, int, n) };
  for (int k = 0; k < n; k++) {
    s.of[k] = tensor_number(&s, eq[k]->out);
    if (s.of[k] < 0) s.t[s.of[k] = s.nt++] = eq[k]->out;
  }
  Facts none = { 0 };
  for (int k = 0; k < n; k++) find_links(&s, k, eq[k]->rhs, &none);
  if (!search_dims(&s, search_sequence(&s), 0, order)) return false;
  out->n = n;
  out->dir = s.dir;
  out->dim = NEWN(c, int, n);
  for (int k = 0; k < n; k++) out->dim[k] = s.dim[s.of[k]];
  return true;
}

static void circle_error(Ctx *c, Eq **eq, int n)
{
  Text t = { .c = c };
  for (int k = 0; k < n && k < 8; k++) {
    bool seen = false;
    for (int j = 0; j < k; j++) seen |= eq[j]->out == eq[k]->out;
    if (!seen) text_add(&t, "%s%s", k ? ", " : "", eq[k]->out->name);
  }
  if (n > 8) text_add(&t, ", ...");
  diag_error(c, eq[0]->pos, "the equations of %s depend on each other in a circle: no dimension steps through them in one direction", t.s);
  diag_help(c, "in a recurrence every read of the circle's tensors is at an earlier place (or every one at a later) of one dimension");
}

static int compare_ints(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

/* Writes the component at[0 .. n) of d to out in order. */
static bool place_component(Ctx *c, const Deps *d, int *at, int n, Eq **out)
{
  Eq **eq = NEWN(c, Eq *, n);
  const Range **wrote = NEWN(c, const Range *, n);
  int *order = NEWN(c, int, n);
  qsort(at, (size_t)n, sizeof *at, compare_ints);
  for (int k = 0; k < n; k++) {
    eq[k] = out[k] = d->eq[at[k]];
    wrote[k] = d->wrote[at[k]];
  }
  Circle circle;
  if (n == 1 && !depends_on_itself(d, at[0])) return true;
  if (!circle_find(c, eq, n, wrote, &circle, order)) {
    circle_error(c, eq, n);
    return false;
  }
  for (int k = 0; k < n; k++) out[k] = eq[order[k]];
  return true;
}

/* All components of the n equations: s->order, producers first, in runs of s->size. */
static void find_components(Ctx *c, const Deps *d, Scc *s)
{
  *s = (Scc){ .d = d, .num = NEWN(c, int, d->n + 1), .low = NEWN(c, int, d->n + 1), .next = NEWN(c, int, d->n + 1), .on = NEWN(c, bool, d->n + 1) };
  for (int k = 0; k < d->n; k++)
    if (!s->num[k]) scc_from(s, k);
}

bool graph_sort(Ctx *c, Graph *g)
{
  Deps d;
  Scc s;
  find_deps(c, g->eq, g->neq, &d);
  find_components(c, &d, &s);
  Eq **out = NEWN(c, Eq *, g->neq + 1);
  bool ok = true;
  for (int k = 0, at = 0; k < s.size.n; at += s.size.at[k++]) ok &= place_component(c, &d, s.order.at + at, s.size.at[k], out + at);
  g->eq = out;
  return ok;
}

/* The component of equation eq: its first equation and how many; they must stand together. */
static int component_of(Ctx *c, const Scc *s, int eq, int *n)
{
  for (int k = 0, at = 0; k < s->size.n; at += s->size.at[k++]) {
    int first = eq, last = eq;
    bool here = false;
    for (int j = at; j < at + s->size.at[k]; j++) {
      int e = s->order.at[j];
      here |= e == eq;
      if (e < first) first = e;
      if (e > last) last = e;
    }
    if (!here) continue;
    if (last - first + 1 != s->size.at[k]) bug(c, "the equations of a circle stand apart: the graph was not sorted");
    *n = s->size.at[k];
    return first;
  }
  bug(c, "equation %d is in no component", eq);
}

bool graph_circle(Ctx *c, const Graph *g, int eq, Circle *out)
{
  Deps d;
  Scc s;
  int n = 0;
  find_deps(c, g->eq, g->neq, &d);
  find_components(c, &d, &s);
  int first = component_of(c, &s, eq, &n), *order = NEWN(c, int, n);
  *out = (Circle){ first, 1, 0, NEWN(c, int, 1) };
  if (n == 1 && !depends_on_itself(&d, eq)) return true;
  if (!circle_find(c, g->eq + first, n, (const Range *const *)d.wrote + first, out, order)) {
    circle_error(c, g->eq + first, n);
    return false;
  }
  return true;
}
