/* Trees of contractions and what follows them on the same index space.
 *
 *   nm   for n/NR { for m/MR even { let acc reg; acc(k/4, m*, n~); y(m*, n~); } }      a panel of w stays near, x streams
 *   mn   for m/MR even { for n/NR { ... } }                                            the rows of x stay near, w streams
 *   one row:  for n/(12 W) { acc(k, n~); y(n~); }                                      outer loops: for b { for y { ... } }
 *
 * needs   unified names; constants packed along the lane by layout, which asks the same plan
 * never   splits what the leaf order already says: the accumulators are m* times n~
 */
#include "builders.h"

const char *by(Ctx *c, int64_t n, const char *end) { return ctx_printf(c, "/%lld%s", (long long)n, end); }

void add_k(Ctx *c, Order *o, const char **k, int nk, int ku)
{
  for (int i = 0; i < nk; i++) {
    bool whole = ku < 0 || (ku == 0 && i == nk - 1);
    order_add(o, k[i], whole ? "*" : i == nk - 1 && ku > 1 ? by(c, ku, "") : "");
  }
}

static Tree *leaf_tile(Ctx *c, const Item *it, const Plan *p)
{
  Order o = { { .c = c } };
  if (it->red) add_k(c, &o, p->k, p->nk, p->tile.ku);
  if (p->row) order_add(&o, p->row, "*");
  order_add(&o, p->lane, p->lanes > 1 ? "~" : "*");
  return leaf_of(c, it, &o);
}

/* Horizontal sums: accumulators are vectors, rows innermost so that they share the other operand. */
static Tree *leaf_across(Ctx *c, const Item *it, const Plan *p)
{
  Order o = { { .c = c } };
  if (it->red) {
    add_k(c, &o, p->k, p->nk, p->tile.ku);
    if (p->row) order_add(&o, p->row, "*");
    if (p->col) order_add(&o, p->col, "*");
    order_add(&o, p->lane, p->col ? "~" : "/2~");
  } else {
    if (p->row) order_add(&o, p->row, "*");
    if (p->col) order_add(&o, p->col, "*");
  }
  Tree *leaf = leaf_of(c, it, &o);                         /* with two rows of accumulators, one vector at a time */
  return it->red && p->col ? tree_for(c, p->lane, p->lanes, LOOP_SERIAL, leaf) : leaf;
}

static Tree *leaves_of(Ctx *c, const Items *its, const Plan *p, int from, int n)
{
  Tree *body = NULL;
  for (int i = from; i < from + n; i++) body = tree_cat(body, p->across ? leaf_across(c, &its->at[i], p) : leaf_tile(c, &its->at[i], p));
  return body;
}

/* Sums and what follows in registers; or, if that would be many copies of costly functions, sums to memory and the rest row by row. */
static Tree *tile_body(Ctx *c, const Kernel *k, const Items *its, const Group *gr, const Plan *p)
{
  int sums = sums_of(its, gr), few = p->tile.nv >= 4 ? 1 : 4 / p->tile.nv;
  if (p->across || !p->row || p->tile.mr <= few || !group_costly(its, gr, sums))
    return tree_cat(lets_reg(c, k, its, gr->first, gr->n), leaves_of(c, its, p, gr->first, gr->n));
  Tree *rest = lets_reg(c, k, its, gr->first + sums, gr->n - sums);
  rest = tree_cat(rest, leaves_of(c, its, p, gr->first + sums, gr->n - sums));
  return tree_cat(leaves_of(c, its, p, gr->first, sums), tree_for(c, p->row, few, LOOP_SERIAL, rest));
}

static Tree *tree_group(Ctx *c, const Kernel *k, const Items *its, const Group *gr, const Plan *p)
{
  Tree *body = tile_body(c, k, its, gr, p);
  int64_t nr = (int64_t)p->tile.nv * p->lanes;
  LoopKind rows = p->packed ? LOOP_SERIAL : LOOP_EVEN;
  if (p->across) {
    if (p->row) body = tree_for(c, p->row, p->tile.mr, LOOP_EVEN, body);
    if (p->col) body = tree_for(c, p->col, p->tile.nv, LOOP_EVEN, body);
  } else if (!p->row) {
    body = tree_for(c, p->lane, nr, LOOP_SERIAL, body);
  } else if (p->tile.nm) {
    body = tree_for(c, p->lane, nr, LOOP_SERIAL, tree_for(c, p->row, p->tile.mr, rows, body));
  } else {
    body = tree_for(c, p->row, p->tile.mr, rows, tree_for(c, p->lane, nr, LOOP_SERIAL, body));
  }
  return tree_around(c, p->outer, p->nouter, body);
}

Tree *tree_contraction(Ctx *c, const Graph *g, const Kernel *k, const Target *t)
{
  Items its = items_of(c, k);
  int n;
  Group *gr = groups_of(c, g, &its, &n);
  Tree *tree = NULL;
  for (int i = 0; i < n; i++) {
    Plan p;
    const Item *head = &its.at[gr[i].first];
    if (head->red && plan_contraction(c, k, head, gr[i].ncon, t, &p)) {
      tree = tree_cat(tree, tree_group(c, k, &its, &gr[i], &p));
      continue;
    }
    for (int j = gr[i].first; j < gr[i].first + gr[i].n; j++) tree = tree_cat(tree, tree_single(c, k, &its.at[j], t));
  }
  return tree;
}
