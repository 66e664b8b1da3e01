/* Bodies and loops: the walk over the tree.
 *
 *   for i/8 over 0 .. 19      loop v 2 { body at 8 v, 8 wide }  body at 16, 4 wide          one step: no loop
 *   run-time count n          loop v n/8 { ... }  loop g (n % 8 + W-1)/W { body at 8 (n/8) + W g, W wide, partly wanted }
 *
 * Every copy of a body is inferred afresh, so that the tail is the same code with another constant extent. Reductions open before the
 * outermost loop over one of their indices and close after it.
 */
#include "lower.h"
#include <string.h>

/* ---- emission */

LMark *mark_open(Lower *L)
{
  KMemo *m = L->b.memo;
  LMark *r = NEW(L->c, LMark);
  r->block = L->b.block;
  r->pos = L->b.block->n;
  r->scope = k_scope(&L->b, m->scope ? m->scope->up : NULL);
  r->next = L->marks;
  L->marks = r;
  return r;
}

/* Puts what was emitted at the mark where the mark stands. */
void mark_close(Lower *L, LMark *m)
{
  KBlock *b = m->block;
  int n = m->side.n, rest = b->n - m->pos;
  LMark **p = &L->marks;
  while (*p != m) p = &(*p)->next;
  *p = m->next;
  if (!n) return;
  for (int k = 0; k < n; k++) PUSH(L->c, *b, NULL);
  memmove(b->at + m->pos + n, b->at + m->pos, sizeof *b->at * (size_t)rest);
  memcpy(b->at + m->pos, m->side.at, sizeof *b->at * (size_t)n);
  for (LMark *o = L->marks; o; o = o->next)
    if (o->block == b && o->pos > m->pos) o->pos += n;
}

KInst *loop_begin(Lower *L, KInst *count, int64_t most, KLoopHint hint, KSave *s)
{
  KInst *f = k_emit(&L->b, (KInst){ .op = K_LOOP, .type = { T_WINT, 1 }, .a = { count }, .imm = most < 1 ? 1 : most, .hint = hint });
  *s = k_into(&L->b, &f->body);
  PUSH(L->c, L->loops, f);
  return f;
}

void loop_end(Lower *L, KInst *loop, KSave s)
{
  if (!L->loops.n || L->loops.at[--L->loops.n] != loop) bug(L->c, "loops end in another order than they began");
  k_back(&L->b, s);
}

/* ---- one loop of the tree */

typedef struct Loop {
  Lower *L; const Tree *f; const LRegions *r; LEq **eqs; int n;         /* the equations of the body */
  LEq **root; int nroot; bool *has;                                     /* has: binds the index (else: only repeated) */
  LDim d; LSlide *slides; bool down; int64_t step; int depth;
} Loop;

/* Which part of the loop's range a copy computes: from off on, ext of it; dyn: only cnt. */
typedef struct Part { LAff off; int64_t ext; bool dyn, loose; LAff cnt; } Part;

static void bind_part(Loop *p, const Part *q, LDim **bound)
{
  Lower *L = p->L;
  for (int k = 0; k < p->nroot; k++) {
    LEq *e = p->root[k];
    LDim *reg = NEWN(L->c, LDim, e->n + 1);
    memcpy(reg, p->r->reg[e->id], sizeof *reg * (size_t)e->n);
    if (p->has[k]) {
      LDim *d = &reg[eq_index(e, p->f->name)];
      laff_add(L, &d->base, &q->off, 1);
      d->ext = q->ext;
      d->dyn = q->dyn;
      d->loose = q->loose;
      d->cnt = q->cnt;
    }
    bound[e->id] = reg;
  }
}

static void copy_body(Loop *p, Part q)
{
  Lower *L = p->L;
  LDim **bound = NEWN(L->c, LDim *, L->neq + 1);
  if (q.ext <= 0) return;
  bind_part(p, &q, bound);
  for (LSlide *s = p->slides; s; s = s->next) s->at = laff_sum(L, &s->first, &q.off, s->shift / p->step);
  L->slides = p->slides;
  lower_body(L, p->f->body, bound, false);
}

static Part part(int64_t off, int64_t ext) { return (Part){ .off = laff_int(off), .ext = ext }; }

