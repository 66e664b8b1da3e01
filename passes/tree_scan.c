/* Trees of recurrences along a dimension that is no stream.
 *
 *   for t/1 { z(h, i~); y(i~); }           the equations of the circle in their order, step by step; before and behind: trees of their own
 *
 * A circle that reads later places is stepped from the end: the lowering asks graph_circle for the direction.
 */
#include "builders.h"

/* The name of the index that steps through the circle: it stands in the stepping dimension of the item's place. */
static const char *step_name(Ctx *c, const Graph *g, const Item *it)
{
  for (int e = 0; e < g->neq; e++) {
    Circle circle;
    Aff a;
    if (g->eq[e]->out != it->t || !graph_circle(c, g, e, &circle) || !circle.dir) continue;
    int d = circle.dim[e - circle.first];
    if (d >= 0 && expr_affine(c, g->eq[e]->place[d], &a) && a.n == 1) return a.index[0]->name;
  }
  return NULL;
}

const char *group_step(Ctx *c, const Graph *g, const Items *its, const Group *gr)
{
  for (int i = gr->first; i < gr->first + gr->n; i++) {
    const char *name = step_name(c, g, &its->at[i]);
    if (name) return name;
  }
  return NULL;
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
    for (int j = gr[i].first; j < gr[i].first + gr[i].n; j++)
      body = tree_cat(body, step ? leaf_step(c, &its.at[j], step, kernel_lanes(k, t), t) : tree_single(c, k, &its.at[j], t));
    tree = tree_cat(tree, step ? tree_for(c, step, 1, LOOP_SERIAL, body) : body);
  }
  return tree;
}
