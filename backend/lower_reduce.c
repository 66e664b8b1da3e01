/* Reductions: accumulators, created where the reduction was opened when a point first asks for them.
 *
 *   acc(k, m*, n~), m 2, n 32:      %a0 = var init(m 0, n 0)  %a1 = var init(m 0, n 16)  ...   loop k { set %a0 = fma w, x, %a0 ... }   store
 *
 * The key is the position's constant offset from where it was opened, so main loop and tail continue the same accumulators. Lanes over a
 * reduction index: one accumulator a chunk, combined pairwise, then across the lanes, then with the initial expression. Between blocks of
 * an outer reduction loop (LEq.home) they rest in the equation's storage.
 */
#include "lower.h"
#include <string.h>

static const KFn combiner[RED_COUNT] = { [RED_SUM] = KF_ADD, [RED_PROD] = KF_MUL, [RED_MAX] = KF_MAX, [RED_MIN] = KF_MIN, [RED_ANY] = KF_OR, [RED_ALL] = KF_AND };

static bool is_arg(const LEq *e) { return e->kind == RED_ARGMAX || e->kind == RED_ARGMIN; }
static bool across(const LEq *e, const LVec *v) { return v && v->k >= e->nfree; }

void red_open(Lower *L, LEq *e, const LDim *reg)
{
  LOpen *o = NEW(L->c, LOpen);
  o->e = e;
  o->mark = mark_open(L);
  o->reg = NEWN(L->c, LDim, e->n + 1);
  memcpy(o->reg, reg, sizeof *reg * (size_t)e->n);
  L->open[e->id] = o;
}

/* ---- where an accumulator starts */

static KInst *not_first(Lower *L, const LEq *e)
{
  KInst *sum = NULL;
  for (int k = 0; k < e->nouter; k++) sum = sum ? k_ifn(&L->b, KF_ADD, sum, e->outer[k]) : e->outer[k];
  return sum ? k_fn(&L->b, KF_EQ, sum, k_int(&L->b, 0), NULL) : NULL;
}

static int guard_domain(Lower *L, LPt *p, const LDim *reg, LGuard *g)
{
  int state = 1;
  for (int k = 0; k < p->e->nfree; k++)
    for (int i = 0; reg[k].over && i < 2; i++) {
      int s = cond_at(L, p, &p->e->domain[2 * k + i], g);
      if (!s) return 0;
      if (s == 2) state = 2;
    }
  return state;
}

static KInst *domain_mask(Lower *L, LPt *p, const LDim *reg)
{
  LGuard g = { 0 };
  return guard_domain(L, p, reg, &g) == 2 ? guard_mask(L, p, &g) : NULL;
}

static KInst *widen(Lower *L, KInst *v, int w) { return k_bcast(&L->b, v, w); }

static KInst *gen_init(Lower *L, LPt *p, const LDim *reg)
{
  LEq *e = p->e;
  if (!e->init) return identity(L, e->kind, e->acc);
  KInst *m = domain_mask(L, p, reg);
  if (!m) return gen_as(L, p, e->init, e->acc);
  Under u = under(L, p, m, true);
  KInst *v = gen_as(L, p, e->init, e->acc);
  over(p, u);
  return v;
}

static KInst *set_var(Lower *L, KInst *var, KInst *v) { return k_emit(&L->b, (KInst){ .op = K_SET, .type = var->type, .a = { var, v } }); }

/* The value before the reduction, or after its earlier blocks. */
static KInst *start_value(Lower *L, LPt *p, const LDim *reg, int w)
{
  LEq *e = p->e;
  KInst *first = e->home && !e->later ? not_first(L, e) : NULL;
  if (!e->home || (!e->later && !first)) return widen(L, gen_init(L, p, reg), w);
  if (e->later) return widen(L, load_home(L, p), w);
  KInst *zero = k_const(&L->b, ktype(e->acc, w), 0, 0);
  KInst *var = k_emit(&L->b, (KInst){ .op = K_VAR, .type = { e->acc, w }, .a = { zero } });
  KInst *f = k_emit(&L->b, (KInst){ .op = K_IF, .a = { first } });
  KSave s = k_into(&L->b, &f->body);
  set_var(L, var, widen(L, gen_init(L, p, reg), w));
  k_back(&L->b, s);
  s = k_into(&L->b, &f->other);
  set_var(L, var, widen(L, load_home(L, p), w));
  k_back(&L->b, s);
  return var;
}

