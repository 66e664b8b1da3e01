/* Leaves: the loops of one equation, in the order that the leaf gives.
 *
 *   z(k, c, o*, t~)      loop k { loop c { for each o, for each vector of t: a point } }
 *
 * `i` serial, `i/n` n copies a step, `i*` all copies, `i~` vectors (above 32 of them: four a step), `i/n~` n vectors a step. A condition is
 * decided as soon as its indices are bound: gone, or the subtree is gone, or an `if` around it; one that depends on the lanes masks them.
 */
#include "lower.h"

typedef struct LLeaf {
  Lower *L; LEq *e; const Tree *tree; const LDim *reg; LeafDim *dim; int ndim; LPt p; const LCond **cond; int ncond; uint64_t done; uint32_t bound; bool touch;
} LLeaf;

static void nest(LLeaf *f, int depth);

static bool is_red_index(const LLeaf *f, int k) { return k >= f->e->nfree; }

/* ---- one value of an index */

static void at_place(LLeaf *f, int depth, int k, LAff off)
{
  LAff old = f->p.env[k];
  f->p.env[k] = laff_sum(f->L, &f->reg[k].base, &off, 1);
  f->bound |= 1u << k;
  nest(f, depth + 1);
  f->bound &= ~(1u << k);
  f->p.env[k] = old;
}

/* ---- serial and unrolled loops */

typedef struct Clip { int64_t lo, hi; } Clip;

/* Offsets of index k at which conditions on it alone (the rest being constants) can hold. A sum has all its places, even of no terms. */
static Clip clip_range(LLeaf *f, int k, int64_t ext)
{
  Clip r = { 0, ext };
  if (f->reg[k].base.n || f->reg[k].dyn) return r;
  for (int i = 0; i < f->ncond; i++) {
    const LCond *d = f->cond[i];
    int64_t m = 0;
    if (f->done >> i & 1 || !d->aff || (d->uses & ~(f->bound | 1u << k)) || !(d->uses >> k & 1)) continue;
    if (f->e->red && !is_red_index(f, k) && !d->domain) continue;
    LAff old = f->p.env[k];
    f->p.env[k] = f->reg[k].base;
    LAff a = form_aff(f->L, &d->a, f->p.env);
    f->p.env[k] = old;
    for (int j = 0; j < d->a.n; j++) m += d->a.t[j].k == k ? d->a.t[j].m : 0;
    if (a.n || !m || (f->p.vec && d->uses >> f->p.vec->k & 1)) continue;
    int64_t lo = m > 0 ? -floor_div(a.c, m) : 0, hi = m < 0 ? floor_div(a.c, -m) + 1 : ext;
    if (lo > r.lo) r.lo = lo;
    if (hi < r.hi) r.hi = hi;
  }
  return r;
}

static void copies(LLeaf *f, int depth, int k, const LAff *at, int64_t n, bool down)
{
  for (int64_t j = 0; j < n; j++) {
    LAff off = *at;
    off.c += down ? n - 1 - j : j;
    at_place(f, depth, k, off);
  }
}

static void serial_steps(LLeaf *f, int depth, int k, LAff from, KInst *count, int64_t most, int64_t step)
{
  Lower *L = f->L;
  KSave s;
  KInst *v = loop_begin(L, count, most, KL_SERIAL, &s);
  bool down = f->e->down[k];
  if (down) {                      /* from the last step on */
    LAff n = laff_var(count, step);
    laff_add(L, &from, &n, 1);
    from.c -= step;
  }
  LAff by = laff_var(v, down ? -step : step), at = laff_sum(L, &from, &by, 1);
  copies(f, depth, k, &at, step, down);
  loop_end(L, v, s);
}

static void serial_run(LLeaf *f, int depth, int k, int64_t step)
{
  Lower *L = f->L;
  const LDim *d = &f->reg[k];
  KInst *n = dim_count(L, d);
  if (f->e->down[k] || step > d->ext) step = 1;
  KInst *whole = k_ifn(&L->b, KF_DIV, n, k_int(&L->b, step));
  serial_steps(f, depth, k, laff_int(0), whole, d->ext / step, step);
  if (step == 1) return;
  LAff done = laff_var(whole, step);
  KInst *rest = k_ifn(&L->b, KF_SUB, n, laff_inst(L, &done));
  serial_steps(f, depth, k, done, rest, step - 1, 1);
}

