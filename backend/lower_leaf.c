/* Leaves: the loops of one equation, in the order that the leaf gives.
 *
 *   z(k, c, o*, t~)      loop k { loop c { for each o, for each vector of t: a point } }
 *
 * `i` serial, `i/n` n copies a step, `i*` all copies, `i~` vectors (above 32 of them: four a step), `i/n~` n vectors a step, `i+` in one instruction.
 * A condition is decided as soon as its indices are bound: gone, or the subtree is gone, or an `if` around it; one of the lanes masks them. */
#include "lower.h"

/* ---- reductions: accumulators, created where the reduction was opened when a point first asks for them.
 *
 *   acc(k, m*, n~), m 2, n 32:      %a0 = var init(m 0, n 0)  %a1 = var init(m 0, n 16)  ...   loop k { set %a0 = fma w, x, %a0 ... }   store
 *
 * The key is the position's constant offset from where it was opened, so main loop and tail continue the same accumulators. Lanes over a reduction
 * index: one accumulator a chunk, combined pairwise, then across the lanes, then with the initial expression. Between blocks of an outer reduction
 * loop (LEq.home) they rest in the equation's storage. */
static const KFn combiner[RED_COUNT] = {
  [RED_SUM] = KF_ADD, [RED_PROD] = KF_MUL, [RED_MAX] = KF_MAX, [RED_MIN] = KF_MIN, [RED_ANY] = KF_OR, [RED_ALL] = KF_AND,
  [RED_ARGMAX] = KF_MAX, [RED_ARGMIN] = KF_MIN };
static bool is_arg(const LEq *e) { return e->kind == RED_ARGMAX || e->kind == RED_ARGMIN; }
/* Every place is admitted, and they come in order: of equal values the first is known already. */
static bool ascends(const LEq *e) { return e->n == e->nfree + 1 && !e->cond.n; }
static bool across(const LEq *e, const LVec *v) { return v && v->k >= e->nfree; }
static KInst *set_var(Lower *L, KInst *var, KInst *v) { return k_emit(&L->b, (KInst){ .op = K_SET, .type = var->type, .a = { var, v } }); }
static KInst *new_var(Lower *L, KType t, KInst *v) { return k_emit(&L->b, (KInst){ .op = K_VAR, .type = t, .a = { v } }); }
static KInst *place_most(Lower *L, int w) { return k_const(&L->b, ktype(T_I32, w), 0, INT32_MAX); }
static bool same_key(const LEq *e, const int64_t *a, const int64_t *b) { return !memcmp(a, b, sizeof *a * (size_t)e->nfree); }
void red_open(Lower *L, LEq *e, const LDim *reg) {
  L->open[e->id] = NEW_AS(L->c, LOpen, .e = e, .mark = mark_open(L), .reg = dims_copy(L, reg, e->n));
}

/* The point at which the accumulator of this key was opened. */
static LPt key_point(const LOpen *o, const int64_t *key) {
  LPt p = { .e = o->e };
  for (int k = 0; k < o->e->n; k++) p.env[k] = laff_plus(o->reg[k].base, k < o->e->nfree ? key[k] : 0);
  for (int k = 0; k < o->e->nfree; k++) if (!o->reg[k].dyn) p.roll[k] = (LRoll){ key[k], o->reg[k].ext };
  return p;
}
static KInst *domain_mask(Lower *L, LPt *p, const LDim *reg) {
  LGuard g = { 0 }; int state = 1;
  for (int k = 0; k < p->e->nfree && state; k++)
    if (reg[k].over) { int s = conds_at(L, p, &p->e->domain[2 * k], 2, &g); state = s == 1 ? state : s; }
  return state == 2 ? guard_mask(L, p, &g) : NULL;
}
static KInst *gen_init(Lower *L, LPt *p, const LDim *reg) {
  LEq *e = p->e; KInst *m = e->init ? domain_mask(L, p, reg) : NULL, *v; Under old = p->u;
  if (m) under(L, p, m, true);
  v = e->init ? gen_as(L, p, e->init, e->acc) : identity(L, e->kind, e->acc); p->u = old; return v;
}

