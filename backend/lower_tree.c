/* What the tree says of the equations: which leaf computes which, and whether that order is legal. A value is computed before it is read: earlier in
 * the tree, or in an earlier step of a loop.
 *
 *   for t { g(...); h(...); }      g reads h[t - 1, k]: the loop over t takes one step at a time around both, and no loop over another index
 *                                  that the read does not keep (k) runs around it */
#include "lower.h"

#define tree_say(L, pos, ...) diag_error((L)->c, pos, "schedule of kernel %s: %s", (L)->k->name, ctx_printf((L)->c, __VA_ARGS__))

void tree_fail(Lower *L, Pos pos, const LEq *e, const char *rule) {
  tree_say(L, pos.src || !e ? pos : e->eq->pos, "%s%s%s", e ? e->eq->out->name : "", e ? ": " : "", rule);
  frit_bail(L->c);
}

LTensor *tensor_named(Lower *L, const char *name) {
  for (int k = 0; k < L->k->neq; k++) if (name_is(L->k->eq[k]->out->name, name)) return tensor_of(L, L->k->eq[k]->out);
  return NULL;
}

static void add_eqs(Lower *L, const Tree *t, bool rest, LEqs *out) {
  for (; t; t = rest ? t->next : NULL) {
    if (t->kind == TREE_FOR) add_eqs(L, t->body, true, out);
    LTensor *x = t->kind == TREE_LEAF ? tensor_named(L, t->name) : NULL;
    if (x) EACH(LEq, e, x->writer) PUSH(L->c, *out, e);
  }
}

LEqs tree_eqs(Lower *L, const Tree *t, bool rest) { LEqs r = { 0 }; add_eqs(L, t, rest, &r); return r; }

bool tree_holds(const Tree *t, const LEq *e, bool rest) {
  for (; t; t = rest ? t->next : NULL) if (t == e->leaf || (t->kind == TREE_FOR && tree_holds(t->body, e, true))) return true;
  return false;
}

/* ---- leaves and lets */
static void near_name(Lower *L, const Tree *t, const char *what) {
  const char **names = NEWN(L->c, const char *, L->k->neq + 1);
  for (int k = 0; k < L->k->neq; k++) names[k] = L->k->eq[k]->out->name;
  const char *near = diag_near(t->name, names, L->k->neq);
  tree_say(L, t->pos, "%s %s is no equation of this kernel", what, t->name);
  if (near) diag_help(L->c, "did you mean %s?", near);
}

static void check_tree(Lower *L, LEq *const *all, const Tree *t, int depth) {
  if (depth > 64) tree_error(L, t->pos, NULL, "loops are nested more than 64 deep");
  for (; t; t = t->next) {
    bool leaf = t->kind == TREE_LEAF, let = t->kind == TREE_LET, known = false; LTensor *x = leaf || let ? tensor_named(L, t->name) : NULL;
    if ((leaf || let) && !x) near_name(L, t, leaf ? "leaf" : "let");
    if (leaf && x && x->writer.at[0]->leaf) tree_say(L, t->pos, "%s has two leaves; an equation is computed in one place", t->name);
    else if (leaf && x) EACH(LEq, e, x->writer) e->leaf = t;
    if (let && x && x->let) tree_say(L, t->pos, "%s has two lets", t->name);
    else if (let && x) x->let = t;
    if (t->kind != TREE_FOR) continue;
    for (int k = 0; k < L->k->neq; k++) known |= eq_index(all[k], t->name) >= 0;
    if (!known) tree_say(L, t->pos, "for %s: no equation of this kernel has an index %s", t->name, t->name);
    if (t->step < 0) tree_say(L, t->pos, "for %s: the step must be positive", t->name);
    if (t->loop == LOOP_STREAM && depth) tree_say(L, t->pos, "for %s: a stream loop stands outermost", t->name);
    check_tree(L, all, t->body, depth + 1);
  }
}

/* ---- recurrences */
enum { DIST_ANY = INT32_MAX };
/* How far from its own place (by index of the writer) the reader reads: 0, a number of steps, or unknown. constant: a number in some index. */
typedef struct Back { const LEq *e, *w; const LRead *r; int64_t dist[LEQ_INDICES]; bool constant; } Back;
/* Dimension d is read and written at an index that both name alike (ke, kw) plus a number: dist further. */
typedef struct Step { bool named; int ke, kw; int64_t dist; } Step;

static Step step_of(const LEq *e, const LRead *r, const LEq *w, int d) {
  const LForm *a = &r->place[d], *b = &w->place[d];
  if (!a->aff || a->n != 1 || b->n != 1 || a->t[0].k < 0 || b->t[0].k < 0 || a->t[0].m != 1 || b->t[0].m != 1) return (Step){ .named = false };
  return (Step){ name_is(e->ix[a->t[0].k]->name, w->ix[b->t[0].k]->name), a->t[0].k, b->t[0].k, a->c - b->c };
}

/* Recurrences that read later places run downwards. */
static void find_down(const LEq *e) {
  EACH(LRead, r, e->read) EACH(LEq, w, r->t->writer)
    for (int d = 0; d < r->t->t->rank && w->id >= e->id; d++) {
      Step s = step_of(e, r, w, d);
      if (s.named && s.dist > 0) e->down[s.ke] = w->down[s.kw] = true;
    }
}