/* The k-th of n steps from `off` on; a falling loop takes them from the end. */
static LAff step_at(Lower *L, Loop *p, KInst *v, int64_t off, int64_t step, int64_t n)
{
  (void)L;
  LAff a = laff_var(v, p->down ? -step : step);
  a.c += p->down ? off + (n - 1) * step : off;
  return a;
}

static void outer_push(Loop *p, KInst *v, bool later)
{
  for (int k = 0; k < p->nroot; k++) {
    LEq *e = p->root[k];
    if (!e->home || p->L->open[e->id] || !p->has[k] || eq_index(e, p->f->name) < e->nfree) continue;
    if (v && e->nouter < 8) e->outer[e->nouter++] = v;
    e->later |= later;
  }
}

static void outer_pop(Loop *p, KInst *v, const bool *later)
{
  for (int k = 0; k < p->nroot; k++) {
    LEq *e = p->root[k];
    if (!e->home || p->L->open[e->id] || !p->has[k] || eq_index(e, p->f->name) < e->nfree) continue;
    if (v) e->nouter--;
    e->later = later[k];
  }
}

/* A copy that is not the first of the loop is never the first of an outer reduction block. */
static void copy_counted(Loop *p, Part q, KInst *v, bool first)
{
  bool *later = NEWN(p->L->c, bool, p->nroot + 1);
  for (int k = 0; k < p->nroot; k++) later[k] = p->root[k]->later;
  outer_push(p, v, !first);
  copy_body(p, q);
  outer_pop(p, v, later);
}

static void steps_serial(Loop *p, int64_t off, int64_t step, int64_t n, bool first)
{
  Lower *L = p->L;
  if (n <= 0) return;
  if (n == 1) {
    copy_counted(p, part(off, step), NULL, first);
    return;
  }
  KSave s;
  KInst *v = loop_begin(L, k_int(&L->b, n), n, p->f->loop == LOOP_PARALLEL ? KL_PARALLEL : KL_SERIAL, &s);
  Part q = { .off = step_at(L, p, v, off, step, n), .ext = step };
  copy_counted(p, q, v, first);
  loop_end(L, v, s);
}

static void steps_unrolled(Loop *p, int64_t step)
{
  int64_t n = (p->d.ext + step - 1) / step;
  for (int64_t k = 0; k < n; k++) {
    int64_t j = p->down ? n - 1 - k : k, rest = p->d.ext - j * step;
    copy_counted(p, part(j * step, rest < step ? rest : step), NULL, k == 0);
  }
}

static void steps_plain(Loop *p, int64_t step)
{
  int64_t n = p->d.ext / step, tail = p->d.ext % step;
  if (p->down && tail) copy_counted(p, part(n * step, tail), NULL, true);
  steps_serial(p, 0, step, n, !(p->down && tail));
  if (!p->down && tail) copy_counted(p, part(n * step, tail), NULL, n == 0);
}

/* Sizes that differ by one: the larger first. */
static void steps_even(Loop *p, int64_t step)
{
  int64_t n = (p->d.ext + step - 1) / step, low = p->d.ext / n, more = p->d.ext % n;
  steps_serial(p, 0, low + 1, more, true);
  steps_serial(p, more * (low + 1), low, n - more, more == 0);
}

static void steps_peel(Loop *p, int64_t step)
{
  int64_t n = p->d.ext / step, tail = p->d.ext % step, inner = n - 1 - (tail == 0);
  if (n == 0) inner = 0;
  if (n > 0) copy_counted(p, part(0, step), NULL, true);
  steps_serial(p, step, step, inner, false);
  if (n > 1 && tail == 0) copy_counted(p, part((n - 1) * step, step), NULL, false);
  if (tail) copy_counted(p, part(n * step, tail), NULL, n == 0);
}

/* Do all guards of the body hold for this step, as far as they depend on the loop's index? */
static bool step_inside(Loop *p, int64_t off, int64_t ext)
{
  Lower *L = p->L;
  LDim **bound = NEWN(L->c, LDim *, L->neq + 1);
  Part q = part(off, ext);
  bind_part(p, &q, bound);
  LRegions r = infer(L, p->eqs, p->n, bound, false);
  for (int k = 0; k < p->n; k++) {
    LEq *e = p->eqs[k];
    int x = eq_index(e, p->f->name);
    for (int i = 0; i < e->nread && x >= 0; i++)
      for (int d = 0; d < e->read[i]->t->t->rank; d++) {
        const LForm *f = &e->read[i]->place[d];
        if (e->read[i]->inside[d] || !f->aff || !(f->uses >> x & 1)) continue;
        LDim b = form_box(L, f, r.reg[e->id]);
        int64_t lo, hi;
        laff_range(L, &b.base, &lo, &hi);
        if (lo < 0 || hi + b.ext > extent_min(e->read[i]->t->t->shape[d])) return false;
      }
  }
  return true;
}

