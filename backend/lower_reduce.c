/* Reductions: accumulators, created where the reduction was opened when a point first asks for them.
 *
 *   acc(k, m*, n~), m 2, n 32:      %a0 = var init(m 0, n 0)  %a1 = var init(m 0, n 16)  ...   loop k { set %a0 = fma w, x, %a0 ... }   store
 *
 * The key is the position's constant offset from where it was opened, so main loop and tail continue the same accumulators. Lanes over a reduction
 * index: one accumulator a chunk, combined pairwise, then across the lanes, then with the initial expression. Between blocks of an outer reduction
 * loop (LEq.home) they rest in the equation's storage. */
#include "lower.h"
#include <string.h>

static const KFn combiner[RED_COUNT] = {
  [RED_SUM] = KF_ADD, [RED_PROD] = KF_MUL, [RED_MAX] = KF_MAX, [RED_MIN] = KF_MIN, [RED_ANY] = KF_OR, [RED_ALL] = KF_AND
};

static bool is_arg(const LEq *e) { return e->kind == RED_ARGMAX || e->kind == RED_ARGMIN; }
static bool across(const LEq *e, const LVec *v) { return v && v->k >= e->nfree; }
static KInst *set_var(Lower *L, KInst *var, KInst *v) { return k_emit(&L->b, (KInst){ .op = K_SET, .type = var->type, .a = { var, v } }); }
static KInst *new_var(Lower *L, KType t, KInst *v) { return k_emit(&L->b, (KInst){ .op = K_VAR, .type = t, .a = { v } }); }
static KInst *place_most(Lower *L, int w) { return k_const(&L->b, ktype(T_I32, w), 0, INT32_MAX); }
static bool same_key(const LEq *e, const int64_t *a, const int64_t *b) { return !memcmp(a, b, sizeof *a * (size_t)e->nfree); }

void red_open(Lower *L, LEq *e, const LDim *reg) {
  LOpen *o = L->open[e->id] = NEW(L->c, LOpen);
  *o = (LOpen){ .e = e, .mark = mark_open(L), .reg = dims_copy(L, reg, e->n) };
}

/* ---- where an accumulator starts */
/* The point at which the accumulator of this key was opened. */
static LPt key_point(const LOpen *o, const int64_t *key) {
  LPt p = { .e = o->e };
  for (int k = 0; k < o->e->n; k++) p.env[k] = laff_plus(o->reg[k].base, k < o->e->nfree ? key[k] : 0);
  return p;
}

static KInst *domain_mask(Lower *L, LPt *p, const LDim *reg) {
  LGuard g = { 0 }; int state = 1;
  for (int k = 0; k < p->e->nfree && state; k++)
    if (reg[k].over) { int s = conds_at(L, p, &p->e->domain[2 * k], 2, &g); state = s == 1 ? state : s; }
  return state == 2 ? guard_mask(L, p, &g) : NULL;
}

static KInst *gen_init(Lower *L, LPt *p, const LDim *reg) {
  LEq *e = p->e;
  if (!e->init) return identity(L, e->kind, e->acc);
  KInst *m = domain_mask(L, p, reg); Under old = p->u;
  if (m) under(L, p, m, true);
  KInst *v = gen_as(L, p, e->init, e->acc);
  p->u = old; return v;
}

/* The value before the reduction, or after its earlier blocks: the first one has all outer counters at 0. */
static KInst *start_value(Lower *L, LPt *p, const LDim *reg, int w) {
  LEq *e = p->e;
  KBuild *b = &L->b;
  if (!e->home || (!e->later && !e->outer.n)) return k_bcast(b, gen_init(L, p, reg), w);
  if (e->later) return k_bcast(b, load_home(L, p), w);
  KInst *sum = NULL;
  for (int k = 0; k < e->outer.n; k++) sum = l_plus(L, sum, e->outer.at[k]);
  KInst *first = l_fn(L, KF_EQ, sum, l_int(L, 0)), *var = new_var(L, ktype(e->acc, w), k_const(b, ktype(e->acc, w), 0, 0));
  KInst *f = k_emit(b, (KInst){ .op = K_IF, .a = { first } }); KSave s = k_into(b, &f->body);
  set_var(L, var, k_bcast(b, gen_init(L, p, reg), w)); k_back(b, s);
  s = k_into(b, &f->other); set_var(L, var, k_bcast(b, load_home(L, p), w)); k_back(b, s); return var;
}

