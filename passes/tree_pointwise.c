/* Trees of equations without reductions (movement, gathers too): everything in registers, a few vectors at a time.
 *
 *   for i { for j/64 { let a reg; a(j~); y(j~); } }
 *
 * Items that lack an outer index stand before the loop over it. Tensors in pieces get a leaf of their own. */
#include "builders.h"

/* loop: outer to inner, the lane last. */
typedef struct Nest { const Build *b; const char *lane; NameList loop; Tree **leaf; } Nest;

/* The lane that suits most items, by how many of them can use it (twice, if they like it best). */
static const char *lane_vote(const Build *b) {
  const char *best = NULL, **name = NEWN(b->c, const char *, b->its.n);
  int most = 0;
  for (int i = 0; i < b->its.n; i++) name[i] = lane_best(b->c, &b->its.at[i], false);
  for (int i = 0; i < b->its.n; i++) {
    int votes = 0;
    for (int j = 0; j < b->its.n && name[i]; j++) votes += item_free(&b->its.at[j], name[i]) ? name_same(name[j], name[i]) + 1 : 0;
    if (votes > most) { most = votes; best = name[i]; }
  }
  return best;
}

/* The indices of the widest item. */
static void nest_loops(Nest *n) {
  const Item *widest = &n->b->its.at[0];
  for (int i = 1; i < n->b->its.n; i++) if (n->b->its.at[i].nfree > widest->nfree) widest = &n->b->its.at[i];
  for (int i = 0; i < widest->nfree; i++) if (!name_same(widest->free[i]->name, n->lane)) PUSH(n->b->c, n->loop, widest->free[i]->name);
  if (n->lane) PUSH(n->b->c, n->loop, n->lane);
}

/* Do items read outside along the lane? Then the steps at the border stand apart, and those between need no masks. */
static bool has_border(const Nest *n, int first, int end, const char *name) {
  bool border = false;
  for (int i = first; i < end; i++) border |= expr_has(n->b->its.at[i].eq[0]->rhs, E_OR);
  return border && name_same(name, n->lane);
}

/* Items first..end - 1, whose loops up to depth are open. */
static Tree *nest_from(const Nest *n, int first, int end, int depth) {
  Ctx *c = n->b->c;
  const Item *it = n->b->its.at;
  Tree *body = NULL;
  if (depth == n->loop.n) return tree_leaves(n->b, n->leaf, first, end);
  const char *name = n->loop.at[depth];
  int64_t step = name_same(name, n->lane) ? (n->b->its.n > 6 ? 2 : 4) * n->b->lanes : 1;
  for (int i = first, e; i < end; i = e) {
    bool has = item_free(&it[i], name);
    for (e = i + 1; e < end && has == (item_free(&it[e], name) != NULL); e++) {}
    Tree *in = nest_from(n, i, e, depth + 1), *loop = has ? tree_loop(c, name, step, in) : in;
    if (has && has_border(n, i, e, name)) loop->loop = LOOP_EDGE;
    body = tree_cat(body, loop);
  }
  return body;
}

/* One loop nest serves if the items are whole, plain, and all their indices are the nest's. */
static bool nest_serves(const Nest *n) {
  for (int i = 0; i < n->b->its.n; i++) {
    const Item *it = &n->b->its.at[i];
    if (it->red || it->neq != 1) return false;
    for (int j = 0; j < it->nfree; j++) if (!name_in(&n->loop, it->free[j]->name)) return false;
    for (int j = 0; j < i; j++) if (!reads_at_home(it, &n->b->its.at[j])) return false;
  }
  return true;
}

Tree *tree_pointwise(Build *b) {
  Nest n = { .b = b, .lane = lane_vote(b), .leaf = NEWN(b->c, Tree *, b->its.n) };
  nest_loops(&n);
  if (!nest_serves(&n)) return tree_singles(b, 0, b->its.n);
  for (int i = 0; i < b->its.n; i++) {
    Order o = { 0 };
    if (n.lane && item_free(&b->its.at[i], n.lane)) order_add(b->c, &o, n.lane, b->lanes > 1 ? LEAF_VECTOR : LEAF_UNROLL, 0);
    n.leaf[i] = leaf_of(b->c, &b->its.at[i], &o);
  }
  return nest_from(&n, 0, b->its.n, 0);
}
