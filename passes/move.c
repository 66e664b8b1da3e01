/* Solving an equation's places for its indices: what makes a read of its tensor replaceable by its right side.
 *
 *   y[g * 4 + c, i + 2] = ...        read y[p, q]:  c = p % 4, g = p / 4, i = q - 2
 */
#include "util.h"
#include <string.h>

static int free_number(const Eq *e, const Index *i) {
  for (int k = 0; k < e->nfree; k++)
    if (e->free[k] == i) return k;
  return -1;
}

/* One place: terms in mixed radix (each coefficient the product of the smaller extents). */
static bool solve_place(Ctx *c, const Eq *e, const Expr *place, Expr *at, Expr **to) {
  Aff a;
  int order[16];
  if (!expr_affine(c, place, &a) || a.n > 16) return false;
  if (a.n == 0) return true;
  Expr *v = expr_simplify(c, expr_fn2(c, FN_SUB, at, expr_int(c, a.c)));
  int64_t w = 1;
  for (int k = 0, j; k < a.n; k++) {           /* smallest coefficient first */
    for (j = k; j > 0 && a.k[k] < a.k[order[j - 1]]; j--) order[j] = order[j - 1];
    order[j] = k;
  }
  for (int j = 0; j < a.n; j++) {
    const Index *i = a.index[order[j]];
    int k = free_number(e, i);
    bool last = j == a.n - 1;
    if (k < 0 || to[k] || a.k[order[j]] != w || (!last && i->ext.dim)) return false;
    Expr *q = w == 1 ? v : expr_fn2(c, FN_DIV, v, expr_int(c, w));
    to[k] = expr_simplify(c, last ? q : expr_fn2(c, FN_MOD, q, expr_int(c, i->ext.n)));
    w *= last ? 1 : i->ext.n;
  }
  return true;
}

bool eq_solve(Ctx *c, const Eq *e, Expr *const *place, Expr **to) {
  for (int k = 0; k < e->nfree; k++) to[k] = NULL;
  for (int d = 0; d < e->out->rank; d++)
    if (!solve_place(c, e, e->place[d], place[d], to)) return false;
  for (int k = 0; k < e->nfree; k++)
    if (!to[k]) return false;
  return true;
}

/* -fno-fuse=MOVE[@label]: label as a whole or one word of its chain. */
static bool move_named(const char *rule, const char *move, const char *label) {
  size_t n = strcspn(rule, "@");
  if (n != strlen(move) || strncmp(rule, move, n)) return false;
  if (!rule[n]) return true;
  const char *want = rule + n + 1;
  for (const char *p = label ? label : ""; *p;) {
    size_t m = strcspn(p, "+");
    if (m == strlen(want) && !strncmp(p, want, m)) return true;
    p += m + (p[m] == '+');
  }
  return label && !strcmp(label, want);
}

bool move_allowed(Ctx *c, const char *move, const char *label) {
  for (const char **r = c->opt.no_fuse; r && *r; r++)
    if (move_named(*r, move, label)) return false;
  if (c->opt.bisect_limit >= 0 && c->nmove >= c->opt.bisect_limit) return false;
  c->nmove++;
  return true;
}