static void acc_start(Lower *L, LPt *p, LOpen *o, LAcc *a) {
  LEq *e = p->e; LPt q = key_point(o, a->key); bool lanes = across(e, p->vec);
  q.vec = lanes ? NULL : p->vec;
  KSave s = k_goto(&L->b, &o->mark->side, o->mark->scope);
  KInst *v = lanes || is_arg(e) || o->late ? k_bcast(&L->b, identity(L, e->kind, e->acc), a->vec.w) : start_value(L, &q, o->reg, a->vec.w);
  a->var = v->op == K_VAR ? v : new_var(L, ktype(e->acc, a->vec.w), v);
  if (is_arg(e)) a->at = new_var(L, ktype(T_I32, a->vec.w), place_most(L, a->vec.w));
  k_back(&L->b, s);
}

static LAcc *acc_of(Lower *L, LPt *p) {
  LEq *e = p->e; LOpen *o = L->open[e->id]; int64_t key[LEQ_INDICES];
  LVec vec = p->vec ? *p->vec : (LVec){ .k = -1, .w = 1, .n = 1, .chunk = -1 };
  if (!across(e, p->vec)) vec.chunk = -1;
  for (int k = 0; k < e->nfree; k++)
    if (!laff_diff(&p->env[k], &o->reg[k].base, &key[k]))
      tree_error(L, e->leaf->pos, e, "index %s varies inside its reduction, but an accumulator needs a constant position: "
                 "unroll it there, or put its loop outside", e->ix[k]->name);
  for (int i = o->acc.n - 1; i >= 0; i--) {
    LAcc *a = &o->acc.at[i];
    if (a->vec.chunk == vec.chunk && a->vec.w == vec.w && a->vec.k == vec.k && same_key(e, a->key, key)) return a;
  }
  LAcc a = { .key = memcpy(NEWN(L->c, int64_t, e->nfree + 1), key, sizeof *key * (size_t)e->nfree), .vec = vec };
  acc_start(L, p, o, &a); PUSH(L->c, o->acc, a); return &o->acc.at[o->acc.n - 1];
}

void red_touch(Lower *L, LPt *p) { acc_of(L, p); }

/* ---- a point */
static KInst *point_value(Lower *L, LPt *p, const LAcc *a) {
  LEq *e = p->e; const Expr *b = e->body;
  bool product = e->kind == RED_SUM && b->kind == E_FN && b->fn == FN_MUL && type_is_float(e->acc);
  if (!product || comp_type(b->type) != e->acc || b->type != e->red->type) return l_fn(L, combiner[e->kind], a->var, gen_as(L, p, b, e->acc));
  KInst *x = gen_as(L, p, b->arg[0], e->acc), *y = gen_as(L, p, b->arg[1], e->acc); return k_fn(&L->b, KF_FMA, x, y, a->var);
}

/* The element's number in the composite of the reduction's indices, as i32. */
static KInst *composite(Lower *L, LPt *p) {
  LEq *e = p->e; LPlace q = { .lane = 0 };
  for (int k = e->nfree; k < e->n; k++) {
    if (e->ix[k]->ext.dim && k > e->nfree) tree_error(L, e->eq->pos, e, "argmax and argmin over several indices need numbers for the inner extents");
    int64_t n = k > e->nfree ? extent_max(e->ix[k]->ext) : 0;
    q.a = laff_add(L, laff_add(L, laff_int(0), q.a, n), p->env[k], 1); q.lane = q.lane * n + (p->vec && p->vec->k == k);
  }
  return q.lane ? place_vector(L, p, q) : l_cast(L, T_I32, laff_inst(L, q.a));
}

static void point_arg(Lower *L, LPt *p, LAcc *a, KInst *mask) {
  KInst *v = k_bcast(&L->b, gen_as(L, p, p->e->body, p->e->acc), a->vec.w), *at = k_bcast(&L->b, composite(L, p), a->vec.w);
  KInst *more = l_fn(L, p->e->kind == RED_ARGMAX ? KF_GT : KF_LT, v, a->var);
  KInst *tie = l_fn(L, KF_AND, l_fn(L, KF_EQ, v, a->var), l_fn(L, KF_LT, at, a->at)), *better = l_fn(L, KF_OR, more, tie);
  if (mask) better = l_fn(L, KF_AND, better, mask);
  KInst *nv = l_select(L, better, v, a->var), *na = l_select(L, better, at, a->at);
  set_var(L, a->var, nv); set_var(L, a->at, na);
}

