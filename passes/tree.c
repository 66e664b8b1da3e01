/* Constructors of loop trees, the leaf that suits any equation, and what contractions and streams share. */
#include "builders.h"

static Tree *tree_new(Ctx *c, Tree v) { return ctx_copy(c, &v, sizeof v); }
Tree *tree_for(Ctx *c, const char *index, int64_t step, LoopKind kind, Tree *body) {
  return tree_new(c, (Tree){ .kind = TREE_FOR, .name = index, .step = step, .loop = kind, .body = body });
}
Tree *tree_loop(Ctx *c, const char *index, int64_t step, Tree *body) { return tree_for(c, index, step, LOOP_SERIAL, body); }
Tree *tree_let(Ctx *c, const char *tensor, Storage s) { return tree_new(c, (Tree){ .kind = TREE_LET, .name = tensor, .storage = s }); }
Tree *tree_prefetch(Ctx *c, const char *tensor, int64_t ahead, const char *next) {
  return tree_new(c, (Tree){ .kind = TREE_PREFETCH, .name = tensor, .step = ahead, .other = next });
}
Tree *leaf_of(Ctx *c, const Item *it, const Order *o) {
  return tree_new(c, (Tree){ .kind = TREE_LEAF, .name = it->t->name, .leaf = o->at, .nleaf = o->n });
}
Tree *tree_cat(Tree *a, Tree *b) {
  if (!a) return b;
  a->next = tree_cat(a->next, b); return a;
}

/* ---- orders */
void order_add(Ctx *c, Order *o, const char *index, LeafKind kind, int64_t step) { PUSH(c, *o, ((LeafDim){ index, kind, step })); }
void order_serial(Ctx *c, Order *o, const char *index) { order_add(c, o, index, LEAF_SERIAL, 1); }
void order_unroll(Ctx *c, Order *o, const char *index) { order_add(c, o, index, LEAF_UNROLL, 0); }
void order_k_by(Ctx *c, Order *o, const char **k, int nk, int ku) {
  for (int i = 0; i < nk; i++)
    if (ku < 0 || (ku == 0 && i == nk - 1)) order_unroll(c, o, k[i]);
    else order_add(c, o, k[i], LEAF_SERIAL, ku > 1 && i == nk - 1 ? ku : 1);
}

void order_pieces(Ctx *c, Order *o, const Item *it, const char *lane) {
  for (int bound = 0; bound < 2; bound++) {
    NameList seen = { 0 };
    for (int e = 0; e < it->neq; e++) {
      const Expr *red = bound ? eq_reduction(it->eq[e], NULL) : NULL; Index **at = red ? red->bound : it->eq[e]->free;
      int n = red ? red->nbound : bound ? 0 : it->eq[e]->nfree;
      for (int i = 0; i < n; i++) if (!name_same(at[i]->name, lane)) name_add(c, &seen, at[i]->name);
    }
    for (int i = 0; i < seen.n; i++) order_serial(c, o, seen.at[i]);
  }
}

/* Is item `it` of the range read only inside it, each time at home? */
static bool stays_inside(const Build *b, int first, int end, const Item *it) {
  if (it->neq != 1 || it->t->history || !is_local(b->k, it->t)) return false;
  ITEMS(r, b) {
    bool inside = r > it && r >= b->its.at + first && r < b->its.at + end;
    if (item_reads(r, it->t) && (!inside || !reads_at_home(r, it))) return false;
  }
  return true;
}

Tree *tree_leaves(const Build *b, int first, int end) {
  Tree *t = NULL; const Item *at = b->its.at;
  for (int i = first; i < end; i++) if (stays_inside(b, first, end, &at[i])) t = tree_cat(t, tree_let(b->c, at[i].t->name, ST_REG));
  for (int i = first; i < end; i++) t = tree_cat(t, at[i].leaf);
  return t;
}

Tree *let_past(const Build *b, const Item *it, const char *lane) {
  bool past = target_past(b->t) && lane && !is_local(b->k, it->t); int64_t least = type_bytes(it->t->type);
  for (int d = 0; d < it->t->rank; d++) least *= extent_min(it->t->shape[d]);
  ITEMS(r, b) past &= least > b->t->l3 && !item_reads(r, it->t);
  for (int e = 0; e < it->neq && past; e++) past = access_stride(b->c, it->t, it->eq[e]->place, lane) == 1;
  return past ? tree_let(b->c, it->t->name, ST_PAST) : NULL;
}

/* Sums and what follows in registers; or, if that would be many copies of costly functions behind them, sums to memory and the rest by few rows. */
Tree *tree_tile(const Build *b, const Group *g, const char *row, int mr, int nv) {
  Tree *sums = NULL; const Item *at = b->its.at; int tail = g->first, few = nv >= 4 ? 1 : 4 / nv;
  bool costly = false, after = false;
  while (tail < g->end && at[tail].red) tail++;
  for (int i = tail; i < g->end; i++) { costly |= expr_costly(at[i].eq[0]->rhs); after |= at[i].red != NULL; }
  if (!row || mr <= few || tail == g->first || !costly || after) return tree_leaves(b, g->first, g->end);
  for (int i = g->first; i < tail; i++) sums = tree_cat(sums, at[i].leaf);
  return tree_cat(sums, tree_loop(b->c, row, few, tree_leaves(b, tail, g->end)));
}

Tree *tree_singles(const Build *b, int first, int end) {
  Tree *t = NULL;
  for (const Item *it = b->its.at + first; it < b->its.at + end; it++) {
    Order o = { 0 }; const char *lane = it->nfree ? lane_best(b->c, it, false) : NULL, *near = it->nk ? lane_best(b->c, it, true) : NULL;
    if (!lane || (near && 2 * extent_named(it, near) >= b->lanes && lane_unit(b->c, it, near) && !lane_unit(b->c, it, lane))) lane = near;
    if (b->lanes == 1) lane = NULL;
    order_pieces(b->c, &o, it, lane);
    bool tile = it->red && it->neq == 1 && lane && lane != near;    /* accumulators stay where they are while the sum runs */
    if (lane) order_add(b->c, &o, lane, LEAF_VECTOR, tile ? 0 : 4);
    Tree *leaf = leaf_of(b->c, it, &o); t = tree_cat(t, tile ? tree_loop(b->c, lane, 4 * b->lanes, leaf) : leaf);
  }
  return t;
}