static void serial(LLeaf *f, int depth, int k, int64_t step)
{
  Lower *L = f->L;
  int64_t ext = f->reg[k].ext;
  bool down = f->e->down[k];
  if (step < 1) step = 1;
  if (f->reg[k].dyn) {
    serial_run(f, depth, k, step);
    return;
  }
  Clip c = clip_range(f, k, ext);
  int64_t n = c.hi - c.lo, whole, tail;
  if (n <= 0 && is_red_index(f, k)) {
    f->touch = true;
    at_place(f, depth, k, laff_int(0));
    return;
  }
  if (n <= 0) return;
  if (step > n) step = n;
  whole = n / step;
  tail = n % step;
  LAff from = laff_int(c.lo), rest = laff_int(c.lo + whole * step);
  if (down && tail) copies(f, depth, k, &rest, tail, true);
  if (whole == 1) copies(f, depth, k, &from, step, down);
  else serial_steps(f, depth, k, from, k_int(&L->b, whole), whole, step);
  if (!down && tail) copies(f, depth, k, &rest, tail, false);
}

static void unrolled(LLeaf *f, int depth, int k)
{
  LAff zero = laff_int(0);
  if (f->reg[k].dyn) {
    serial_run(f, depth, k, 1);
    return;
  }
  if (f->reg[k].ext > 65536) tree_error(f->L, f->tree->pos, f->e, ctx_printf(f->L->c, "%s* would be unrolled %lld times", f->e->ix[k]->name, (long long)f->reg[k].ext));
  copies(f, depth, k, &zero, f->reg[k].ext, f->e->down[k]);
}

/* ---- lanes */

static void chunk(LLeaf *f, int depth, LVec v, LAff off)
{
  LVec *old = f->p.vec;
  f->p.vec = &v;
  at_place(f, depth, v.k, off);
  f->p.vec = old;
}

/* Whole vectors from `from` on, then the narrowest power of two (of 16 bytes at least) that holds the rest. */
static void chunks(LLeaf *f, int depth, int k, int64_t from, int64_t ext)
{
  int c = 0, w = f->e->lanes, least = f->L->t->vector_bytes > 16 ? w * 16 / f->L->t->vector_bytes : w;
  for (int64_t at = from; at < ext; c++) {
    int64_t n = ext - at;
    int v = w;
    while (v > least && v > 2 && n <= v / 2) v /= 2;
    if (n > v) n = v;
    chunk(f, depth, (LVec){ .k = k, .w = v, .n = (int)n, .chunk = c }, laff_int(at));
    at += n;
  }
}

static void vector_steps(LLeaf *f, int depth, int k, KInst *count, int64_t most, int64_t by)
{
  Lower *L = f->L;
  int w = f->e->lanes;
  KSave s;
  KInst *v = loop_begin(L, count, most, KL_SERIAL, &s);
  for (int64_t c = 0; c < by; c++) {
    LAff off = laff_var(v, by * w);
    off.c += c * w;
    chunk(f, depth, (LVec){ .k = k, .w = w, .n = w, .chunk = (int)c }, off);
  }
  loop_end(L, v, s);
}

/* A run-time count: whole steps, then single vectors of which the last is partly wanted. */
static void vector_run(LLeaf *f, int depth, int k, int64_t by)
{
  Lower *L = f->L;
  const LDim *d = &f->reg[k];
  int w = f->e->lanes;
  if (d->ext <= w) {
    chunk(f, depth, (LVec){ .k = k, .w = w, .n = w, .dyn = true, .left = d->cnt }, laff_int(0));
    return;
  }
  if (by < 1) by = d->ext / w < 4 ? d->ext / w : 4;
  KInst *n = dim_count(L, d), *whole = k_ifn(&L->b, KF_DIV, n, k_int(&L->b, by * w));
  if (d->ext >= by * w) vector_steps(f, depth, k, whole, d->ext / (by * w), by);
  LAff done = laff_var(whole, by * w), rest = laff_var(n, 1);
  laff_add(L, &rest, &done, -1);
  KInst *r = laff_inst(L, &rest), *up = k_ifn(&L->b, KF_ADD, r, k_int(&L->b, w - 1));
  KSave s;
  KInst *v = loop_begin(L, k_ifn(&L->b, KF_DIV, up, k_int(&L->b, w)), by, KL_SERIAL, &s);
  LAff at = laff_var(v, w);
  chunk(f, depth, (LVec){ .k = k, .w = w, .n = w, .dyn = true, .left = laff_sum(L, &rest, &at, -1) }, laff_sum(L, &done, &at, 1));
  loop_end(L, v, s);
}

