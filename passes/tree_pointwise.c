/* Equations without reductions (movement, gathers too): everything in registers, a few vectors at a time.
 *
 *   for i { for j/64 { let a reg; a(j~); y(j~); } }
 *   for i/128 { for j/16 { for i/16 { y(i*, j~); } } }                   y[i, j] = x[j, i]: blocks are turned in registers
 * Items that lack an outer index stand before the loop over it. Tensors in pieces get a leaf of their own. loop: outer to inner, the lane last; turn:
 * before it, a read lies along this index. */
#include "builders.h"

typedef struct Nest { const Build *b; const char *lane, *turn; NameList loop; } Nest;
/* The lane that suits most items, by how many of them can use it (twice, if they like it best). */
static const char *lane_vote(const Build *b) {
  const char *best = NULL, **name = NEWN(b->c, const char *, b->its.n); int most = 0;
  for (int i = 0; i < b->its.n; i++) name[i] = lane_best(b->c, &b->its.at[i], false);
  for (int i = 0; i < b->its.n; i++) {
    int votes = 0;
    for (int j = 0; j < b->its.n && name[i]; j++) votes += item_free(&b->its.at[j], name[i]) ? name_same(name[j], name[i]) + 1 : 0;
    if (votes > most) { most = votes; best = name[i]; }
  }
  return best;
}
/* Items first..end - 1, whose loops up to depth are open. Where some read outside along the lane, the steps at the border stand apart: those between
 * need no masks. */
static Tree *nest_from(const Nest *n, int first, int end, int depth) {
  Tree *body = NULL; const Item *it = n->b->its.at;
  if (depth == n->loop.n) return tree_leaves(n->b, first, end);
  if (n->turn && depth == n->loop.n - 2) {
    Ctx *c = n->b->c; int w = n->b->lanes; body = tree_loop(c, n->turn, w, tree_leaves(n->b, first, end));
    return tree_loop(c, n->turn, 8 * w, tree_loop(c, n->lane, w, body));
  }
  const char *name = n->loop.at[depth]; bool lane = name_same(name, n->lane);
  for (int i = first, e; i < end; i = e) {
    bool has = item_free(&it[i], name), border = expr_has(it[i].eq[0]->rhs, E_OR);
    for (e = i + 1; e < end && has == (item_free(&it[e], name) != NULL); e++) border |= expr_has(it[e].eq[0]->rhs, E_OR);
    Tree *in = nest_from(n, i, e, depth + 1);
    if (has) in = tree_for(n->b->c, name, lane ? (n->b->its.n > 6 ? 2 : 4) * n->b->lanes : 1, border && lane ? LOOP_EDGE : LOOP_SERIAL, in);
    body = tree_cat(body, in);
  }
  return body;
}

/* One loop nest serves if the items are whole, plain, and all their indices are the nest's. */
static bool nest_serves(const Nest *n) {
  ITEMS(it, n->b) {
    if (it->red || it->neq != 1) return false;
    for (const Item *o = n->b->its.at; o < it; o++) if (!reads_at_home(it, o)) return false;
    for (int j = 0; j < it->nfree; j++) if (!name_in(&n->loop, it->free[j]->name)) return false;
  }
  return true;
}

/* The index along which reads are contiguous that the lanes take apart, if all items have it; NULL: none, or a short one (gathers cost less). A block
 * is many copies, so not of costly functions. */
static const char *turn_of(const Nest *n) {
  const char *turn = NULL; Ctx *c = n->b->c;
  ITEMS(it, n->b) EACH(Expr, r, it->reads) {
    for (int i = 0; i < it->nfree && access_stride(c, r->tensor, r->arg, n->lane) > 1; i++)
      if (access_stride(c, r->tensor, r->arg, it->free[i]->name) == 1) turn = it->free[i]->name;
    if (turn && 2 * extent_named(it, turn) < n->b->lanes && extent_named(it, turn) <= extent_named(it, n->lane)) turn = NULL;
  }
  ITEMS(it, n->b)
    if (turn && (!item_free(it, turn) || !item_free(it, n->lane) || expr_costly(it->eq[0]->rhs) || expr_has(it->eq[0]->rhs, E_OR))) turn = NULL;
  return turn;
}

Tree *tree_pointwise(Build *b) {
  Nest n = { .b = b, .lane = lane_vote(b) }; const Item *widest = b->its.at; Tree *past = NULL;
  ITEMS(it, b) if (it->nfree > widest->nfree) widest = it;
  n.turn = n.lane && b->lanes > 1 ? turn_of(&n) : NULL;
  for (int i = 0; i < widest->nfree; i++)
    if (!name_same(widest->free[i]->name, n.lane) && !name_same(widest->free[i]->name, n.turn)) PUSH(b->c, n.loop, widest->free[i]->name);
  if (n.turn) PUSH(b->c, n.loop, n.turn);
  if (n.lane) PUSH(b->c, n.loop, n.lane);
  if (!nest_serves(&n)) return tree_singles(b, 0, b->its.n);
  ITEMS(it, b) {
    Order o = { 0 };
    if (n.turn) order_unroll(b->c, &o, n.turn);
    if (n.lane && item_free(it, n.lane)) order_add(b->c, &o, n.lane, b->lanes > 1 ? LEAF_VECTOR : LEAF_UNROLL, 0);
    it->leaf = leaf_of(b->c, it, &o); past = tree_cat(let_past(b, it, n.turn ? NULL : n.lane), past);
  }
  return tree_cat(past, nest_from(&n, 0, b->its.n, 0));
}
