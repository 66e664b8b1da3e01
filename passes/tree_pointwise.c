/* Trees of equations without reductions (movement, gathers too): everything in registers, a few vectors at a time.
 *
 *   for i { for j/64 { let a reg; a(j~); y(j~); } }
 *
 * Items that lack an outer index stand before the loop over it. Tensors in pieces get a leaf of their own.
 */
#include "builders.h"

typedef struct Nest { Ctx *c; const Kernel *k; const Items *its; const Target *t; const char *lane; int nv, lanes; const char **outer; int nouter; } Nest;

/* The lane that suits most items, by how many of them can use it. */
static const char *lane_vote(Ctx *c, const Kernel *k, const Items *its)
{
  const char *best = NULL;
  int most = 0;
  for (int i = 0; i < its->n; i++) {
    const char *name = its->at[i].nfree ? lane_best(c, k, &its->at[i], false) : NULL;
    int votes = 0;
    for (int j = 0; j < its->n && name; j++) votes += item_free(&its->at[j], name) ? name_same(lane_best(c, k, &its->at[j], false), name) + 1 : 0;
    if (votes > most) {
      most = votes;
      best = name;
    }
  }
  return best;
}

static void outer_names(Nest *n)
{
  int most = 0, widest = 0;
  for (int i = 0; i < n->its->n; i++)
    if (n->its->at[i].nfree > most) {
      most = n->its->at[i].nfree;
      widest = i;
    }
  n->outer = NEWN(n->c, const char *, most + 1);
  for (int i = 0; i < most; i++) {
    const char *name = n->its->at[widest].free[i]->name;
    if (!n->lane || !name_same(name, n->lane)) n->outer[n->nouter++] = name;
  }
}

static Tree *leaf_lane(const Nest *n, const Item *it)
{
  Order o = { { .c = n->c } };
  if (n->lane && item_free(it, n->lane)) order_add(&o, n->lane, n->lanes > 1 ? "~" : "*");
  return leaf_of(n->c, it, &o);
}

/* Items first..first + count, whose loops over outer[0..depth) are open. */
static Tree *nest_from(const Nest *n, int first, int count, int depth)
{
  Tree *body = NULL;
  for (int i = first; i < first + count;) {
    bool has = depth < n->nouter && item_free(&n->its->at[i], n->outer[depth]);
    int e = i + 1;
    if (depth == n->nouter) {
      bool lane = n->lane && item_free(&n->its->at[i], n->lane);
      while (e < first + count && lane == (n->lane && item_free(&n->its->at[e], n->lane))) e++;
      Tree *leaves = lets_reg(n->c, n->k, n->its, i, e - i);
      for (int j = i; j < e; j++) leaves = tree_cat(leaves, leaf_lane(n, &n->its->at[j]));
      body = tree_cat(body, lane ? tree_for(n->c, n->lane, (int64_t)n->nv * n->lanes, LOOP_SERIAL, leaves) : leaves);
    } else {
      while (e < first + count && has == (item_free(&n->its->at[e], n->outer[depth]) != NULL)) e++;
      Tree *in = nest_from(n, i, e - i, depth + 1);
      body = tree_cat(body, has ? tree_for(n->c, n->outer[depth], 1, LOOP_SERIAL, in) : in);
    }
    i = e;
  }
  return body;
}

/* One loop nest serves if the items are whole, plain, and all their indices are the nest's. */
static bool nest_serves(const Nest *n)
{
  for (int i = 0; i < n->its->n; i++) {
    const Item *it = &n->its->at[i];
    if (it->red || it->neq != 1) return false;
    for (int j = 0; j < it->nfree; j++) {
      bool known = n->lane && name_same(it->free[j]->name, n->lane);
      for (int d = 0; d < n->nouter && !known; d++) known = name_same(it->free[j]->name, n->outer[d]);
      if (!known) return false;
    }
    for (int j = 0; j < i; j++)
      if (item_reads(it, n->its->at[j].t) && !reads_at_home(it, &n->its->at[j])) return false;
  }
  return true;
}

Tree *tree_pointwise(Ctx *c, const Graph *g, const Kernel *k, const Target *t)
{
  (void)g;
  Items its = items_of(c, k);
  Nest n = { .c = c, .k = k, .its = &its, .t = t, .lanes = kernel_lanes(k, t), .nv = its.n > 6 ? 2 : 4 };
  n.lane = lane_vote(c, k, &its);
  outer_names(&n);
  if (nest_serves(&n)) return nest_from(&n, 0, its.n, 0);
  Tree *tree = NULL;
  for (int i = 0; i < its.n; i++) tree = tree_cat(tree, tree_single(c, k, &its.at[i], t));
  return tree;
}