/* The value before the reduction, or after its earlier blocks: the first one has all outer counters at 0. */
static KInst *start_value(Lower *L, LPt *p, const LDim *reg, int w) {
  LEq *e = p->e; KBuild *b = &L->b;
  if (!e->home || (!e->later && !e->outer.n)) return k_bcast(b, gen_init(L, p, reg), w);
  if (e->later) return k_bcast(b, load_home(L, p), w);
  KInst *sum = NULL;
  for (int k = 0; k < e->outer.n; k++) sum = l_plus(L, sum, e->outer.at[k]);
  KInst *first = l_fn(L, KF_EQ, sum, l_int(L, 0)), *var = new_var(L, ktype(e->acc, w), k_const(b, ktype(e->acc, w), 0, 0));
  KInst *f = k_emit(b, (KInst){ .op = K_IF, .a = { first } }); KSave s = k_into(b, &f->body);
  set_var(L, var, k_bcast(b, gen_init(L, p, reg), w)); k_back(b, s);
  s = k_into(b, &f->other); set_var(L, var, k_bcast(b, load_home(L, p), w)); k_back(b, s); return var;
}

KInst *acc_first(Lower *L, const LOpen *o, const LAcc *a) {
  LPt q = key_point(o, a->key); LVec v = a->vec;
  q.vec = v.k < 0 ? NULL : &v; return start_value(L, &q, o->reg, v.w);
}

static void acc_start(Lower *L, LPt *p, LOpen *o, LAcc *a) {
  LEq *e = p->e; LPt q = key_point(o, a->key); bool lanes = across(e, p->vec);
  q.vec = lanes ? NULL : p->vec; KSave s = k_goto(&L->b, &o->mark->side, o->mark->scope);
  KInst *v = lanes || is_arg(e) || o->late ? k_bcast(&L->b, identity(L, e->kind, e->acc), a->vec.w) : start_value(L, &q, o->reg, a->vec.w);
  a->var = v->op == K_VAR ? v : new_var(L, ktype(e->acc, a->vec.w), v);
  if (is_arg(e)) a->at = new_var(L, ktype(T_I32, a->vec.w), ascends(e) ? k_const(&L->b, ktype(T_I32, a->vec.w), 0, 0) : place_most(L, a->vec.w));
  k_back(&L->b, s);
}

static LAcc *acc_of(Lower *L, LPt *p) {
  LEq *e = p->e; LOpen *o = L->open[e->id]; int64_t key[LEQ_INDICES]; LVec vec = p->vec ? *p->vec : (LVec){ .k = -1, .w = 1, .n = 1, .chunk = -1 };
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
  if (!o->matrix) acc_start(L, p, o, &a);
  PUSH(L->c, o->acc, a); return &o->acc.at[o->acc.n - 1];
}
/* The products of a group in one instruction: the operands are words of its elements. */
static KInst *dot_value(Lower *L, LPt *p, const LAcc *a) {
  const Expr *b = p->e->body, *r[2] = { NULL, NULL }; int kind = -1, swap = 0;
  for (int k = 0; k < 2 && b->kind == E_FN && b->fn == FN_MUL && b->n == 2; k++)
    for (r[k] = b->arg[k]; r[k]->kind == E_CONVERT || r[k]->kind == E_OR;) r[k] = r[k]->arg[0];
  for (int k = 0; k < 2 && kind < 0 && r[1] && r[0]->kind == E_READ && r[1]->kind == E_READ; k++)
    kind = dot_kind(L->t, r[swap = k]->tensor->type, r[!k]->tensor->type, p->group);
  if (kind < 0) tree_error(L, p->e->leaf->pos, p->e, "%s has no instruction for groups of %d such products: unroll their index (`*`)",
                           L->t->name, p->group);
  KInst *x = gen(L, p, b->arg[swap]), *y = gen(L, p, b->arg[!swap]); return k_fn(&L->b, (KFn)(KF_DOTUS + kind), x, y, a->var);
}
static KInst *point_value(Lower *L, LPt *p, const LAcc *a) {
  if (p->group) return dot_value(L, p, a);
  LEq *e = p->e; const Expr *b = e->body; bool product = e->kind == RED_SUM && b->kind == E_FN && b->fn == FN_MUL && type_is_float(e->acc);
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
  if (q.lane != 1) return q.lane ? place_vector(L, p, q) : l_cast(L, T_I32, laff_inst(L, q.a));
  KInst *lane = k_put(&L->b, (KInst){ .op = K_IOTA, .type = { T_I32, p->vec->w } }), *first = l_num(L, T_I32, 0, q.a.c); q.a.c = 0;
  return l_fn(L, KF_ADD, l_cast(L, T_I32, laff_inst(L, q.a)), l_fn(L, KF_ADD, lane, first));     /* all chunks share the counter's vector */
}