/* A variable of its own that starts as v: v itself if it is one already. */
static KInst *as_var(Lower *L, KInst *v, KType t)
{
  return v->op == K_VAR ? v : k_emit(&L->b, (KInst){ .op = K_VAR, .type = t, .a = { v } });
}

static KInst *place_most(Lower *L, int w) { return k_const(&L->b, ktype(T_I32, w), 0, INT32_MAX); }

static void acc_start(Lower *L, LPt *p, LOpen *o, LAcc *a)
{
  LEq *e = p->e;
  LPt q = { .e = e };
  KType t = { e->acc, a->vec.w };
  for (int k = 0; k < e->n; k++) q.env[k] = o->reg[k].base;
  for (int k = 0; k < e->nfree; k++) q.env[k].c += a->key[k];
  bool lanes = across(e, p->vec);
  q.vec = lanes ? NULL : p->vec;
  KSave s = k_goto(&L->b, &o->mark->side, o->mark->scope);
  KInst *v = lanes || is_arg(e) || o->late ? k_bcast(&L->b, identity(L, e->kind, e->acc), a->vec.w) : start_value(L, &q, o->reg, a->vec.w);
  a->var = as_var(L, v, t);
  if (is_arg(e)) a->at = k_emit(&L->b, (KInst){ .op = K_VAR, .type = { T_I32, a->vec.w }, .a = { place_most(L, a->vec.w) } });
  k_back(&L->b, s);
}

static LAcc *acc_of(Lower *L, LPt *p)
{
  LEq *e = p->e;
  LOpen *o = L->open[e->id];
  int64_t key[LEQ_INDICES];
  LVec one = { .k = -1, .w = 1, .n = 1, .chunk = -1 }, vec = p->vec ? *p->vec : one;
  if (!across(e, p->vec)) vec.chunk = -1;
  for (int k = 0; k < e->nfree; k++)
    if (!laff_diff(&p->env[k], &o->reg[k].base, &key[k]))
      tree_error(L, e->leaf->pos, e, ctx_printf(L->c, "index %s varies inside its reduction, but an accumulator needs a constant position: unroll it there, or put its loop outside", e->ix[k]->name));
  for (int i = o->acc.n - 1; i >= 0; i--) {
    LAcc *a = &o->acc.at[i];
    if (a->vec.chunk == vec.chunk && a->vec.w == vec.w && a->vec.k == vec.k && !memcmp(a->key, key, sizeof *key * (size_t)e->nfree)) return a;
  }
  LAcc a = { .key = NEWN(L->c, int64_t, e->nfree + 1), .vec = vec };
  memcpy(a.key, key, sizeof *key * (size_t)e->nfree);
  acc_start(L, p, o, &a);
  PUSH(L->c, o->acc, a);
  return &o->acc.at[o->acc.n - 1];
}

void red_touch(Lower *L, LPt *p) { acc_of(L, p); }

/* ---- a point */

static bool is_fused(const LEq *e)
{
  return e->kind == RED_SUM && type_is_float(e->acc) && e->body->kind == E_FN && e->body->fn == FN_MUL && comp_type(e->body->type) == e->acc && e->body->type == e->red->type;
}