static void vectors(LLeaf *f, int depth, int k, int64_t step)
{
  int64_t w = f->e->lanes, ext = f->reg[k].ext, by = step > 0 ? step : 4, n;
  if (f->e->down[k]) tree_error(f->L, f->tree->pos, f->e, ctx_printf(f->L->c, "a recurrence runs along %s, which cannot be in lanes", f->e->ix[k]->name));
  if (w == 1) {
    if (step > 0 || ext > 32 || f->reg[k].dyn) serial(f, depth, k, by);
    else unrolled(f, depth, k);
    return;
  }
  if (f->reg[k].dyn) {
    vector_run(f, depth, k, step);
    return;
  }
  if (ext == 0 && is_red_index(f, k)) {
    f->touch = true;
    at_place(f, depth, k, laff_int(0));
    return;
  }
  n = step > 0 || ext > 32 * w ? ext / (by * w) : 0;
  if (n == 1) n = 0;
  if (n) vector_steps(f, depth, k, k_int(&f->L->b, n), n, by);
  chunks(f, depth, k, n * by * w, ext);
}

/* ---- a point */

static void point(LLeaf *f)
{
  Lower *L = f->L;
  LPt *p = &f->p;
  LGuard g = { 0 };
  bool maybe = false, zero = true, all = false;
  for (int i = 0; i < f->ncond; i++) {
    const LCond *d = f->cond[i];
    if (f->done >> i & 1) continue;
    int s = cond_at(L, p, d, &g);
    if (s == 0 && d->domain) return;
    if (s == 0) f->touch = true;
    if (s == 2) {
      maybe = true;
      zero &= d->zero;
      all |= d->domain;
    }
  }
  if (f->touch) {
    red_touch(L, p);
    return;
  }
  KInst *m = maybe ? guard_mask(L, p, &g) : NULL;
  Under u = { p->guard, p->clamp, p->all };
  if (m) under(L, p, m, all);
  if (m && p->vec && m->type.lanes == 1) m = p->guard;
  if (f->e->red) red_point(L, p, m, m && zero && m->type.lanes > 1);
  else put_value(L, p, gen_as(L, p, f->e->body, comp_type(f->e->eq->out->type)), comp_type(f->e->eq->out->type), m);
  over(p, u);
}

/* ---- conditions on the way down */

/* Decides conditions whose indices are bound and not in lanes. False: nothing is left here. *s: what is known at run time. */
static bool conditions(LLeaf *f, KInst **s)
{
  LGuard g = { 0 };
  bool open = !f->e->red || f->L->open[f->e->id];
  uint32_t lanes = f->p.vec ? 1u << f->p.vec->k : 0;
  for (int i = 0; i < f->ncond; i++) {
    const LCond *d = f->cond[i];
    if (f->done >> i & 1 || d->uses & ~f->bound || d->uses & lanes) continue;
    if (!d->aff && !d->domain && !open) continue;
    LGuard one = g;
    int state = cond_at(f->L, &f->p, d, &one);
    if (state == 0 && d->domain) return false;
    if (state == 0) f->touch = true;
    if (state == 2 && (one.m || (!d->domain && !open))) continue;
    if (state == 2 && !f->e->red && f->e->out->store && f->e->out->store->reg) continue;
    g = one;
    f->done |= 1ull << i;
  }
  *s = g.s;
  return true;
}

static void order(LLeaf *f, int depth)
{
  if (depth == f->ndim) {
    point(f);
    return;
  }
  const LeafDim *d = &f->dim[depth];
  int k = eq_index(f->e, d->index);
  bool opens = is_red_index(f, k) && !f->L->open[f->e->id];
  if (opens) {
    LDim *reg = NEWN(f->L->c, LDim, f->e->n + 1);
    for (int i = 0; i < f->e->n; i++) {
      reg[i] = f->reg[i];
      if (f->bound >> i & 1) reg[i].base = f->p.env[i];
    }
    red_open(f->L, f->e, reg);
  }
  if (f->touch && is_red_index(f, k)) at_place(f, depth, k, laff_int(0));
  else if (d->kind == LEAF_UNROLL) unrolled(f, depth, k);
  else if (d->kind == LEAF_VECTOR) vectors(f, depth, k, d->step);
  else serial(f, depth, k, d->step);
  if (opens) red_close(f->L, f->e);
}

