/* Items of a kernel that one tile computes together.
 *
 *   z = sum(...)  a = tanh(z)  h = sum(a ...)  s = s0 + a        groups: { z, a, s }, { h }     (s moves up to its producer)
 *
 * A contraction starts a group; pointwise items of its space join it as long as they read its members at home; a second contraction
 * joins if a later item of the group reads both (gates). The equations of a recurrence stay together as they are.
 */
#include "builders.h"
#include "util.h"

/* In a sorted list only a recurrence reads itself or what comes later. */
static bool reads_ahead(const Items *its) {
  for (int i = 0; i < its->n; i++)
    for (int j = i; j < its->n; j++)
      if (item_reads(&its->at[i], its->at[j].t)) return true;
  return false;
}

static int *circles_of(Ctx *c, const Graph *g, const Items *its) {
  int *id = NEWN(c, int, its->n + 1);
  bool any = reads_ahead(its);
  for (int i = 0; i < its->n; i++) {
    Circle circle;
    id[i] = -1;
    for (int e = 0; any && e < g->neq; e++)
      if (g->eq[e] == its->at[i].eq[0] && graph_circle(c, g, e, &circle) && circle.dir) id[i] = circle.first;
  }
  return id;
}

/* Where a pointwise item may move up to: behind its last producer and the pointwise items of the same space there. */
static int home_of(const Items *its, const int *circle, int i) {
  const Item *it = &its->at[i];
  int last = -1;
  if (it->red || it->neq != 1 || circle[i] >= 0) return i;
  for (int j = 0; j < i; j++)
    if (item_reads(it, its->at[j].t)) last = j;
  if (last < 0 || circle[last] >= 0 || !same_space(it, &its->at[last]) || !reads_at_home(it, &its->at[last])) return i;
  for (last++; last < i && !its->at[last].red && circle[last] < 0 && same_space(it, &its->at[last]); last++) {}
  return last;
}

static void items_gather(Items *its, int *circle) {
  for (int i = 1; i < its->n; i++) {
    int to = home_of(its, circle, i), id = circle[i];
    Item it = its->at[i];
    for (int j = i; j > to; j--) its->at[j] = its->at[j - 1], circle[j] = circle[j - 1];
    its->at[to] = it; circle[to] = id;
  }
}

static bool reads_two(const Items *its, const Item *a, const Item *b, int from) {
  for (int i = from; i < its->n; i++)
    if (!its->at[i].red && same_space(&its->at[i], a) && item_reads(&its->at[i], a->t) && item_reads(&its->at[i], b->t)) return true;
  return false;
}

static bool group_joins(const Items *its, const Group *g, int i) {
  const Item *head = &its->at[g->first], *it = &its->at[i];
  if (!same_space(head, it)) return false;
  for (int j = g->first; j < i; j++)
    if (item_reads(it, its->at[j].t) && (it->red || !reads_at_home(it, &its->at[j]))) return false;
  return !it->red || (head->red && g->ncon < 4 && reads_two(its, head, it, i + 1));
}

Group *groups_of(Ctx *c, const Graph *g, Items *its, int *n) {
  VEC(Group) v = { 0 };
  int *circle = circles_of(c, g, its);
  items_gather(its, circle);
  for (int i = 0; i < its->n; i++) {
    Group *last = v.n ? &v.at[v.n - 1] : NULL;
    bool joins = last && (circle[i] >= 0 ? circle[last->first] == circle[i] : !last->circle && group_joins(its, last, i));
    if (!joins) PUSH(c, v, ((Group){ i, 0, 0, circle[i] >= 0 }));
    v.at[v.n - 1].n++;
    v.at[v.n - 1].ncon += its->at[i].red != NULL;
  }
  *n = v.n;
  return v.at;
}

/* How many contractions a group begins with. */
int sums_of(const Items *its, const Group *g) {
  int n = 0;
  while (n < g->n && its->at[g->first + n].red) n++;
  return n;
}

/* Do the items behind the sums hold functions that take many instructions? Then each copy of them is much code. */
bool group_costly(const Items *its, const Group *g, int sums) {
  bool any = false, after = false;
  for (int i = g->first + sums; i < g->first + g->n; i++) {
    any |= expr_costly(its->at[i].eq[0]->rhs);
    after |= its->at[i].red != NULL;
  }
  return sums > 0 && any && !after;
}