static KInst *point_value(Lower *L, LPt *p, const LAcc *a)
{
  LEq *e = p->e;
  if (is_fused(e)) {
    KInst *x = gen_as(L, p, e->body->arg[0], e->acc), *y = gen_as(L, p, e->body->arg[1], e->acc);
    return k_fn(&L->b, KF_FMA, x, y, a->var);
  }
  return k_fn(&L->b, combiner[e->kind], a->var, gen_as(L, p, e->body, e->acc), NULL);
}

/* The element's number in the composite of the reduction's indices, as i32. */
static KInst *composite(Lower *L, LPt *p)
{
  LEq *e = p->e;
  LPlace q = { .a = laff_int(0) };
  for (int k = e->nfree; k < e->n; k++) {
    if (e->ix[k]->ext.dim && k > e->nfree) tree_error(L, e->eq->pos, e, "argmax and argmin over several indices need numbers for the inner extents");
    int64_t n = extent_max(e->ix[k]->ext);
    if (k > e->nfree) {
      LAff zero = laff_int(0);
      q.a = laff_sum(L, &zero, &q.a, n);
      q.lane *= n;
    }
    laff_add(L, &q.a, &p->env[k], 1);
    if (p->vec && p->vec->k == k) q.lane += 1;
  }
  if (q.lane) return place_vector(L, p, &q);
  return k_cast(&L->b, CV_PLAIN, T_I32, laff_inst(L, &q.a));
}

static void point_arg(Lower *L, LPt *p, LAcc *a, KInst *mask)
{
  KBuild *b = &L->b;
  KInst *v = widen(L, gen_as(L, p, p->e->body, p->e->acc), a->vec.w), *at = widen(L, composite(L, p), a->vec.w);
  KInst *more = k_fn(b, p->e->kind == RED_ARGMAX ? KF_GT : KF_LT, v, a->var, NULL);
  KInst *tie = k_fn(b, KF_AND, k_fn(b, KF_EQ, v, a->var, NULL), k_fn(b, KF_LT, at, a->at, NULL), NULL);
  KInst *better = k_fn(b, KF_OR, more, tie, NULL);
  if (mask) better = k_fn(b, KF_AND, better, mask, NULL);
  KInst *nv = k_fn(b, KF_SELECT, better, v, a->var), *na = k_fn(b, KF_SELECT, better, at, a->at);
  set_var(L, a->var, nv);
  set_var(L, a->at, na);
}

void red_point(Lower *L, LPt *p, KInst *mask, bool zeroed)
{
  LAcc *a = acc_of(L, p);
  KInst *lanes = across(p->e, p->vec) ? vec_mask(L, p->vec) : NULL;
  if (!zeroed) lanes = mask_and(L, lanes, mask);
  if (is_arg(p->e)) {
    point_arg(L, p, a, mask_and(L, across(p->e, p->vec) ? vec_mask(L, p->vec) : NULL, mask));
    return;
  }
  KInst *v = point_value(L, p, a);
  if (lanes) v = k_fn(&L->b, KF_SELECT, k_bcast(&L->b, lanes, a->vec.w), v, a->var);
  set_var(L, a->var, widen(L, v, a->vec.w));
}

/* ---- the end */

static KInst *across_lanes(Lower *L, KFn fn, KInst *v)
{
  if (v->type.lanes == 1) return v;
  return k_put(&L->b, (KInst){ .op = K_HRED, .fn = fn, .type = { v->type.elem, 1 }, .a = { v } });
}

/* Pairwise over equal widths, then across lanes; widths from wide to narrow. */
static KInst *fold_all(Lower *L, KFn fn, KInst **at, int n)
{
  KInst *r = NULL;
  while (n > 0) {
    VEC(KInst *) same = { 0 };
    int m = 0, w = at[0]->type.lanes;
    for (int k = 0; k < n; k++)
      if (at[k]->type.lanes == w) PUSH(L->c, same, at[k]);
      else at[m++] = at[k];
    n = m;
    while (same.n > 1) {
      int h = 0;
      for (int k = 0; k + 1 < same.n; k += 2) same.at[h++] = k_fn(&L->b, fn, same.at[k], same.at[k + 1], NULL);
      if (same.n % 2) same.at[h++] = same.at[same.n - 1];
      same.n = h;
    }
    KInst *one = across_lanes(L, fn, same.at[0]);
    r = r ? k_fn(&L->b, fn, r, one, NULL) : one;
  }
  return r;
}

