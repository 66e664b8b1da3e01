/* Items of a kernel that one tile computes together.
 *
 *   z = sum(...)  a = tanh(z)  h = sum(a ...)  s = s0 + a        groups: { z, a, s }, { h }     (s moves up to its producer)
 *
 * A contraction starts a group; pointwise items of its space join it as long as they read its members at home; a second contraction joins if a later
 * item of the group reads both (gates). The equations of a recurrence stay together as they are. */
#include "builders.h"

/* Where a pointwise item may move up to: behind its last producer and the pointwise items of the same space there. */
static int home_of(const Items *its, int i) {
  const Item *it = &its->at[i];
  int last = -1;
  if (it->red || it->neq != 1 || it->circle >= 0) return i;
  for (int j = 0; j < i; j++) if (item_reads(it, its->at[j].t)) last = j;
  if (last < 0 || its->at[last].circle >= 0 || !same_space(it, &its->at[last]) || !reads_at_home(it, &its->at[last])) return i;
  for (last++; last < i && !its->at[last].red && its->at[last].circle < 0 && same_space(it, &its->at[last]); last++) {}
  return last;
}

void items_move(Item *at, int from, int to) {
  Item it = at[from];
  memmove(at + to + 1, at + to, sizeof *at * (size_t)(from - to));
  at[to] = it;
}

static bool reads_two(const Items *its, const Item *a, const Item *b, int from) {
  for (int i = from; i < its->n; i++)
    if (!its->at[i].red && same_space(&its->at[i], a) && item_reads(&its->at[i], a->t) && item_reads(&its->at[i], b->t)) return true;
  return false;
}

static bool group_joins(const Items *its, const Group *g, int i) {
  const Item *head = &its->at[g->first], *it = &its->at[i];
  if (it->circle >= 0 || g->circle) return it->circle == head->circle;
  if (!same_space(head, it)) return false;
  for (int j = g->first; j < i; j++) if (item_reads(it, its->at[j].t) && (it->red || !reads_at_home(it, &its->at[j]))) return false;
  return !it->red || (head->red && g->ncon < 4 && reads_two(its, head, it, i + 1));
}

Groups groups_of(Build *b) {
  Groups v = { 0 };
  Circle x;
  bool any = kernel_circles(b->k);
  for (int i = 0; any && i < b->its.n; i++) if (eq_circle(b->c, b->g, b->its.at[i].eq[0], &x) >= 0) b->its.at[i].circle = x.first;
  for (int i = 1; i < b->its.n; i++) items_move(b->its.at, i, home_of(&b->its, i));
  for (int i = 0; i < b->its.n; i++) {
    Item *it = &b->its.at[i];
    if (!v.n || !group_joins(&b->its, &v.at[v.n - 1], i)) PUSH(b->c, v, ((Group){ .first = i, .circle = it->circle >= 0 }));
    it->group = v.n - 1;
    v.at[it->group].end = i + 1;
    v.at[it->group].ncon += it->red != NULL;
  }
  return v;
}
