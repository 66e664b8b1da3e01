/* Constructors of loop trees, and the leaf that suits any equation.
 *
 *   tree_for(c, "t", 32, LOOP_SERIAL, tree_leaf(c, "z", "k, c, o*, t~"))      for t/32 { z(k, c, o*, t~); }
 */
#include "builders.h"
#include <stdlib.h>

static Tree *tree_new(Ctx *c, TreeKind kind, const char *name)
{
  Tree *t = NEW(c, Tree);
  t->kind = kind;
  t->name = name;
  return t;
}

Tree *tree_for(Ctx *c, const char *index, int64_t step, LoopKind kind, Tree *body)
{
  Tree *t = tree_new(c, TREE_FOR, index);
  t->step = step;
  t->loop = kind;
  t->body = body;
  return t;
}

Tree *tree_let(Ctx *c, const char *tensor, Storage s)
{
  Tree *t = tree_new(c, TREE_LET, tensor);
  t->storage = s;
  return t;
}

Tree *tree_cat(Tree *a, Tree *b)
{
  if (!a) return b;
  Tree *t = a;
  while (t->next) t = t->next;
  t->next = b;
  return a;
}

/* One dimension of an order: INDEX, then `*`, `~`, `/n` or `/n~`. */
static LeafDim dim_parse(Ctx *c, const char *s, size_t n)
{
  LeafDim d = { NULL, LEAF_SERIAL, 1 };
  size_t e = 0;
  while (e < n && s[e] != '/' && s[e] != '*' && s[e] != '~') e++;
  d.index = ctx_internn(c, s, e);
  if (e < n && s[e] == '/') {
    d.step = strtoll(s + e + 1, NULL, 10);
    if (s[n - 1] == '~') d.kind = LEAF_VECTOR;
  } else if (e < n) {
    d.kind = s[e] == '*' ? LEAF_UNROLL : LEAF_VECTOR;
    d.step = 0;
  }
  return d;
}

static Tree *leaf_parse(Ctx *c, const char *tensor, const char *s)
{
  Tree *t = tree_new(c, TREE_LEAF, tensor);
  VEC(LeafDim) v = { 0 };
  while (*s) {
    size_t n = strcspn(s, ",");
    if (n) PUSH(c, v, dim_parse(c, s, n));
    s += n;
    s += strspn(s, ", ");
  }
  t->leaf = v.at;
  t->nleaf = v.n;
  return t;
}

Tree *tree_leaf(Ctx *c, const char *tensor, const char *order, ...)
{
  va_list ap;
  char buf[1024];
  va_start(ap, order);
  int n = vsnprintf(buf, sizeof buf, order, ap);
  va_end(ap);
  if (n < 0 || n >= (int)sizeof buf) bug(c, "the order of leaf %s is too long", tensor);
  return leaf_parse(c, tensor, buf);
}

void order_add(Order *o, const char *index, const char *how) { text_add(&o->s, "%s%s%s", o->s.n ? ", " : "", index, how); }
Tree *leaf_of(Ctx *c, const Item *it, const Order *o) { return leaf_parse(c, it->t->name, o->s.s ? o->s.s : ""); }

Tree *tree_around(Ctx *c, const char **outer, int n, Tree *body)
{
  while (n-- > 0) body = tree_for(c, outer[n], 1, LOOP_SERIAL, body);
  return body;
}

/* Is item k of the range read by others only inside it, each time at home? */
static bool stays_inside(const Kernel *k, const Items *its, int first, int n, int which)
{
  const Item *it = &its->at[which];
  if (it->neq != 1 || it->t->history || !is_local(k, it->t)) return false;
  for (int i = 0; i < its->n; i++) {
    if (!item_reads(&its->at[i], it->t)) continue;
    if (i <= which || i >= first + n || !reads_at_home(&its->at[i], it)) return false;
  }
  return true;
}

Tree *lets_reg(Ctx *c, const Kernel *k, const Items *its, int first, int n)
{
  Tree *t = NULL;
  for (int i = first; i < first + n; i++)
    if (stays_inside(k, its, first, n, i)) t = tree_cat(t, tree_let(c, its->at[i].t->name, ST_REG));
  return t;
}

/* Adds the names of all pieces, each once, without the lane: free ones, or those of their reductions. */
void order_pieces(Order *o, const Item *it, const char *lane, bool bound)
{
  const char *seen[64];
  int n = 0;
  for (int e = 0; e < it->neq; e++) {
    Expr *red = bound ? eq_reduction(it->eq[e], NULL) : NULL;
    Index **at = bound ? red ? red->bound : NULL : it->eq[e]->free;
    int count = bound ? red ? red->nbound : 0 : it->eq[e]->nfree;
    for (int i = 0; i < count && n < 64; i++) {
      bool known = lane && name_same(at[i]->name, lane);
      for (int j = 0; j < n && !known; j++) known = name_same(at[i]->name, seen[j]);
      if (known) continue;
      seen[n++] = at[i]->name;
      order_add(o, at[i]->name, "");
    }
  }
}

Tree *tree_single(Ctx *c, const Kernel *k, const Item *it, const Target *t)
{
  Order o = { { .c = c } };
  const char *lane = kernel_lanes(k, t) > 1 && it->nfree ? lane_best(c, k, it, false) : NULL;
  bool across = !lane && kernel_lanes(k, t) > 1 && it->nk;
  if (across) lane = lane_best(c, k, it, true);
  order_pieces(&o, it, lane, false);
  order_pieces(&o, it, lane, true);
  if (lane) order_add(&o, lane, "/4~");
  return leaf_of(c, it, &o);
}