static void point_arg(Lower *L, LPt *p, LAcc *a, KInst *mask) {
  KInst *v = k_bcast(&L->b, gen_as(L, p, p->e->body, p->e->acc), a->vec.w), *at = k_bcast(&L->b, composite(L, p), a->vec.w); LEq *e = p->e;
  if (!ascends(e)) v = l_fn(L, combiner[e->kind], identity(L, e->kind, e->acc), v);             /* not NaN */
  KInst *better = l_fn(L, e->kind == RED_ARGMAX ? KF_GT : KF_LT, v, a->var);
  if (!ascends(e)) better = l_fn(L, KF_OR, better, l_fn(L, KF_AND, l_fn(L, KF_EQ, v, a->var), l_fn(L, KF_LT, at, a->at)));
  if (mask) better = l_fn(L, KF_AND, better, mask);
  KInst *nv = l_select(L, better, v, a->var), *na = l_select(L, better, at, a->at); set_var(L, a->var, nv); set_var(L, a->at, na);
}

static void red_point(Lower *L, LPt *p, KInst *mask, bool zeroed) {
  LAcc *a = acc_of(L, p); KInst *lanes = across(p->e, p->vec) ? vec_mask(L, p->vec) : NULL;
  if (!zeroed || is_arg(p->e)) lanes = mask_and(L, lanes, mask);
  if (L->open[p->e->id]->matrix) { linear_point(L, p, a, lanes); return; }
  if (is_arg(p->e)) { point_arg(L, p, a, lanes); return; }
  KInst *v = point_value(L, p, a);
  if (lanes) v = l_select(L, k_bcast(&L->b, lanes, a->vec.w), v, a->var);
  set_var(L, a->var, k_bcast(&L->b, v, a->vec.w));
}
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
    KInst *one = across_lanes(L, fn, same[0]); r = r ? l_fn(L, fn, r, one) : one;
  }
  return r;
}

/* at, or 0 where nothing was admitted. */
static KInst *place_found(Lower *L, KInst *at) { return l_select(L, l_fn(L, KF_EQ, at, place_most(L, 1)), l_num(L, T_I32, 0, 0), at); }

/* The best value's first place. */
static KInst *fold_arg(Lower *L, const LEq *e, LAcc **acc, int n) {
  KInst *best = fold_all(L, combiner[e->kind], acc, n); LAcc **place = NEWN(L->c, LAcc *, n + 1);
  for (int k = 0; k < n; k++) {
    KInst *hit = l_fn(L, KF_EQ, acc[k]->var, best); place[k] = NEW_AS(L->c, LAcc, .var = l_select(L, hit, acc[k]->at, place_most(L, 1)));
  }
  return place_found(L, fold_all(L, KF_MIN, place, n));
}
static KInst *close_across(Lower *L, LPt *p, const LOpen *o, LAcc **acc, int n) {
  LEq *e = o->e;
  if (is_arg(e)) return fold_arg(L, e, acc, n);
  KInst *r = fold_all(L, combiner[e->kind], acc, n); return e->init || e->home ? l_fn(L, combiner[e->kind], start_value(L, p, o->reg, 1), r) : r;
}
void red_close(Lower *L, LEq *e) {
  LOpen *o = L->open[e->id]; L->open[e->id] = NULL; bool *done = NEWN(L->c, bool, o->acc.n + 1);
  if (o->matrix) linear_close(L, o);
  for (int i = 0; i < o->acc.n; i++) {
    LAcc *a = &o->acc.at[i], **same = NEWN(L->c, LAcc *, o->acc.n); LPt p = key_point(o, a->key); int n = 0;
    if (done[i]) continue;
    bool lanes = across(e, &a->vec); p.vec = lanes || a->vec.k < 0 ? NULL : &a->vec;
    for (int j = i; lanes && j < o->acc.n; j++) if (same_key(e, o->acc.at[j].key, a->key)) same[n++] = &o->acc.at[j], done[j] = true;
    KInst *v = lanes ? close_across(L, &p, o, same, n) : is_arg(e) ? place_found(L, a->at) : a->var;
    if (!lanes && o->late) v = l_fn(L, combiner[e->kind], k_bcast(&L->b, gen_init(L, &p, o->reg), a->vec.w), v);
    put_value(L, &p, v, domain_mask(L, &p, o->reg));
  }
  mark_close(L, o->mark);
}