void red_point(Lower *L, LPt *p, KInst *mask, bool zeroed) {
  LAcc *a = acc_of(L, p); KInst *lanes = across(p->e, p->vec) ? vec_mask(L, p->vec) : NULL;
  if (!zeroed || is_arg(p->e)) lanes = mask_and(L, lanes, mask);
  if (is_arg(p->e)) { point_arg(L, p, a, lanes); return; }
  KInst *v = point_value(L, p, a);
  if (lanes) v = l_select(L, k_bcast(&L->b, lanes, a->vec.w), v, a->var);
  set_var(L, a->var, k_bcast(&L->b, v, a->vec.w));
}

/* ---- the end */
static KInst *across_lanes(Lower *L, KFn fn, KInst *v) {
  return v->type.lanes == 1 ? v : k_put(&L->b, (KInst){ .op = K_HRED, .fn = fn, .type = { v->type.elem, 1 }, .a = { v } });
}

/* The variables combined: pairwise over equal widths, then across lanes; widths from wide to narrow. */
static KInst *fold_all(Lower *L, KFn fn, LAcc **acc, int n) {
  KInst *r = NULL, **at = NEWN(L->c, KInst *, n), **same = NEWN(L->c, KInst *, n);
  for (int k = 0; k < n; k++) at[k] = acc[k]->var;
  while (n > 0) {
    int m = 0, s = 0, w = at[0]->type.lanes;
    for (int k = 0; k < n; k++) *(at[k]->type.lanes == w ? &same[s++] : &at[m++]) = at[k];
    n = m;
    while (s > 1) {
      for (int k = 0; k + 1 < s; k += 2) same[k / 2] = l_fn(L, fn, same[k], same[k + 1]);
      if (s % 2) same[s / 2] = same[s - 1];
      s = (s + 1) / 2;
    }
    KInst *one = across_lanes(L, fn, same[0]);
    r = r ? l_fn(L, fn, r, one) : one;
  }
  return r;
}

/* at, or 0 where nothing was admitted. */
static KInst *place_found(Lower *L, KInst *at) {
  KInst *none = l_fn(L, KF_EQ, at, place_most(L, 1)); return l_select(L, none, l_num(L, T_I32, 0, 0), at);
}

/* The best value's first place. */
static KInst *fold_arg(Lower *L, const LEq *e, LAcc **acc, int n) {
  KInst *best = fold_all(L, e->kind == RED_ARGMAX ? KF_MAX : KF_MIN, acc, n), *at = NULL;
  for (int k = 0; k < n; k++) {
    KInst *hit = l_fn(L, KF_EQ, acc[k]->var, best), *x = across_lanes(L, KF_MIN, l_select(L, hit, acc[k]->at, place_most(L, 1)));
    at = at ? l_fn(L, KF_MIN, at, x) : x;
  }
  return place_found(L, at);
}

static KInst *close_across(Lower *L, LPt *p, const LOpen *o, LAcc **acc, int n) {
  LEq *e = o->e;
  if (is_arg(e)) return fold_arg(L, e, acc, n);
  KInst *r = fold_all(L, combiner[e->kind], acc, n);
  return e->init || e->home ? l_fn(L, combiner[e->kind], start_value(L, p, o->reg, 1), r) : r;
}

static KInst *close_lanes(Lower *L, LPt *p, const LOpen *o, const LAcc *a) {
  LEq *e = o->e; KInst *v = is_arg(e) ? place_found(L, a->at) : a->var;
  return o->late ? l_fn(L, combiner[e->kind], k_bcast(&L->b, gen_init(L, p, o->reg), a->vec.w), v) : v;
}

void red_close(Lower *L, LEq *e) {
  LOpen *o = L->open[e->id];
  L->open[e->id] = NULL;
  bool *done = NEWN(L->c, bool, o->acc.n + 1);
  for (int i = 0; i < o->acc.n; i++) {
    LAcc *a = &o->acc.at[i], **same = NEWN(L->c, LAcc *, o->acc.n); LPt p = key_point(o, a->key); int n = 0;
    if (done[i]) continue;
    bool lanes = across(e, &a->vec);
    p.vec = lanes || a->vec.k < 0 ? NULL : &a->vec;
    for (int j = i; lanes && j < o->acc.n; j++) if (same_key(e, o->acc.at[j].key, a->key)) same[n++] = &o->acc.at[j], done[j] = true;
    KInst *v = lanes ? close_across(L, &p, o, same, n) : close_lanes(L, &p, o, a);
    put_value(L, &p, v, domain_mask(L, &p, o->reg));
  }
  mark_close(L, o->mark);
}
