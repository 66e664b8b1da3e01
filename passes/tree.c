/* Constructors of loop trees, the leaf that suits any equation, and what contractions and streams share.
 *
 *   tree_loop(c, "t", 32, leaf_of(z, k, c, o*, t~))      for t/32 { z(k, c, o*, t~); } */
#include "builders.h"

static Tree *tree_new(Ctx *c, Tree v) {
  Tree *t = NEW(c, Tree);
  *t = v;
  return t;
}

Tree *tree_for(Ctx *c, const char *index, int64_t step, LoopKind kind, Tree *body) {
  return tree_new(c, (Tree){ .kind = TREE_FOR, .name = index, .step = step, .loop = kind, .body = body });
}
Tree *tree_loop(Ctx *c, const char *index, int64_t step, Tree *body) { return tree_for(c, index, step, LOOP_SERIAL, body); }
Tree *tree_let(Ctx *c, const char *tensor, Storage s) { return tree_new(c, (Tree){ .kind = TREE_LET, .name = tensor, .storage = s }); }
Tree *leaf_of(Ctx *c, const Item *it, const Order *o) {
  return tree_new(c, (Tree){ .kind = TREE_LEAF, .name = it->t->name, .leaf = o->at, .nleaf = o->n });
}

Tree *tree_cat(Tree *a, Tree *b) {
  Tree *t = a;
  while (t && t->next) t = t->next;
  if (t) t->next = b;
  return a ? a : b;
}

/* ---- orders */
void order_add(Ctx *c, Order *o, const char *index, LeafKind kind, int64_t step) { PUSH(c, *o, ((LeafDim){ index, kind, step })); }
void order_serial(Ctx *c, Order *o, const char *index) { order_add(c, o, index, LEAF_SERIAL, 1); }
void order_unroll(Ctx *c, Order *o, const char *index) { order_add(c, o, index, LEAF_UNROLL, 0); }

void order_k_by(Ctx *c, Order *o, const char **k, int nk, int ku) {
  for (int i = 0; i < nk; i++) {
    bool last = i == nk - 1;
    if (ku < 0 || (ku == 0 && last)) order_unroll(c, o, k[i]);
    else order_add(c, o, k[i], LEAF_SERIAL, last && ku > 1 ? ku : 1);
  }
}

void order_pieces(Ctx *c, Order *o, const Item *it, const char *lane) {
  for (int bound = 0; bound < 2; bound++) {
    NameList seen = { 0 };
    for (int e = 0; e < it->neq; e++) {
      Expr *red = bound ? eq_reduction(it->eq[e], NULL) : NULL;
      Index **at = red ? red->bound : it->eq[e]->free;
      int n = red ? red->nbound : bound ? 0 : it->eq[e]->nfree;
      for (int i = 0; i < n; i++) if (!name_same(at[i]->name, lane)) name_add(c, &seen, at[i]->name);
    }
    for (int i = 0; i < seen.n; i++) order_serial(c, o, seen.at[i]);
  }
}

/* ---- items in registers */
/* Is item `which` of the range read only inside it, each time at home? */
static bool stays_inside(const Build *b, int first, int end, int which) {
  const Item *it = &b->its.at[which];
  if (it->neq != 1 || it->t->history || !is_local(b->k, it->t)) return false;
  for (int i = 0; i < b->its.n; i++) {
    const Item *r = &b->its.at[i];
    if (item_reads(r, it->t) && (i <= which || i < first || i >= end || !reads_at_home(r, it))) return false;
  }
  return true;
}

Tree *tree_leaves(const Build *b, Tree **leaf, int first, int end) {
  Tree *t = NULL;
  for (int i = first; i < end; i++) if (stays_inside(b, first, end, i)) t = tree_cat(t, tree_let(b->c, b->its.at[i].t->name, ST_REG));
  for (int i = first; i < end; i++) t = tree_cat(t, leaf[i]);
  return t;
}

/* Do the items behind the sums hold functions that take many instructions? Then each copy of them is much code. */
static bool tail_costly(const Build *b, const Group *g, int tail) {
  bool any = false, after = false;
  for (int i = tail; i < g->end; i++) {
    any |= expr_costly(b->its.at[i].eq[0]->rhs);
    after |= b->its.at[i].red != NULL;
  }
  return tail > g->first && any && !after;
}

/* Sums and what follows in registers; or, if that would be many copies of costly functions, sums to memory and the rest by few rows. */
Tree *tree_tile(const Build *b, const Group *g, Tree **leaf, const char *row, int mr, int nv) {
  Tree *sums = NULL;
  int tail = g->first, few = nv >= 4 ? 1 : 4 / nv;
  while (tail < g->end && b->its.at[tail].red) tail++;
  if (!row || mr <= few || !tail_costly(b, g, tail)) return tree_leaves(b, leaf, g->first, g->end);
  for (int i = g->first; i < tail; i++) sums = tree_cat(sums, leaf[i]);
  return tree_cat(sums, tree_loop(b->c, row, few, tree_leaves(b, leaf, tail, g->end)));
}

Tree *tree_singles(const Build *b, int first, int end) {
  Tree *t = NULL;
  for (int i = first; i < end; i++) {
    const Item *it = &b->its.at[i];
    Order o = { 0 };
    const char *lane = b->lanes > 1 && it->nfree + it->nk ? lane_best(b->c, it, !it->nfree) : NULL;
    order_pieces(b->c, &o, it, lane);
    if (lane) order_add(b->c, &o, lane, LEAF_VECTOR, 4);
    t = tree_cat(t, leaf_of(b->c, it, &o));
  }
  return t;
}