static void nest(LLeaf *f, int depth)
{
  uint64_t done = f->done;
  bool touch = f->touch;
  KInst *s = NULL;
  if (conditions(f, &s)) {
    KSave save = { 0 };
    if (s) {
      KInst *i = k_emit(&f->L->b, (KInst){ .op = K_IF, .a = { s } });
      save = k_into(&f->L->b, &i->body);
    }
    order(f, depth);
    if (s) k_back(&f->L->b, save);
  }
  f->done = done;
  f->touch = touch;
}

/* ---- the whole leaf */

static void order_check(LLeaf *f)
{
  const Tree *t = f->tree;
  bool pieces = f->e->out->nwriter > 1;
  for (int i = 0; i < t->nleaf; i++) {
    int k = eq_index(f->e, t->leaf[i].index);
    if (k < 0 && pieces) continue;
    if (k < 0) tree_error(f->L, t->pos, f->e, ctx_printf(f->L->c, "it has no index %s", t->leaf[i].index));
    for (int j = 0; j < f->ndim; j++)
      if (name_is(f->dim[j].index, t->leaf[i].index)) tree_error(f->L, t->pos, f->e, ctx_printf(f->L->c, "index %s stands twice in the leaf", t->leaf[i].index));
    f->dim[f->ndim++] = t->leaf[i];
  }
  for (int k = 0; k < f->e->n; k++) {
    bool there = false;
    for (int i = 0; i < f->ndim; i++) there |= name_is(f->dim[i].index, f->e->ix[k]->name);
    if (there) continue;
    if (f->reg[k].ext == 1 || f->reg[k].ext == 0) f->bound |= 1u << k;
    else if (pieces) f->dim[f->ndim++] = (LeafDim){ f->e->ix[k]->name, LEAF_SERIAL, 1 };
    else tree_error(f->L, t->pos, f->e, ctx_printf(f->L->c, "index %s has %lld places here, and neither a loop around nor a place in the leaf's order binds it", f->e->ix[k]->name, (long long)f->reg[k].ext));
  }
}

static void conds_of(LLeaf *f)
{
  LEq *e = f->e;
  f->cond = NEWN(f->L->c, const LCond *, e->cond.n + 2 * e->nfree + 1);
  for (int k = 0; k < e->nfree; k++)
    for (int i = 0; f->reg[k].over && i < 2; i++) f->cond[f->ncond++] = &e->domain[2 * k + i];
  for (int k = 0; k < e->cond.n; k++) f->cond[f->ncond++] = &e->cond.at[k];
  if (f->ncond > 64) tree_error(f->L, f->tree->pos, e, "more than 64 conditions");
}

/* A reduction all of whose indices are bound outside of it, but by no loop (all have one place): it opens here. */
void lower_leaf(Lower *L, LEq *e, const Tree *leaf, const LDim *reg)
{
  LLeaf f = { .L = L, .e = e, .tree = leaf, .reg = reg, .p = { .e = e } };
  for (int k = 0; k < e->nfree; k++)
    if (reg[k].ext <= 0) return;
  if (L->c->nid - L->nid0 > 3000000) tree_error(L, leaf->pos, e, "the tree unrolls to more than three million instructions");
  f.dim = NEWN(L->c, LeafDim, leaf->nleaf + e->n + 1);
  for (int k = 0; k < e->n; k++) f.p.env[k] = reg[k].base;
  order_check(&f);
  conds_of(&f);
  bool red_in_order = false;
  for (int i = 0; i < f.ndim; i++) red_in_order |= is_red_index(&f, eq_index(e, f.dim[i].index));
  for (int k = e->nfree; k < e->n; k++) f.touch |= reg[k].ext <= 0;
  bool opens = e->red && !red_in_order && !L->open[e->id];
  if (opens) red_open(L, e, reg);
  nest(&f, 0);
  if (opens) red_close(L, e);
}