/* ---- the loops of a leaf */
/* done, bound: conditions, indices, as bits. touch: some condition failed, so only the accumulators must exist. */
typedef struct LLeaf {
  Lower *L; LEq *e; const Tree *tree; const LDim *reg; LeafDim *dim; int ndim; LPt p; const LCond **cond; int ncond; uint64_t done;
  uint32_t bound; bool touch;
} LLeaf;

static void nest(LLeaf *f, int depth);
static bool is_red_index(const LLeaf *f, int k) { return k >= f->e->nfree; }

/* One value of index k. */
static void at_place(LLeaf *f, int depth, int k, LAff off) {
  LAff old = f->p.env[k]; f->p.env[k] = laff_add(f->L, f->reg[k].base, off, 1); f->bound |= 1u << k;
  nest(f, depth + 1); f->bound &= ~(1u << k); f->p.env[k] = old;
}

/* No place at all: of a reduction only the accumulators must exist. */
static void at_none(LLeaf *f, int depth, int k) { if (is_red_index(f, k)) f->touch = true, at_place(f, depth, k, laff_int(0)); }

/* ---- serial and unrolled loops */
/* Offsets of index k at which conditions on it alone (the rest being constants) can hold. A sum has all its places, even of no terms. */
static LRange clip_range(LLeaf *f, int k, int64_t ext) {
  LRange r = { 0, ext };
  if (f->reg[k].base.n || f->reg[k].dyn) return r;
  for (int i = 0; i < f->ncond; i++) {
    const LForm *d = &f->cond[i]->a; int64_t m = 0;
    if (f->done >> i & 1 || !d->aff || (d->uses & ~(f->bound | 1u << k)) || !(d->uses >> k & 1)) continue;
    if (f->e->red && !is_red_index(f, k) && !f->cond[i]->domain) continue;
    LAff old = f->p.env[k], a; f->p.env[k] = f->reg[k].base; a = form_aff(f->L, d, f->p.env); f->p.env[k] = old;
    for (int j = 0; j < d->n; j++) m += d->t[j].k == k ? d->t[j].m : 0;
    if (a.n || !m || (f->p.vec && d->uses >> f->p.vec->k & 1)) continue;
    int64_t lo = m > 0 ? -floor_div(a.c, m) : 0, hi = m < 0 ? floor_div(a.c, -m) + 1 : ext;
    if (lo > r.lo) r.lo = lo;
    if (hi < r.hi) r.hi = hi;
  }
  return r;
}
static void copies(LLeaf *f, int depth, int k, LAff at, int64_t n) {
  for (int64_t j = 0, o; j < n; j++) f->p.roll[k] = (LRoll){ o = f->e->down[k] ? n - 1 - j : j, n }, at_place(f, depth, k, laff_plus(at, o));
  f->p.roll[k].n = 0;
}
static void serial_steps(LLeaf *f, int depth, int k, LAff from, KInst *count, int64_t most, int64_t step) {
  Lower *L = f->L; bool down = f->e->down[k]; KInst *v = loop_begin(L, count, most, KL_SERIAL);           /* down: from the last step on */
  if (down) from = laff_plus(laff_add(L, from, laff_var(count, step), 1), -step);
  copies(f, depth, k, laff_add(L, from, laff_var(v, down ? -step : step), 1), step); loop_end(L);
}
static void serial_run(LLeaf *f, int depth, int k, int64_t step) {
  Lower *L = f->L; const LDim *d = &f->reg[k]; KInst *n = dim_count(L, d);
  if (f->e->down[k] || step > d->ext) step = 1;
  KInst *whole = l_fn(L, KF_DIV, n, l_int(L, step)); serial_steps(f, depth, k, laff_int(0), whole, d->ext / step, step);
  if (step == 1) return;
  LAff done = laff_var(whole, step); serial_steps(f, depth, k, done, l_fn(L, KF_SUB, n, laff_inst(L, done)), step - 1, 1);
}

