/* Is the order of the leaves legal? A value is computed before it is read: earlier in the tree, or in an earlier step of a loop.
 *
 *   for t { g(...); h(...); }      g reads h[t - 1, k]: the loop over t takes one step at a time around both, and no loop over another index
 *                                  that the read does not keep (k) runs around it
 */
#include "lower.h"

enum { DIST_ANY = INT32_MAX };

typedef struct Back { Lower *L; const LEq *e, *w; const LRead *r; int64_t dist[LEQ_INDICES]; bool constant; } Back;

static bool same_form(const LEq *e, const LForm *a, const LEq *w, const LForm *b)
{
  if (!a->aff || a->n != b->n || a->c != b->c) return false;
  for (int i = 0; i < b->n; i++) {
    bool found = false;
    for (int j = 0; j < a->n && b->t[i].k >= 0; j++) found |= a->t[j].k >= 0 && a->t[j].m == b->t[i].m && name_is(e->ix[a->t[j].k]->name, w->ix[b->t[i].k]->name);
    if (!found) return false;
  }
  return true;
}

/* How far from its own place (by index of the writer) the reader reads: 0, a number of steps, or unknown. */
static void distances(Back *k)
{
  for (int i = 0; i < k->w->nfree; i++) k->dist[i] = 0;
  for (int d = 0; d < k->r->t->t->rank; d++) {
    const LForm *a = &k->r->place[d], *b = &k->w->place[d];
    bool one = b->n == 1 && b->t[0].k >= 0 && b->t[0].m == 1 && a->aff && a->n == 1 && a->t[0].k >= 0 && a->t[0].m == 1;
    bool named = one && name_is(k->e->ix[a->t[0].k]->name, k->w->ix[b->t[0].k]->name);
    for (int i = 0; i < b->n; i++) {
      if (b->t[i].k < 0) continue;
      k->dist[b->t[i].k] = named ? a->c - b->c : same_form(k->e, a, k->w, b) ? 0 : DIST_ANY;
      k->constant |= named && a->c != b->c;
    }
  }
}

/* Does a loop over this index, one step at a time, put the write before the read? 1 yes, 0 it does not matter, -1 it is the wrong loop. */
static int loop_orders(const Back *k, const char *index, int64_t step, bool inorder)
{
  int i = eq_index(k->w, index);
  if (i < 0 || i >= k->w->nfree || k->dist[i] == 0) return 0;
  if (k->dist[i] == DIST_ANY && k->constant) return -1;
  if (!inorder) return -1;
  return step <= 1 ? 1 : 0;
}

static int scan_loops(const Back *k, const Tree *t)
{
  for (; t; t = t->next) {
    if (t->kind != TREE_FOR || !tree_holds(t->body, k->e, true) || !tree_holds(t->body, k->w, true)) continue;
    int s = loop_orders(k, t->name, t->loop == LOOP_STREAM ? 2 : t->step, t->loop != LOOP_PARALLEL);
    return s ? s : scan_loops(k, t->body);
  }
  return 0;
}

static int scan_leaf(const Back *k)
{
  const Tree *t = k->e->leaf;
  for (int i = 0; i < t->nleaf && k->e == k->w; i++) {
    int s = loop_orders(k, t->leaf[i].index, 1, t->leaf[i].kind != LEAF_VECTOR);
    if (s) return s;
  }
  return 0;
}

static void check_back(Lower *L, const LEq *e, const LRead *r, const LEq *w)
{
  Back k = { .L = L, .e = e, .w = w, .r = r };
  distances(&k);
  int s = scan_loops(&k, L->k->tree);
  if (!s) s = scan_leaf(&k);
  if (s > 0) return;
  const char *name = r->t->t->name;
  if (e == w) tree_error(L, e->leaf->pos, e, "it reads its own earlier values: the index that it steps through runs serially, outside of those that it does not keep");
  tree_error(L, e->leaf->pos, e, s < 0
    ? ctx_printf(L->c, "it reads %s of an earlier step, and a loop around both runs over an index that this read does not keep, or in parallel", name)
    : ctx_printf(L->c, "it reads %s, whose leaf comes later: the consumer stands before the producer, and no loop takes one step at a time around both", name));
}

void check_recurrences(Lower *L)
{
  for (int i = 0; i < L->neq; i++)
    for (int k = 0; k < L->eq[i]->nread; k++) {
      const LTensor *t = L->eq[i]->read[k]->t;
      for (int w = 0; w < t->nwriter; w++)
        if (t->writer[w]->order > L->eq[i]->order || t->writer[w] == L->eq[i]) check_back(L, L->eq[i], L->eq[i]->read[k], t->writer[w]);
    }
}