/* The best value's first place; 0 where nothing was admitted. */
static KInst *fold_arg(Lower *L, const LEq *e, LAcc **acc, int n)
{
  KBuild *b = &L->b;
  KFn fn = e->kind == RED_ARGMAX ? KF_MAX : KF_MIN;
  KInst **v = NEWN(L->c, KInst *, n), *at = NULL;
  for (int k = 0; k < n; k++) v[k] = acc[k]->var;
  KInst *best = fold_all(L, fn, v, n);
  for (int k = 0; k < n; k++) {
    KInst *hit = k_fn(b, KF_EQ, acc[k]->var, best, NULL);
    KInst *x = across_lanes(L, KF_MIN, k_fn(b, KF_SELECT, hit, acc[k]->at, place_most(L, 1)));
    at = at ? k_fn(b, KF_MIN, at, x, NULL) : x;
  }
  KInst *none = k_fn(b, KF_EQ, at, place_most(L, 1), NULL);
  return k_fn(b, KF_SELECT, none, k_const(b, ktype(T_I32, 1), 0, 0), at);
}

static void close_across(Lower *L, LPt *p, LOpen *o, LAcc **acc, int n)
{
  LEq *e = o->e;
  p->vec = NULL;
  KInst *r;
  if (is_arg(e)) {
    r = fold_arg(L, e, acc, n);
  } else {
    KInst **v = NEWN(L->c, KInst *, n);
    for (int k = 0; k < n; k++) v[k] = acc[k]->var;
    r = fold_all(L, combiner[e->kind], v, n);
    if (e->init || e->home) r = k_fn(&L->b, combiner[e->kind], start_value(L, p, o->reg, 1), r, NULL);
  }
  put_value(L, p, r, e->acc, domain_mask(L, p, o->reg));
}

static void close_lanes(Lower *L, LPt *p, LOpen *o, LAcc *a)
{
  LEq *e = o->e;
  KInst *v = a->var;
  LVec vec = a->vec;
  p->vec = vec.k >= 0 ? &vec : NULL;
  if (is_arg(e)) v = k_fn(&L->b, KF_SELECT, k_fn(&L->b, KF_EQ, a->at, place_most(L, 1), NULL), k_const(&L->b, ktype(T_I32, 1), 0, 0), a->at);
  if (o->late) v = k_fn(&L->b, combiner[e->kind], widen(L, gen_init(L, p, o->reg), vec.w), v, NULL);
  put_value(L, p, v, e->acc, domain_mask(L, p, o->reg));
  p->vec = NULL;
}

void red_close(Lower *L, LEq *e)
{
  LOpen *o = L->open[e->id];
  L->open[e->id] = NULL;
  bool *done = NEWN(L->c, bool, o->acc.n + 1);
  for (int i = 0; i < o->acc.n; i++) {
    LAcc *a = &o->acc.at[i], **same = NEWN(L->c, LAcc *, o->acc.n);
    int n = 0;
    if (done[i]) continue;
    LPt p = { .e = e };
    for (int k = 0; k < e->n; k++) p.env[k] = o->reg[k].base;
    for (int k = 0; k < e->nfree; k++) p.env[k].c += a->key[k];
    if (!across(e, &a->vec)) {
      close_lanes(L, &p, o, a);
      continue;
    }
    for (int j = i; j < o->acc.n; j++) {
      if (memcmp(o->acc.at[j].key, a->key, sizeof *a->key * (size_t)e->nfree) != 0) continue;
      same[n++] = &o->acc.at[j];
      done[j] = true;
    }
    close_across(L, &p, o, same, n);
  }
  mark_close(L, o->mark);
}
