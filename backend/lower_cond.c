/* Conditions at a point: clips, guards of `or`, conditions of reductions, the domain of a region that was not clipped.
 *
 *   x[y + r - 1] or 0      y + r - 1 >= 0 and n - 1 - (y + r - 1) >= 0
 *
 * An affine condition is decided at once where the position is constant or its range tells. Otherwise it is a scalar comparison, or, where
 * it depends on the lanes, an interval of lanes lo <= l < hi (one or two prefix masks). Anything else is a mask by its value.
 */
#include "lower.h"

KInst *mask_and(Lower *L, KInst *a, KInst *b)
{
  if (!a || !b) return a ? a : b;
  return k_fn(&L->b, KF_AND, a, b, NULL);
}

KInst *vec_mask(Lower *L, const LVec *v)
{
  if (v->dyn) return k_prefix(&L->b, laff_inst(L, &v->left), v->w);
  return v->n < v->w ? k_prefix(&L->b, k_int(&L->b, v->n), v->w) : NULL;
}

static void lanes_from(Lower *L, LGuard *g, KInst *lo) { g->lo = g->lo ? k_ifn(&L->b, KF_MAX, g->lo, lo) : lo; }
static void lanes_to(Lower *L, LGuard *g, KInst *hi) { g->hi = g->hi ? k_ifn(&L->b, KF_MIN, g->hi, hi) : hi; }

/* a + lane * l >= 0 for lanes l in 0 .. w - 1. */
static int lanes_at(Lower *L, const LVec *v, const LAff *a, int64_t lane, LGuard *g)
{
  int64_t lo, hi, last = lane * (v->n - 1);
  laff_range(L, a, &lo, &hi);
  if (lo + (last < 0 ? last : 0) >= 0) return 1;
  if (hi + (last > 0 ? last : 0) < 0) return 0;
  KInst *x = laff_inst(L, a), *k = k_int(&L->b, lane < 0 ? -lane : lane);
  KInst *q = k_ifn(&L->b, KF_DIV, x, k);                 /* floor */
  if (lane > 0) lanes_from(L, g, k_ifn(&L->b, KF_SUB, k_int(&L->b, 0), q));
  else lanes_to(L, g, k_ifn(&L->b, KF_ADD, q, k_int(&L->b, 1)));
  return 2;
}

static int affine_at(Lower *L, LPt *p, const LForm *f, LGuard *g)
{
  LPlace q = form_at(L, p, f);
  if (q.lane && p->vec) return lanes_at(L, p->vec, &q.a, q.lane, g);
  int64_t lo, hi;
  laff_range(L, &q.a, &lo, &hi);
  if (lo >= 0) return 1;
  if (hi < 0) return 0;
  KInst *s = k_fn(&L->b, KF_GE, laff_inst(L, &q.a), k_int(&L->b, 0), NULL);
  g->s = mask_and(L, g->s, s);
  return 2;
}

int cond_at(Lower *L, LPt *p, const LCond *d, LGuard *g)
{
  if (d->aff) return affine_at(L, p, &d->a, g);
  KInst *m = gen_as(L, p, d->e, T_BOOL);
  if (m->op == K_CONST) return m->imm ? 1 : 0;
  if (m->type.lanes == 1) g->s = mask_and(L, g->s, m);
  else g->m = mask_and(L, g->m, m);
  return 2;
}

/* The interval of lanes, with the scalar condition folded in. */
static KInst *interval(Lower *L, int w, LGuard *g)
{
  KBuild *b = &L->b;
  KInst *hi = g->hi, *none = k_int(b, 0);
  if (g->s) hi = k_put(b, (KInst){ .op = K_FN, .fn = KF_SELECT, .type = { T_WINT, 1 }, .a = { g->s, hi ? hi : k_int(b, w), none } });
  KInst *m = hi ? k_prefix(b, hi, w) : NULL;
  if (!g->lo) return m;
  return mask_and(L, m, k_fn(b, KF_NOT, k_prefix(b, g->lo, w), NULL, NULL));
}

KInst *guard_mask(Lower *L, LPt *p, LGuard *g)
{
  if (!p->vec) return g->s ? g->s : g->m;
  if (!g->lo && !g->hi && !g->m) return g->s;
  return mask_and(L, interval(L, p->vec->w, g), g->m);
}