static void steps_edge(Loop *p, int64_t step)
{
  int64_t n = (p->d.ext + step - 1) / step, a = 0, z = n, whole = p->d.ext / step;
  while (a < n && a < 64 && !step_inside(p, a * step, step < p->d.ext - a * step ? step : p->d.ext - a * step)) a++;
  z = whole;
  while (z > a && n - z < 64 && !step_inside(p, (z - 1) * step, step)) z--;
  for (int64_t k = 0; k < a; k++) copy_counted(p, part(k * step, step < p->d.ext - k * step ? step : p->d.ext - k * step), NULL, k == 0);
  steps_serial(p, a * step, step, z - a, a == 0);
  for (int64_t k = z > a ? z : a; k < n; k++) copy_counted(p, part(k * step, step < p->d.ext - k * step ? step : p->d.ext - k * step), NULL, k == 0);
}

/* ---- run-time counts */

/* One vector, if all leaves below run the index in lanes; else single elements. */
static int64_t granule(const Loop *p)
{
  int64_t w = 1;
  for (int k = 0; k < p->n; k++) {
    const Tree *leaf = p->eqs[k]->leaf;
    if (eq_index(p->eqs[k], p->f->name) < 0) continue;
    bool lanes = false;
    for (int i = 0; i < leaf->nleaf; i++) lanes |= name_is(leaf->leaf[i].index, p->f->name) && leaf->leaf[i].kind == LEAF_VECTOR;
    if (!lanes) return 1;
    if (p->eqs[k]->lanes > w) w = p->eqs[k]->lanes;
  }
  return w;
}

static void steps_rest(Loop *p, KInst *n, KInst *whole, int64_t step)
{
  Lower *L = p->L;
  int64_t w = granule(p), most;
  if (w > step) w = step;
  LAff done = laff_var(whole, step), rest = laff_var(n, 1);
  laff_add(L, &rest, &done, -1);
  KInst *r = laff_inst(L, &rest);
  if (r->op != K_CONST && r->op != K_PARAM && r->op != K_LOOP) r->f = 0, r->imm = step - 1;
  most = (step - 1 + w - 1) / w;
  KInst *count = k_ifn(&L->b, KF_DIV, k_ifn(&L->b, KF_ADD, r, k_int(&L->b, w - 1)), k_int(&L->b, w));
  KSave s;
  KInst *v = loop_begin(L, count, most, KL_SERIAL, &s);
  LAff at = laff_var(v, w);
  Part q = { .off = laff_sum(L, &done, &at, 1), .ext = w, .dyn = w > 1, .loose = w > 1, .cnt = laff_sum(L, &rest, &at, -1) };
  copy_counted(p, q, v, false);
  loop_end(L, v, s);
}

static void steps_run(Loop *p, int64_t step)
{
  Lower *L = p->L;
  KInst *n = dim_count(L, &p->d);
  KInst *whole = k_ifn(&L->b, KF_DIV, n, k_int(&L->b, step));
  int64_t most = p->d.ext / step;
  if (p->down && step != 1) tree_error(L, p->f->pos, p->root[0], ctx_printf(L->c, "for %s: a recurrence that falls along a run-time extent needs step 1", p->f->name));
  if (most > 0) {
    KSave s;
    KInst *v = loop_begin(L, whole, most, p->f->loop == LOOP_PARALLEL ? KL_PARALLEL : KL_SERIAL, &s);
    Part q = { .off = laff_var(v, p->down ? -step : step), .ext = step };
    if (p->down) {
      LAff last = laff_var(n, 1);
      laff_add(L, &q.off, &last, 1);
      q.off.c--;
    }
    copy_counted(p, q, v, true);
    loop_end(L, v, s);
  }
  if (step > 1) steps_rest(p, n, whole, step);
}

/* ---- sliding windows */