static void serial(LLeaf *f, int depth, int k, int64_t step) {
  if (step < 1) step = 1;
  if (f->reg[k].dyn) { serial_run(f, depth, k, step); return; }
  LRange c = clip_range(f, k, f->reg[k].ext); int64_t n = c.hi - c.lo;
  if (n <= 0) { at_none(f, depth, k); return; }
  if (step > n) step = n;
  bool down = f->e->down[k]; int64_t whole = n / step, tail = n % step; LAff from = laff_int(c.lo), rest = laff_int(c.lo + whole * step);
  if (down) copies(f, depth, k, rest, tail);
  if (whole == 1) copies(f, depth, k, from, step);
  else serial_steps(f, depth, k, from, l_int(f->L, whole), whole, step);
  if (!down) copies(f, depth, k, rest, tail);
}
static void unrolled(LLeaf *f, int depth, int k) {
  int64_t ext = f->reg[k].ext;
  if (!f->reg[k].dyn && ext > 65536) tree_error(f->L, f->tree->pos, f->e, "%s* would be unrolled %lld times", f->e->ix[k]->name, (long long)ext);
  if (f->reg[k].dyn) serial_run(f, depth, k, 1); else copies(f, depth, k, laff_int(0), ext);
}
static void chunk(LLeaf *f, int depth, LVec v, LAff off) { LVec *old = f->p.vec; f->p.vec = &v; at_place(f, depth, v.k, off); f->p.vec = old; }

/* Whole vectors from `at` on, then the narrowest power of two (of 16 bytes at least) that holds the rest. */
static void chunks(LLeaf *f, int depth, int k, int64_t at, int64_t ext) {
  int w = f->e->lanes, least = f->L->t->vector_bytes > 16 ? w * 16 / f->L->t->vector_bytes : w;
  for (int c = 0; at < ext; c++) {
    int v = w;
    while (v > least && v > 2 && ext - at <= v / 2) v /= 2;
    int n = ext - at > v ? v : (int)(ext - at); chunk(f, depth, (LVec){ .k = k, .w = v, .n = n, .chunk = c }, laff_int(at)); at += n;
  }
}
static void vector_steps(LLeaf *f, int depth, int k, KInst *count, int64_t most, int64_t by) {
  int w = f->e->lanes; LAff off = laff_var(loop_begin(f->L, count, most, KL_SERIAL), by * w);
  for (int64_t c = 0; c < by; c++) chunk(f, depth, (LVec){ .k = k, .w = w, .n = w, .chunk = (int)c }, laff_plus(off, c * w));
  loop_end(f->L);
}

/* A run-time count: whole steps, then single vectors of which the last is partly wanted. */
static void vector_run(LLeaf *f, int depth, int k, int64_t by) {
  Lower *L = f->L; const LDim *d = &f->reg[k]; int w = f->e->lanes; LVec last = { .k = k, .w = w, .n = w, .dyn = true, .left = d->cnt };
  if (d->ext <= w) { chunk(f, depth, last, laff_int(0)); return; }
  if (by < 1) by = d->ext / w < 4 ? d->ext / w : 4;
  KInst *n = dim_count(L, d), *whole = l_fn(L, KF_DIV, n, l_int(L, by * w));
  if (d->ext >= by * w) vector_steps(f, depth, k, whole, d->ext / (by * w), by);
  LAff done = laff_var(whole, by * w), rest = laff_add(L, laff_var(n, 1), done, -1);
  KInst *r = laff_inst(L, rest), *up = l_fn(L, KF_ADD, r, l_int(L, w - 1));
  LAff at = laff_var(loop_begin(L, l_fn(L, KF_DIV, up, l_int(L, w)), by, KL_SERIAL), w);
  last.left = laff_add(L, rest, at, -1); chunk(f, depth, last, laff_add(L, done, at, 1)); loop_end(L);
}

