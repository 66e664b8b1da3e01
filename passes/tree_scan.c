/* Trees of recurrences along a dimension that is no stream.
 *
 *   for t/1 { z(h, i~); y(i~); }           the equations of the circle, step by step; before and behind: trees of their own
 *
 * Within a step a leaf stands behind those that it reads of the same index. That may be another order than the one of places, which the
 * graph has: a[1 + t] = ... p[t] ...; p[t] = ... a[t] ...; runs p first.
 *
 * A circle that reads later places is stepped from the end: the lowering asks graph_circle for the direction.
 */
#include "builders.h"

/* The dimension of the item's tensor that its circle steps through, -1 if it is in none. */
static int step_dim(Ctx *c, const Graph *g, const Item *it)
{
  Circle circle;
  for (int e = 0; e < g->neq; e++)
    if (g->eq[e]->out == it->t && graph_circle(c, g, e, &circle) && circle.dir) return circle.dim[e - circle.first];
  return -1;
}

Index *eq_step(Ctx *c, const Graph *g, const Eq *e)
{
  Circle circle;
  Aff a;
  for (int i = 0; i < g->neq; i++)
    if (g->eq[i] == e && graph_circle(c, g, i, &circle) && circle.dir)
      return expr_affine(c, e->place[circle.dim[i - circle.first]], &a) && a.n == 1 ? a.index[0] : NULL;
  return NULL;
}

const char *group_step(Ctx *c, const Graph *g, const Items *its, const Group *gr)
{
  for (int i = gr->first; i < gr->first + gr->n; i++) {
    for (int e = 0; e < its->at[i].neq; e++) {
      const Index *step = eq_step(c, g, its->at[i].eq[e]);
      if (step) return step->name;
    }
  }
  return NULL;
}

/* Does the expression read what the item writes in the step of the same index? (at: the item's stepping dimension) */
typedef struct Same { const Item *it; int at; bool yes; } Same;
static void same_step(Ctx *c, const Expr *r, void *arg)
{
  Same *s = arg;
  Aff a, b;
  if (r->tensor != s->it->t || s->at < 0 || !expr_affine(c, r->arg[s->at], &a) || a.n != 1) return;
  for (int e = 0; e < s->it->neq; e++) s->yes |= expr_affine(c, s->it->eq[e]->place[s->at], &b) && b.n == 1 && a.c == b.c;
}

static bool needs_in_step(Ctx *c, const Graph *g, const Item *reader, const Item *it)
{
  Same s = { it, step_dim(c, g, it), false };
  for (int e = 0; e < reader->neq && reader != it; e++) each_read(c, reader->eq[e]->rhs, same_step, &s);
  return s.yes;
}

/* Orders the items of a circle within a step; stable, and as they stand where that is no order. */
static void order_circle(Ctx *c, const Graph *g, Item *it, int n)
{
  for (int done = 0; done < n; done++) {
    int pick = done;
    for (int i = n - 1; i >= done; i--) {
      bool ready = true;
      for (int j = done; j < n && ready; j++) ready = !needs_in_step(c, g, &it[i], &it[j]);
      if (ready) pick = i;
    }
    Item first = it[pick];
    memmove(it + done + 1, it + done, sizeof *it * (size_t)(pick - done));
    it[done] = first;
  }
}

Tree *tree_scan(Ctx *c, const Graph *g, const Kernel *k, const Target *t)
{
  Items its = items_of(c, k);
  int n;
  Group *gr = groups_of(c, g, &its, &n);
  Tree *tree = NULL;
  for (int i = 0; i < n; i++) {
    const char *step = gr[i].circle ? group_step(c, g, &its, &gr[i]) : NULL;
    Tree *body = NULL;
    if (step) order_circle(c, g, its.at + gr[i].first, gr[i].n);
    for (int j = gr[i].first; j < gr[i].first + gr[i].n; j++)
      body = tree_cat(body, step ? leaf_step(c, &its.at[j], step, kernel_lanes(k, t), t) : tree_single(c, k, &its.at[j], t));
    tree = tree_cat(tree, step ? tree_for(c, step, 1, LOOP_SERIAL, body) : body);
  }
  return tree;
}
