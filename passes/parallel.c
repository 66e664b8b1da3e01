/* Which loop threads share: of each of a kernel's outermost loops that is worth it, the one of its perfect nest that divides best; it goes outermost.
 *
 *   for i/14 even { for j/64 { z(k, i*, j~); y(i*, j~); } }          20 rows are two steps, 1000 columns 16: for 4 threads
 *   for j/64 parallel { for i/14 even { z(k, i*, j~); y(i*, j~); } }
 *
 * Bits stay: leaves, steps and the order of every sum do. */
#include "builders.h"

enum { WORTH = 30000 };            /* cycles, 10 us; a fork and join takes one or two */

static bool computes(const Tree *t, const Item *it) {
  for (; t; t = t->next) if ((t->kind == TREE_LEAF && name_same(t->name, it->t->name)) || computes(t->body, it)) return true;
  return false;
}

/* The cycles of the longest part of loop f; 1e30 if steps share more than they read: each computes elements of its own, or what its thread keeps to
 * itself. top: the items of the tree. *all: of one thread. */
static double cycles(const Build *b, const Tree *top, const Tree *f, double *all) {
  int64_t ext = 1, step = f->step ? f->step : 1, parts = b->c->opt.threads, n; bool apart = f->loop != LOOP_UNROLL; *all = 0;
  ITEMS(it, b) {
    bool own = is_local(b->k, it->t), inner = false, has = true, home = true; Item piece = *it;
    if (!computes(f->body, it)) continue;
    for (Eq **e = it->eq; e < it->eq + it->neq; e++) {
      const Expr *red = eq_reduction(*e, NULL); piece.free = (*e)->free; piece.nfree = (*e)->nfree; has &= item_free(&piece, f->name) != NULL;
      double moves = tensor_bytes(it->t) > b->t->l2 / 4 ? 8 : 2;           /* cycles a vector, what is stored may go to the shared cache */
      *all += eq_points(*e) * ((red ? reduce_points(red) : moves) + expr_ops((*e)->rhs) / 2 + (expr_costly((*e)->rhs) ? 10 : 0)) / b->lanes;
    }
    ITEMS(r, b) if (item_reads(r, it->t)) { bool in = computes(f->body, r); own &= in; inner |= in; home &= !in || reads_at_home(r, it); }
    for (const Tree *t = top; t; t = t->next) own &= t->kind != TREE_LET || !name_same(t->name, it->t->name);
    apart &= (has && home) || (inner && own); ext = extent_named(it, f->name) > ext ? extent_named(it, f->name) : ext;
  }
  n = (ext + step - 1) / step; double size = f->loop == LOOP_EVEN ? (double)ext / (double)n : (double)step;
  return apart ? *all * (double)((n + parts - 1) / parts) * size / (double)ext : 1e30;
}

Tree *tree_parallel(const Build *b, Tree *top) {
  for (Tree **f = &top; *f && b->c->opt.threads > 1 && !kernel_circles(b->k) && !kernel_stream(b->k); f = &(*f)->next) {
    Tree **best = NULL, *s; double least = 1e30, all, v;
    for (Tree **p = f; *p && (*p)->kind == TREE_FOR && (p == f || !(*p)->next); p = &(*p)->body)
      if ((v = cycles(b, top, *p, &all)) < 0.9 * all && v < 0.95 * least && all > WORTH) best = p, least = v;
    if (!best) continue;
    s = *best; s->parallel = true;
    if (best != f) *best = s->body, s->body = *f, s->next = (*f)->next, (*f)->next = NULL, *f = s;
  }
  return top;
}