static void vectors(LLeaf *f, int depth, int k, int64_t step) {
  int64_t w = f->e->lanes, ext = f->reg[k].ext, by = step > 0 ? step : 4, n = step > 0 || ext > 32 * w ? ext / (by * w) : 0; bool dyn = f->reg[k].dyn;
  if (f->e->down[k]) tree_error(f->L, f->tree->pos, f->e, "a recurrence runs along %s, which cannot be in lanes", f->e->ix[k]->name);
  if (w == 1 && (step > 0 || ext > 32 || dyn)) serial(f, depth, k, by);
  else if (w == 1) unrolled(f, depth, k);
  else if (dyn) vector_run(f, depth, k, step);
  else if (ext == 0) at_none(f, depth, k);
  else if (n < 2) chunks(f, depth, k, 0, ext);
  else vector_steps(f, depth, k, l_int(f->L, n), n, by), chunks(f, depth, k, n * by * w, ext);
}

/* All of index k in the instruction itself. */
static void dotted(LLeaf *f, int depth, int k) {
  const char *name = f->e->ix[k]->name;
  const char *why = depth != f->ndim - 1 || !is_red_index(f, k) ? " is for an index that is summed, behind all others" : NULL;
  for (int i = 0; i < f->ncond; i++) if (f->cond[i]->a.uses >> k & 1) why = ": a group may lie partly outside: pad the operand with zeros";
  if (why) tree_error(f->L, f->tree->pos, f->e, "%s+%s", name, why);
  f->p.group = f->reg[k].dyn ? 0 : (int)f->reg[k].ext; f->p.member = k; at_place(f, depth, k, laff_int(0)); f->p.group = 0;
}

static void point(LLeaf *f) {
  Lower *L = f->L; LPt *p = &f->p; LGuard g = { 0 }; bool maybe = false, zero = true, all = false;
  for (int i = 0; i < f->ncond; i++) {
    const LCond *d = f->cond[i]; int s = f->done >> i & 1 ? 1 : cond_at(L, p, d, &g);
    if (s == 0 && d->domain) return;
    f->touch |= s == 0;
    if (s == 2) maybe = true, zero &= d->zero, all |= d->domain;
  }
  if (f->touch) { acc_of(L, p); return; }
  KInst *m = maybe ? guard_mask(L, p, &g) : NULL; Under old = p->u;
  if (m) under(L, p, m, all);
  if (m && p->vec && m->type.lanes == 1) m = p->u.guard;
  if (f->e->red) red_point(L, p, m, m && zero && m->type.lanes > 1);
  else put_value(L, p, gen_as(L, p, f->e->body, comp_type(f->e->eq->out->type)), m);
  p->u = old;
}

/* Decides conditions whose indices are bound and not in lanes. False: nothing is left here. *s: what is known at run time. */
static bool conditions(LLeaf *f, KInst **s) {
  LGuard g = { 0 }; bool open = !f->e->red || f->L->open[f->e->id], reg = !f->e->red && f->e->out->store && f->e->out->store->reg;
  reg |= f->e->red && open && f->L->open[f->e->id]->matrix;
  uint32_t lanes = f->p.vec ? 1u << f->p.vec->k : 0;
  for (int i = 0; i < f->ncond; i++) {
    const LCond *d = f->cond[i];
    if (f->done >> i & 1 || d->a.uses & ~f->bound || d->a.uses & lanes || (!d->a.aff && !d->domain && !open)) continue;
    LGuard one = g; int state = cond_at(f->L, &f->p, d, &one);
    if (state == 0 && d->domain) return false;
    f->touch |= state == 0;
    if (state == 2 && (reg || one.m || (!d->domain && !open))) continue;
    g = one; f->done |= 1ull << i;
  }
  *s = g.s; return true;
}