static KInst *probe_var(Lower *L, int64_t n)
{
  KInst *v = NEW(L->c, KInst);
  *v = (KInst){ .op = K_LOOP, .type = { T_WINT, 1 }, .imm = n, .id = L->c->nid++ };
  return v;
}

static int64_t coef_of(const LAff *a, const KInst *v)
{
  for (int i = 0; i < a->n; i++)
    if (a->t[i].v == v) return a->t[i].k;
  return 0;
}

/* The item of the body that computes e computes nothing else that others outside of it need. */
static bool own_item(Lower *L, const Tree *body, const LEq *e)
{
  LEq **in = NEWN(L->c, LEq *, L->neq + 1);
  int n = 0;
  for (const Tree *t = body; t; t = t->next)
    if (tree_holds(t, e, false)) tree_eqs(L, t, false, &in, &n);
  for (int k = 0; k < n; k++)
    if (is_root(in, n, k) && in[k]->out != e->out) return false;
  return n > 0;
}

static bool may_slide(Loop *p, int k)
{
  const LTensor *t = p->eqs[k]->out;
  return t->store && !t->store->reg && !t->hist && t->nwriter == 1 && !is_root(p->eqs, p->n, k) && own_item(p->L, p->f->body, p->eqs[k]);
}

static LAff without(Lower *L, const LAff *a, const KInst *v)
{
  LAff r = laff_int(a->c);
  for (int i = 0; i < a->n; i++) {
    LAff t = laff_var(a->t[i].v, a->t[i].k);
    if (a->t[i].v != v) laff_add(L, &r, &t, 1);
  }
  return r;
}

static void slide_find(Loop *p, int64_t step, int64_t n, KInst *v)
{
  Lower *L = p->L;
  bool any = false;
  for (int k = 0; k < p->n; k++) any |= may_slide(p, k);
  if (!any || n < 2 || p->down) return;
  LDim **bound = NEWN(L->c, LDim *, L->neq + 1);
  Part q = { .off = laff_var(v, step), .ext = step };
  bind_part(p, &q, bound);
  for (int k = p->n - 1; k >= 0; k--) {
    if (!may_slide(p, k)) continue;
    L->slides = p->slides;
    LRegions r = infer(L, p->eqs, p->n, bound, false);
    LEq *e = p->eqs[k];
    int at = -1, found = 0;
    for (int i = 0; i < e->nfree; i++) {
      int64_t c = coef_of(&r.full[e->id][i].base, v);
      if (!c) continue;
      found++;
      if (c > 0 && c < r.full[e->id][i].ext) at = i;
    }
    if (found != 1 || at < 0) continue;
    const LDim *d = &r.full[e->id][at];
    int64_t shift = coef_of(&d->base, v);
    if (shift % step) continue;
    LSlide *s = NEW(L->c, LSlide);
    *s = (LSlide){ .e = e, .k = at, .overlap = d->ext - shift, .shift = shift, .first = without(L, &d->base, v), .next = p->slides };
    s->first.c += s->overlap;
    s->at = laff_sum(L, &s->first, &q.off, shift / step);
    p->slides = s;
  }
  L->slides = NULL;
}

static const LSlide *slide_of(const LSlide *s, const LEq *e)
{
  while (s && s->e != e) s = s->next;
  return s;
}

