/* Which loop threads share: of each of a kernel's outermost loops that is worth it, the one of its perfect nest that divides best; it goes outermost.
 *
 *   for i/14 even { for j/64 { let z reg; z(k, i*, j~); y(i*, j~); } }     20 rows are two steps, 1000 columns 16: for 4 threads
 *   for j/64 parallel { for i/14 even { let z reg; z(k, i*, j~); y(i*, j~); } }
 *
 * Worth it: 10 us of work; a fork and join costs one or two. Bits stay: leaves, steps and the order of every sum do. */
#include "builders.h"

enum { WORTH = 30000 };            /* cycles */

static bool tree_computes(const Tree *t, const char *name) {
  for (; t; t = t->next) if ((t->kind == TREE_LEAF && name_same(t->name, name)) || tree_computes(t->body, name)) return true;
  return false;
}

static double cycles(const Build *b, const Tree *f) {
  double n = 0;
  ITEMS(it, b) for (int e = 0; e < it->neq && tree_computes(f->body, it->t->name); e++) {
    const Expr *red = eq_reduction(it->eq[e], NULL), *rhs = it->eq[e]->rhs; double ops = expr_ops(rhs) + (expr_costly(rhs) ? 20 : 0) + 8;
    n += eq_points(it->eq[e]) * (red ? ops - 8 + 2 * reduce_points(red) : ops) / (2 * b->lanes);
  }
  return n;
}

/* Does every step compute elements of its own, or what its thread keeps to itself? top: the items of the tree. */
static bool steps_apart(const Build *b, const Tree *top, const Tree *f) {
  ITEMS(it, b) {
    bool own = is_local(b->k, it->t), root = true, has = true, home = true;
    if (!tree_computes(f->body, it->t->name)) continue;
    for (int e = 0, i; e < it->neq; e++) {
      for (i = 0; i < it->eq[e]->nfree && !name_same(it->eq[e]->free[i]->name, f->name); i++) {}
      has &= i < it->eq[e]->nfree;
    }
    ITEMS(r, b) if (item_reads(r, it->t)) {
      bool in = tree_computes(f->body, r->t->name); own &= in; root &= !in; home &= !in || reads_at_home(r, it);
    }
    for (const Tree *t = top; t; t = t->next) own &= t->kind != TREE_LET || !name_same(t->name, it->t->name);
    if (root ? !has : !own && !(has && home)) return false;
  }
  return true;
}

/* The longest part against an equal share: 1 is best. */
static double imbalance(const Build *b, const Tree *f) {
  int64_t ext = 1, step = f->step ? f->step : 1, parts = b->c->opt.threads;
  ITEMS(it, b) if (tree_computes(f->body, it->t->name) && extent_named(it, f->name) > ext) ext = extent_named(it, f->name);
  int64_t n = (ext + step - 1) / step; double size = f->loop == LOOP_EVEN ? (double)ext / (double)n : (double)step;
  return f->loop == LOOP_UNROLL || f->loop == LOOP_STREAM ? 1e9 : (double)((n + parts - 1) / parts * parts) * size / (double)ext;
}

Tree *tree_parallel(const Build *b, Tree *top) {
  for (Tree **f = &top; *f && !kernel_circles(b->k); f = &(*f)->next) {
    Tree **best = NULL; double least = 0.8 * b->c->opt.threads;
    if ((*f)->kind != TREE_FOR || cycles(b, *f) < WORTH) continue;
    for (Tree **p = f; *p && (*p)->kind == TREE_FOR && (p == f || !(*p)->next); p = &(*p)->body)
      if (imbalance(b, *p) < least - 0.05 && steps_apart(b, top, *p)) best = p, least = imbalance(b, *p);
    if (!best) continue;
    Tree *s = *best;
    s->parallel = true;
    if (best != f) { *best = s->body; s->body = *f; s->next = (*f)->next; (*f)->next = NULL; *f = s; }
  }
  return top;
}