static void order(LLeaf *f, int depth) {
  if (depth == f->ndim) { point(f); return; }
  const LeafDim *d = &f->dim[depth]; int k = eq_index(f->e, d->index); bool opens = is_red_index(f, k) && !f->L->open[f->e->id];
  if (opens) {
    LDim *reg = dims_copy(f->L, f->reg, f->e->n);
    for (int i = 0; i < f->e->n; i++) if (f->bound >> i & 1) reg[i].base = f->p.env[i];
    red_open(f->L, f->e, reg); linear_open(f->L, &f->p, d, f->ndim - depth);
  }
  if (f->touch && is_red_index(f, k)) at_place(f, depth, k, laff_int(0));
  else if (d->kind == LEAF_UNROLL) unrolled(f, depth, k);
  else if (d->kind == LEAF_VECTOR) vectors(f, depth, k, d->step);
  else if (d->kind == LEAF_DOT) dotted(f, depth, k);
  else serial(f, depth, k, d->step);
  if (opens) red_close(f->L, f->e);
}

static void nest(LLeaf *f, int depth) {
  uint64_t done = f->done; bool touch = f->touch; KInst *s = NULL; KSave save = { 0 };
  if (conditions(f, &s)) {
    if (s) save = if_begin(f->L, s);
    order(f, depth);
    if (s) k_back(&f->L->b, save);
  }
  f->done = done; f->touch = touch;
}
static bool in_order(const LLeaf *f, const char *index) {
  for (int i = 0; i < f->ndim; i++) if (name_same(f->dim[i].index, index)) return true;
  return false;
}

/* The leaf's order for this equation; of several that write one tensor (pieces) each takes what it knows, and adds what it lacks. */
static void order_check(LLeaf *f) {
  const Tree *t = f->tree; LEq *e = f->e; bool pieces = e->out->writer.n > 1; f->dim = NEWN(f->L->c, LeafDim, t->nleaf + e->n + 1);
  for (int i = 0; i < t->nleaf; i++) {
    bool has = eq_index(e, t->leaf[i].index) >= 0;
    if (!has && !pieces) tree_error(f->L, t->pos, e, "it has no index %s", t->leaf[i].index);
    if (has && in_order(f, t->leaf[i].index)) tree_error(f->L, t->pos, e, "index %s stands twice in the leaf", t->leaf[i].index);
    if (has) f->dim[f->ndim++] = t->leaf[i];
  }
  for (int k = 0; k < e->n; k++) {
    int64_t ext = f->reg[k].ext;
    if (in_order(f, e->ix[k]->name)) continue;
    if (ext == 1 || ext == 0) f->bound |= 1u << k;
    else if (pieces) f->dim[f->ndim++] = (LeafDim){ e->ix[k]->name, LEAF_SERIAL, 1 };
    else tree_error(f->L, t->pos, e, "index %s has %lld places here, and neither a loop around nor a place in the leaf's order binds it",
                    e->ix[k]->name, (long long)ext);
  }
}

/* A reduction all of whose indices are bound outside of it, but by no loop (all have one place): it opens here. */
void lower_leaf(Lower *L, LEq *e, const Tree *leaf, const LDim *reg) {
  LLeaf f = { .L = L, .e = e, .tree = leaf, .reg = reg, .p = { .e = e } }; bool opens = e->red && !L->open[e->id];
  for (int k = 0; k < e->nfree; k++) if (reg[k].ext <= 0) return;
  if (L->c->nid - L->nid0 > 3000000) tree_error(L, leaf->pos, e, "the tree unrolls to more than three million instructions");
  for (int k = 0; k < e->n; k++) f.p.env[k] = reg[k].base;
  order_check(&f); f.cond = NEWN(L->c, const LCond *, e->cond.n + 2 * e->nfree + 1);
  for (int k = 0; k < 2 * e->nfree; k++) if (reg[k / 2].over) f.cond[f.ncond++] = &e->domain[k];
  for (int k = 0; k < e->cond.n; k++) f.cond[f.ncond++] = &e->cond.at[k];
  if (f.ncond > 64) tree_error(L, leaf->pos, e, "more than 64 conditions");
  for (int i = 0; i < f.ndim; i++) opens &= !is_red_index(&f, eq_index(e, f.dim[i].index));
  for (int k = e->nfree; k < e->n; k++) f.touch |= reg[k].ext <= 0;
  if (opens) red_open(L, e, reg);
  nest(&f, 0);
  if (opens) red_close(L, e);
}