/* The items that the warm-up needs, as a tree of their own. */
static Tree *warm_items(Loop *p)
{
  Lower *L = p->L;
  bool *need = NEWN(L->c, bool, L->neq + 1);
  for (int k = p->n - 1; k >= 0; k--) {
    need[p->eqs[k]->id] |= slide_of(p->slides, p->eqs[k]) != NULL;
    for (int j = k + 1; j < p->n; j++) need[p->eqs[k]->id] |= need[p->eqs[j]->id] && eq_reads(p->eqs[j], p->eqs[k]->out);
  }
  Tree *first = NULL, **end = &first;
  LEq **in = NEWN(L->c, LEq *, L->neq + 1);
  for (const Tree *t = p->f->body; t; t = t->next) {
    int n = 0;
    bool all = true;
    tree_eqs(L, t, false, &in, &n);
    for (int k = 0; k < n; k++) all &= !is_root(in, n, k) || need[in[k]->id];
    if (!all || (t->kind != TREE_LET && !n)) continue;
    if (t->kind == TREE_LET) {
      LTensor *x = NULL;
      for (int k = 0; k < p->n; k++)
        if (name_is(p->eqs[k]->out->t->name, t->name) && need[p->eqs[k]->id]) x = p->eqs[k]->out;
      if (!x) continue;
    }
    Tree *y = NEW(L->c, Tree);
    *y = *t;
    y->next = NULL;
    *end = y;
    end = &y->next;
  }
  return first;
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* Rows from..from + n of what an item's roots compute before the loop; the leaf may take only as many at once as in the loop. */
static void warm_rows(Loop *p, const Tree *item, LEq **root, int n, LDim *const *warm, LAff from, int64_t rows)
{
  Lower *L = p->L;
  LDim **bound = NEWN(L->c, LDim *, L->neq + 1);
  for (int k = 0; k < n; k++) {
    LEq *e = root[k];
    LDim *d = bound[e->id] = NEWN(L->c, LDim, e->n + 1);
    memcpy(d, warm[e->id], sizeof *d * (size_t)e->n);
    d += slide_of(p->slides, e)->k;
    laff_add(L, &d->base, &from, 1);
    d->ext = rows;
  }
  Tree one = *item;
  one.next = NULL;
  Tree *t = NEW(L->c, Tree);
  *t = one;
  lower_body(L, t, bound, false);
}

/* The items of a warm-up one after another, each row by row. False: some item computes more than sliding windows. */
static bool warm_apart(Loop *p, const Tree *items, LDim *const *warm, bool really)
{
  Lower *L = p->L;
  LEq **in = NEWN(L->c, LEq *, L->neq + 1), **root = NEWN(L->c, LEq *, L->neq + 1);
  for (const Tree *t = items; t; t = t->next) {
    int n = 0, m = 0;
    tree_eqs(L, t, false, &in, &n);
    for (int k = 0; k < n; k++)
      if (is_root(in, n, k)) root[m++] = in[k];
    for (int k = 0; k < m; k++)
      if (!slide_of(p->slides, root[k]) || (k && slide_of(p->slides, root[k])->shift != slide_of(p->slides, root[0])->shift)) return false;
    if (!really || !m) continue;
    const LSlide *s = slide_of(p->slides, root[0]);
    int64_t ext = warm[root[0]->id][s->k].ext, by = s->shift, whole = ext / by;
    KSave save;
    if (whole > 2) {
      KInst *v = loop_begin(L, k_int(&L->b, whole), whole, KL_SERIAL, &save);
      warm_rows(p, t, root, m, warm, laff_var(v, by), by);
      loop_end(L, v, save);
    }
    for (int64_t at = whole > 2 ? whole * by : 0; at < ext; at += by) warm_rows(p, t, root, m, warm, laff_int(at), least(by, ext - at));
  }
  return true;
}

/* Before the loop: what the first step needs and no step computes. */
static void warm_up(Loop *p, int64_t step, KInst *v)
{
  Lower *L = p->L;
  Tree *items = warm_items(p);
  LEq **in = NEWN(L->c, LEq *, L->neq + 1);
  LDim **bound = NEWN(L->c, LDim *, L->neq + 1), **warm = NEWN(L->c, LDim *, L->neq + 1);
  int n = 0;
  Part q = { .off = laff_var(v, step), .ext = step };
  tree_eqs(L, items, true, &in, &n);
  bind_part(p, &q, bound);
  L->slides = p->slides;
  LRegions r = infer(L, p->eqs, p->n, bound, false);
  L->slides = NULL;
  for (int k = n - 1; k >= 0; k--) {
    LEq *e = in[k];
    const LSlide *s = slide_of(p->slides, e);
    if (!s) continue;
    LDim *reg = NEWN(L->c, LDim, e->n + 1);
    for (int i = 0; i < e->n; i++) {
      reg[i] = r.full[e->id][i];
      reg[i].base = without(L, &reg[i].base, v);
      if (i == s->k) reg[i].ext = s->overlap;
    }
    if (!is_root(in, n, k)) {      /* later windows of the warm-up need some of it, too */
      LRegions w = infer(L, in + k, n - k, warm, false);
      for (int i = 0; i < e->nfree; i++) reg[i] = dim_union(L, &reg[i], &w.reg[e->id][i], e);
    }
    for (int i = 0; i < e->nfree; i++) dim_clip(L, &reg[i], e->ix[i]->ext);
    warm[e->id] = reg;
  }
  for (int k = 0; k < n; k++)
    if (is_root(in, n, k) && !warm[in[k]->id]) tree_error(L, p->f->pos, in[k], "a sliding window before the loop cannot be computed alone");
  if (n && !warm_apart(p, items, warm, false)) lower_body(L, items, warm, false);
  else if (n) warm_apart(p, items, warm, true);
}

/* ---- reductions around */

static int64_t loop_step(const Tree *t, int64_t ext)
{
  int64_t s = t->step > 0 ? t->step : 1;
  return s > ext ? ext : s;
}

/* Does a loop with several steps over a free index of e lie between t and e's leaf? Then its accumulators live in its storage between
 * the blocks of the reduction. */
static bool has_inner_loop(const Tree *t, const LEq *e, const LDim *reg)
{
  for (; t; t = t->next) {
    if (t->kind != TREE_FOR || !tree_holds(t->body, e, true)) continue;
    int k = eq_index(e, t->name);
    if (k >= 0 && k < e->nfree && t->loop != LOOP_UNROLL && loop_step(t, reg[k].ext) < reg[k].ext) return true;
    if (has_inner_loop(t->body, e, reg)) return true;
  }
  return false;
}

static void home_check(Lower *L, const Tree *f, const LEq *e)
{
  const LStore *s = e->out->store;
  const char *why = NULL;
  if (!s || s->reg) why = "it is not in memory";
  else if (comp_type(e->eq->out->type) != e->acc || e->eq->out->type != e->acc) why = "its type is not that of the accumulators";
  else if (e->kind == RED_ARGMAX || e->kind == RED_ARGMIN) why = "it keeps a place beside the value";
  if (why) tree_error(L, f->pos, e, ctx_printf(L->c, "for %s is a loop over its reduction outside of its tile, so its accumulators rest in its storage in between, but %s", f->name, why));
}

/* Is what e starts from computed in this loop? */
static bool init_inside(const Loop *p, const LEq *e)
{
  for (int k = 0; k < p->n && e->init; k++)
    if (expr_reads(e->init, p->eqs[k]->out->t)) return true;
  return false;
}

/* Opens what this loop opens; gives which roots. */
static void open_reductions(Loop *p, bool *opened, bool *homed)
{
  for (int k = 0; k < p->nroot; k++) {
    LEq *e = p->root[k];
    int x = eq_index(e, p->f->name);
    if (!p->has[k] || x < e->nfree || p->L->open[e->id]) continue;
    if (has_inner_loop(p->f->body, e, p->r->reg[e->id])) {
      home_check(p->L, p->f, e);
      if (init_inside(p, e)) tree_error(p->L, p->f->pos, e, ctx_printf(p->L->c, "for %s is a loop over its reduction outside of its tile, but what it starts from is computed inside", p->f->name));
      homed[k] = !e->home;
      e->home = true;
    } else {
      red_open(p->L, e, p->r->reg[e->id]);
      p->L->open[e->id]->late = init_inside(p, e);
      opened[k] = true;
    }
  }
}

static void loop_roots(Loop *p)
{
  Lower *L = p->L;
  p->eqs = NEWN(L->c, LEq *, L->neq + 1);
  tree_eqs(L, p->f->body, true, &p->eqs, &p->n);
  p->root = NEWN(L->c, LEq *, p->n + 1);
  p->has = NEWN(L->c, bool, p->n + 1);
  LEq *first = NULL;
  for (int k = 0; k < p->n; k++) {
    LEq *e = p->eqs[k];
    int x = eq_index(e, p->f->name);
    p->down |= x >= 0 && e->down[x];
    if (!is_root(p->eqs, p->n, k)) continue;
    p->has[p->nroot] = x >= 0;
    p->root[p->nroot++] = e;
    if (x < 0) continue;
    const LDim *d = &p->r->reg[e->id][x];
    int64_t diff;
    if (!first) {
      first = e;
      p->d = *d;
    } else if (d->ext != p->d.ext || d->dyn != p->d.dyn || !laff_diff(&d->base, &p->d.base, &diff)) {
      tree_error(L, p->f->pos, e, ctx_printf(L->c, "for %s also binds it in %s, over another range: the roots of a loop agree", p->f->name, first->eq->out->name));
    }
  }
  if (!first && p->n) tree_error(L, p->f->pos, NULL, ctx_printf(L->c, "for %s: no equation that is last in its body has an index %s", p->f->name, p->f->name));
}

static void run_steps(Loop *p, int64_t step)
{
  if (p->d.dyn) {
    steps_run(p, step);
    return;
  }
  switch (p->f->loop) {
  case LOOP_UNROLL: steps_unrolled(p, step); break;
  case LOOP_EVEN: steps_even(p, step); break;
  case LOOP_PEEL: steps_peel(p, step); break;
  case LOOP_EDGE: steps_edge(p, step); break;
  default: steps_plain(p, step); break;
  }
}

static void lower_loop(Lower *L, const Tree *f, const LRegions *r)
{
  Loop p = { .L = L, .f = f, .r = r };
  loop_roots(&p);
  if (!p.n || p.d.ext <= 0) return;
  int64_t step = p.d.dyn ? (f->step > 0 ? f->step : 1) : loop_step(f, p.d.ext), n = (p.d.ext + step - 1) / step;
  if (f->loop == LOOP_UNROLL && n > 4096) tree_error(L, f->pos, p.root[0], ctx_printf(L->c, "for %s* would be unrolled %lld times", f->name, (long long)n));
  bool *opened = NEWN(L->c, bool, p.nroot + 1), *homed = NEWN(L->c, bool, p.nroot + 1);
  open_reductions(&p, opened, homed);
  if (f->loop == LOOP_EVEN && !p.d.dyn) step = (p.d.ext + n - 1) / n;
  KInst *v = probe_var(L, n);
  p.step = step;
  slide_find(&p, step, n, v);
  if (p.slides) warm_up(&p, step, v);
  run_steps(&p, step);
  for (int k = 0; k < p.nroot; k++) {
    if (opened[k]) red_close(L, p.root[k]);
    if (homed[k]) p.root[k]->home = false;
  }
}

/* ---- prefetch: the line that a reader of the body touches, some steps of the innermost loop ahead */

static void lower_prefetch(Lower *L, const Tree *t, LEq **eqs, int n, const LRegions *r)
{
  KInst *inner = L->loops.n ? L->loops.at[L->loops.n - 1] : NULL;
  int64_t ahead = t->place && expr_is_const(t->place) ? (int64_t)expr_number(t->place) : 1;
  for (int k = 0; k < n; k++)
    for (int i = 0; i < eqs[k]->nread; i++) {
      if (!name_is(eqs[k]->read[i]->t->t->name, t->name)) continue;
      LPt p = { .e = eqs[k] };
      for (int x = 0; x < eqs[k]->n; x++) p.env[x] = r->reg[eqs[k]->id][x].base;
      prefetch_read(L, &p, eqs[k]->read[i], inner, ahead);
      return;
    }
  tree_error(L, t->pos, NULL, ctx_printf(L->c, "prefetch %s: nothing in this body reads it", t->name));
}

/* ---- a body */

void lower_body(Lower *L, const Tree *items, LDim *const *bound, bool top)
{
  LEq **eqs = NEWN(L->c, LEq *, L->neq + 1);
  LTensor **mine;
  int n = 0, nmine;
  int64_t top0 = L->top;
  tree_eqs(L, items, true, &eqs, &n);
  if (++L->depth > 200) bug(L->c, "bodies are nested too deep");
  LRegions r = infer(L, eqs, n, bound, top);
  L->slides = NULL;
  check_cover(L, items, &r);
  store_open(L, items, eqs, n, &r, &mine, &nmine);
  check_folds(L, items, eqs, n, bound, &r);
  for (const Tree *t = items; t; t = t->next) {
    LEq **in = NEWN(L->c, LEq *, L->neq + 1);
    int k = 0;
    if (t->kind == TREE_FOR && t->loop == LOOP_STREAM) lower_stream(L, t, r.reg);
    else if (t->kind == TREE_FOR) lower_loop(L, t, &r);
    if (t->kind == TREE_PREFETCH) lower_prefetch(L, t, eqs, n, &r);
    if (t->kind == TREE_LEAF) {
      tree_eqs(L, t, false, &in, &k);
      for (int i = 0; i < k; i++) lower_leaf(L, in[i], t, r.reg[in[i]->id]);
    }
    if (L->block && t->kind != TREE_LET) stream_mirror(L, items, t, &r);
  }
  for (int k = 0; k < nmine; k++) mine[k]->store = NULL;
  L->top = top0;
  L->depth--;
}