static bool same_form(const LEq *e, const LForm *a, const LEq *w, const LForm *b) {
  if (!a->aff || a->n != b->n || a->c != b->c) return false;
  for (int i = 0; i < b->n; i++) {
    bool found = false; const LTerm *s = a->t, *t = &b->t[i];
    for (int j = 0; j < a->n && t->k >= 0; j++) found |= s[j].k >= 0 && s[j].m == t->m && name_is(e->ix[s[j].k]->name, w->ix[t->k]->name);
    if (!found) return false;
  }
  return true;
}

static Back distances(const LEq *e, const LRead *r, const LEq *w) {
  Back k = { .e = e, .w = w, .r = r };
  for (int d = 0; d < r->t->t->rank; d++) {
    const LForm *a = &r->place[d], *b = &w->place[d]; Step s = step_of(e, r, w, d);
    for (int i = 0; i < b->n; i++) if (b->t[i].k >= 0) k.dist[b->t[i].k] = s.named ? s.dist : same_form(e, a, w, b) ? 0 : DIST_ANY;
    k.constant |= s.named && s.dist;
  }
  return k;
}

/* Does a loop over this index, one step at a time, put the write before the read? 1 yes, 0 it does not matter, -1 it is the wrong loop. */
static int loop_orders(const Back *k, const char *index, int64_t step, bool inorder) {
  int i = eq_index(k->w, index);
  if (i < 0 || i >= k->w->nfree || k->dist[i] == 0) return 0;
  if ((k->dist[i] == DIST_ANY && k->constant) || !inorder) return -1;
  return step <= 1;
}

static int scan_loops(const Back *k, const Tree *t) {
  for (; t; t = t->next) {
    if (t->kind != TREE_FOR || !tree_holds(t->body, k->e, true) || !tree_holds(t->body, k->w, true)) continue;
    int s = loop_orders(k, t->name, t->loop == LOOP_STREAM ? 2 : t->step, t->loop != LOOP_PARALLEL); return s ? s : scan_loops(k, t->body);
  }
  return 0;
}

static void check_back(Lower *L, const LEq *e, const LRead *r, const LEq *w) {
  Back k = distances(e, r, w); const char *name = r->t->t->name; int s = scan_loops(&k, L->k->tree);
  const Tree *t = e->leaf;
  for (int i = 0; i < t->nleaf && e == w && !s; i++) s = loop_orders(&k, t->leaf[i].index, 1, t->leaf[i].kind != LEAF_VECTOR);
  if (s > 0) return;
  if (e == w)
    tree_error(L, e->leaf->pos, e, "it reads its own earlier values: the index that it steps through runs serially, "
               "outside of those that it does not keep");
  if (s < 0)
    tree_error(L, e->leaf->pos, e, "it reads %s of an earlier step, and a loop around both runs over an index that this read does not keep, "
               "or in parallel", name);
  tree_error(L, e->leaf->pos, e, "it reads %s, whose leaf comes later: the consumer stands before the producer, "
             "and no loop takes one step at a time around both", name);
}

/* ---- a kernel */
static void tensor_link(Lower *L, LEq *e) {
  PUSH(L->c, e->out->writer, e);
  EACH(LRead, r, e->read) { LEqs *by = &r->t->reader; if (!by->n || by->at[by->n - 1] != e) PUSH(L->c, *by, e); }
}

/* Who writes and who reads a register computes in the same lanes: the fewest of all. */
static void agree_lanes(LEq *const *all, int n) {
  for (bool more = true; more;) {
    more = false;
    for (int k = 0; k < n; k++) EACH(LRead, r, all[k]->read) EACH(LEq, w, r->t->writer) {
      int *a = &all[k]->lanes, *b = &w->lanes;
      if (!r->t->let || r->t->let->storage != ST_REG || *a == *b) continue;
      *a = *b = *a < *b ? *a : *b; more = true;
    }
  }
}

bool lower_resolve(Lower *L) {
  int errors = L->c->nerror; LEq **all = NEWN(L->c, LEq *, L->k->neq + 1);
  for (int k = 0; k < L->k->neq; k++) tensor_link(L, all[k] = resolve_eq(L, L->k->eq[k]));
  check_tree(L, all, L->k->tree, 0);
  for (int k = 0; k < L->k->neq; k++)
    if (!all[k]->leaf && L->c->nerror == errors)
      tree_say(L, L->k->pos.src ? L->k->pos : all[k]->eq->pos, "%s has no leaf; every equation is computed in one place", all[k]->eq->out->name);
  if (L->c->nerror > errors) return false;
  agree_lanes(all, L->k->neq); L->eq = tree_eqs(L, L->k->tree, true);
  for (int k = 0; k < L->eq.n; k++) L->eq.at[k]->id = k;
  EACH(LEq, e, L->eq) find_down(e);
  EACH(LEq, e, L->eq) EACH(LRead, r, e->read) EACH(LEq, w, r->t->writer) if (w->id >= e->id) check_back(L, e, r, w);
  L->open = NEWN(L->c, LOpen *, L->eq.n + 1); return true;
}
