/* Bodies and loops: the walk over the tree.
 *   for i/8 over 0 .. 19      loop v 2 { body at 8 v, 8 wide }  body at 16, 4 wide          one step: no loop
 *   run-time count n          loop v n/8 { ... }  loop g (n % 8 + W-1)/W { body at 8 (n/8) + W g, W wide, partly wanted }
 * Every copy of a body is inferred afresh; a tail differs in a constant. Reductions open and close around the outermost loop over their indices. */
#include "lower.h"

LMark *mark_open(Lower *L) {
  KMemo *m = L->b.memo; KScope *scope = k_scope(&L->b, m->scope ? m->scope->up : NULL);
  return L->marks = NEW_AS(L->c, LMark, .block = L->b.block, .pos = L->b.block->n, .scope = scope, .next = L->marks);
}
/* Puts what was emitted at the mark where the mark stands. */
void mark_close(Lower *L, LMark *m) {
  KBlock *b = m->block; int n = m->side.n, rest = b->n - m->pos; LMark **p = &L->marks;
  while (*p != m) p = &(*p)->next;
  *p = m->next;
  if (!n) return;
  for (int k = 0; k < n; k++) PUSH(L->c, *b, NULL);
  memmove(b->at + m->pos + n, b->at + m->pos, sizeof *b->at * (size_t)rest); memcpy(b->at + m->pos, m->side.at, sizeof *b->at * (size_t)n);
  for (LMark *o = L->marks; o; o = o->next) if (o->block == b && o->pos > m->pos) o->pos += n;
}
KInst *loop_begin(Lower *L, KInst *count, int64_t most, KLoopHint hint) {
  KInst *v = k_emit(&L->b, (KInst){ .op = K_LOOP, .type = { T_WINT, 1 }, .a = { count }, .imm = most < 1 ? 1 : most, .hint = hint });
  PUSH(L->c, L->loops, ((LLoop){ v, k_into(&L->b, &v->body) })); return v;
}
void loop_end(Lower *L) { k_back(&L->b, L->loops.at[--L->loops.n].save); }
KSave if_begin(Lower *L, KInst *cond) { return k_into(&L->b, &k_emit(&L->b, (KInst){ .op = K_IF, .a = { cond } })->body); }

/* ---- one loop of the tree */
/* A root of the body. x: which of its indices the loop binds (-1: none, it is only repeated). what: the loop does to its reduction. later: saved. */
typedef enum { RED_AS_IS, RED_OPENED, RED_HOMED } Opened;
typedef struct Root { LEq *e; int x; Opened what; bool later; } Root;
/* eqs: of the body. d: the range of the index. down: a recurrence runs downwards. slides: sliding windows of the body. */
typedef struct Loop {
  Lower *L; const Tree *f; const LRegions *r; LEqs eqs; VEC(Root) root; LDim d; LSlide *slides; bool down, shared; int64_t step;
} Loop;
#define ROOTS(r, p) for (Root *r = (p)->root.at; r < (p)->root.at + (p)->root.n; r++)

/* What the roots compute in a copy of the body: of the loop's range the part q, counted from its base. */
static LDim **bind_part(Loop *p, LDim q) {
  Lower *L = p->L; LDim **bound = NEWN(L->c, LDim *, L->eq.n + 1);
  ROOTS(r, p) {
    LDim *reg = bound[r->e->id] = dims_copy(L, p->r->reg[r->e->id], r->e->n), *d = reg + (r->x < 0 ? 0 : r->x);
    if (r->x >= 0) *d = (LDim){ laff_add(L, d->base, q.base, 1), q.ext, q.dyn, q.loose, d->over, q.cnt };
  }
  return bound;
}
/* Does the loop run over the root's reduction, while its accumulators rest in storage? */
static bool is_outer(const Loop *p, const Root *r) { return r->e->home && !p->L->open[r->e->id] && r->x >= r->e->nfree; }
/* A copy of the body, in loop v if there is one. One that is not the first of the loop is never the first of an outer reduction block. */
static void copy_body(Loop *p, LDim q, KInst *v, bool first) {
  Lower *L = p->L;
  if (q.ext <= 0) return;
  ROOTS(r, p) if (is_outer(p, r)) { r->later = r->e->later; r->e->later |= !first; if (v) PUSH(L->c, r->e->outer, v); }
  LDim **bound = bind_part(p, q);
  for (LSlide *s = p->slides; s; s = s->next) s->at = laff_add(L, s->first, q.base, s->shift / p->step);
  PUSH(L->c, L->walk, ((LWalk){ p->f->name, q.base, q.ext, p->d.ext }));
  L->slides = p->slides; lower_body(L, p->f->body, bound, false); L->walk.n--;
  ROOTS(r, p) if (is_outer(p, r)) r->e->outer.n -= v != NULL, r->e->later = r->later;
}
/* A step of the range; the last may be short. */
static LDim part(const Loop *p, int64_t at, int64_t n) { return (LDim){ .base = laff_int(at), .ext = at + n < p->d.ext ? n : p->d.ext - at }; }
/* Do all guards of the body hold for the k-th step, as far as they depend on the loop's index? */
static bool step_inside(Loop *p, int64_t k) {
  LRegions reg = infer(p->L, p->eqs, bind_part(p, part(p, k * p->step, p->step)), false);
  EACH(LEq, e, p->eqs) EACH(LRead, r, e->read) {
    int x = eq_index(e, p->f->name);
    for (int d = 0; d < r->t->t->rank && x >= 0; d++) {
      if (r->inside[d] || !r->place[d].aff || !(r->place[d].uses >> x & 1)) continue;
      LDim b = form_box(p->L, &r->place[d], reg.reg[e->id]); LRange at = laff_range(p->L, &b.base);
      if (at.lo < 0 || at.hi + b.ext > extent_min(r->t->t->shape[d])) return false;
    }
  }
  return true;
}

/* Some steps of a constant range: n from `at` on, a loop or (apart) copies. A falling loop takes them from the end. */
typedef struct Steps { int64_t at, step, n; bool apart; } Steps;
static void steps_emit(Loop *p, Steps s, bool first) {
  for (int64_t k = 0; k < s.n && (s.apart || s.n == 1); k++)
    copy_body(p, part(p, s.at + (p->down ? s.n - 1 - k : k) * s.step, s.step), NULL, first && k == 0);
  if (s.apart || s.n <= 1) return;
  KInst *v = loop_begin(p->L, l_int(p->L, s.n), s.n, KL_SERIAL);
  LAff at = laff_plus(laff_var(v, p->down ? -s.step : s.step), p->down ? s.at + (s.n - 1) * s.step : s.at);
  copy_body(p, (LDim){ .base = at, .ext = s.step }, v, first); loop_end(p->L);
}

/* All n steps as one loop that threads share, with a branch a kind of step, in which the number of the step is cut to those of the kind. */
static void steps_share(Loop *p, Steps *l, int64_t n) {
  Lower *L = p->L; KInst *v = loop_begin(L, l_int(L, n), n, KL_PARALLEL);
  for (int64_t done = 0, m; done < n; done += m, l->at += m * l->step, l->n -= m) {
    while (!l->n) l++;
    m = l->apart ? 1 : l->n; KSave save = { 0 }; KInst *other = NULL; LDim q = part(p, l->at, l->step);
    if (done + m < n) other = k_emit(&L->b, (KInst){ .op = K_IF, .a = { l_fn(L, KF_LT, v, l_int(L, done + m)) } });
    if (other) save = k_into(&L->b, &other->body);
    KInst *k = m == n ? v : l_fn(L, KF_MIN, l_fn(L, KF_MAX, v, l_int(L, done)), l_int(L, done + m - 1));
    if (m > 1) q.base = laff_plus(laff_var(k, l->step), l->at - done * l->step);
    copy_body(p, q, v, true);
    if (other) k_back(&L->b, save), k_into(&L->b, &other->other);
  }
  loop_end(L);
}

/* The n steps of a constant range: whole ones, then the tail (a falling loop takes all from the end). even: sizes differ by one, the larger first.
 * peel: first and last apart. edge: those apart, at most 64 at an end, that touch a border. */
static void steps_const(Loop *p, int64_t n) {
  int64_t ext = p->d.ext, s = p->step, whole = ext / s, more = ext % n, a = 0, z = whole;
  Steps tail = { whole * s, s, ext % s > 0, true }, list[3] = { { 0, s, whole, false }, tail }; bool first = true;
  switch (p->f->loop) {
  case LOOP_UNROLL: list[0] = (Steps){ 0, s, n, true }; list[1].n = 0; break;
  case LOOP_EVEN: list[0] = (Steps){ 0, ext / n + 1, more, false }; list[1] = (Steps){ more * (ext / n + 1), ext / n, n - more, false }; break;
  case LOOP_PEEL: list[0].n = 1; list[1] = (Steps){ s, s, n - 2, false }; list[2] = (Steps){ (n - 1) * s, s, n > 1, true }; break;
  case LOOP_EDGE:
    while (a < n && a < 64 && !step_inside(p, a)) a++;
    while (z > a && n - z < 64 && !step_inside(p, z - 1)) z--;
    if (z < a) z = a;
    list[0] = (Steps){ 0, s, a, true }; list[1] = (Steps){ a * s, s, z - a, false }; list[2] = (Steps){ z * s, s, n - z, true }; break;
  default: break;
  }
  if (p->shared) steps_share(p, list, n);
  for (int k = 0; k < 3 && !p->shared; k++) { const Steps l = list[p->down ? 2 - k : k]; steps_emit(p, l, first); first &= l.n <= 0; }
}

/* ---- run-time counts */
/* One vector, if all leaves below run the index in lanes; else single elements. */
static int64_t granule(const Loop *p) {
  int64_t w = 1;
  EACH(LEq, e, p->eqs) {
    const Tree *l = e->leaf; bool has = eq_index(e, p->f->name) >= 0, lanes = !has;
    for (int i = 0; i < l->nleaf; i++) lanes |= name_same(l->leaf[i].index, p->f->name) && l->leaf[i].kind == LEAF_VECTOR;
    if (!lanes) return 1;
    if (has && e->lanes > w) w = e->lanes;
  }
  return w < p->step ? w : p->step;
}

/* Whole steps; then granules, of which the last is partly wanted. */
static void steps_run(Loop *p) {
  Lower *L = p->L; int64_t step = p->step, most = p->d.ext / step, w = granule(p);
  KInst *n = dim_count(L, &p->d), *whole = l_fn(L, KF_DIV, n, l_int(L, step));
  if (p->down && step != 1)
    tree_error(L, p->f->pos, p->root.at[0].e, "for %s: a recurrence that falls along a run-time extent needs step 1", p->f->name);
  if (most > 0) {
    KInst *v = loop_begin(L, whole, most, p->shared ? KL_PARALLEL : KL_SERIAL); LAff at = laff_var(v, p->down ? -step : step);
    copy_body(p, (LDim){ .base = p->down ? laff_plus(laff_add(L, at, laff_var(n, 1), 1), -1) : at, .ext = step }, v, true); loop_end(L);
  }
  if (step == 1) return;
  LAff done = laff_var(whole, step), rest = laff_add(L, laff_var(n, 1), done, -1);
  KInst *r = l_known(laff_inst(L, rest), 0, step - 1), *count = l_fn(L, KF_DIV, l_fn(L, KF_ADD, r, l_int(L, w - 1)), l_int(L, w));
  KInst *v = loop_begin(L, count, (step - 1 + w - 1) / w, KL_SERIAL); LAff at = laff_var(v, w);
  copy_body(p, (LDim){ .base = laff_add(L, done, at, 1), .ext = w, .dyn = w > 1, .loose = w > 1, .cnt = laff_add(L, rest, at, -1) }, v, false);
  loop_end(L);
}

/* ---- sliding windows */
static int64_t coef_of(const LAff *a, const KInst *v) { for (int i = 0; i < a->n; i++) if (a->t[i].v == v) return a->t[i].k; return 0; }
static LAff without(Lower *L, LAff a, KInst *v) { return laff_add(L, a, laff_var(v, 1), -coef_of(&a, v)); }
/* Does a later step find e's earlier rows? Its item of the body computes nothing else that others outside of it need. */
static bool may_slide(Loop *p, int k) {
  const LTensor *t = p->eqs.at[k]->out; LEqs in = { 0 };
  if (!t->store || t->store->reg || t->hist || t->writer.n != 1 || is_root(p->eqs, k)) return false;
  for (const Tree *i = p->f->body; i && !in.n; i = i->next) if (tree_holds(i, p->eqs.at[k], false)) in = tree_eqs(p->L, i, false);
  for (int j = 0; j < in.n; j++) if (is_root(in, j) && in.at[j]->out != t) return false;
  return in.n > 0;
}
/* The regions of a step in the middle, in terms of its counter v. */
static LRegions probe(Loop *p, KInst *v) {
  p->L->slides = p->slides; LRegions r = infer(p->L, p->eqs, bind_part(p, (LDim){ .base = laff_var(v, p->step), .ext = p->step }), false);
  p->L->slides = NULL; return r;
}
/* Does e's region move along one index, by less than its extent? */
static void slide_add(Loop *p, LEq *e, KInst *v) {
  Lower *L = p->L; LDim *reg = probe(p, v).full[e->id]; int at = -1, found = 0;
  for (int i = 0; i < e->nfree; i++) { int64_t c = coef_of(&reg[i].base, v); found += c != 0; at = c > 0 && c < reg[i].ext ? i : at; }
  if (found != 1 || at < 0) return;
  int64_t shift = coef_of(&reg[at].base, v), overlap = reg[at].ext - shift;
  if (shift % p->step) return;
  LSlide *s = NEW_AS(L->c, LSlide, e, at, overlap, shift, laff_plus(without(L, reg[at].base, v), overlap), laff_int(0), p->slides);
  s->at = laff_add(L, s->first, laff_var(v, p->step), shift / p->step); p->slides = s;
}
static const LSlide *slide_of(const LSlide *s, const LEq *e) { while (s && s->e != e) s = s->next; return s; }
/* The items that the warm-up needs, as a tree of their own. */
static Tree *warm_items(Loop *p) {
  Lower *L = p->L; bool *need = NEWN(L->c, bool, L->eq.n + 1);
  for (int k = p->eqs.n - 1; k >= 0; k--) {
    LEq *e = p->eqs.at[k]; need[e->id] |= slide_of(p->slides, e) != NULL;
    for (int j = k + 1; j < p->eqs.n; j++) need[e->id] |= need[p->eqs.at[j]->id] && eq_reads(p->eqs.at[j], e->out);
  }
  Tree *first = NULL, **end = &first;
  for (const Tree *t = p->f->body; t; t = t->next) {
    LEqs in = tree_eqs(L, t, false); bool all = true, let = false;
    for (int k = 0; k < in.n; k++) all &= !is_root(in, k) || need[in.at[k]->id];
    EACH(LEq, e, p->eqs) let |= t->kind == TREE_LET && need[e->id] && name_same(e->out->t->name, t->name);
    if (all && (in.n || let)) *end = ctx_copy(L->c, t, sizeof *t), (*end)->next = NULL, end = &(*end)->next;
  }
  return first;
}

/* Rows from..from + n of what an item's roots compute before the loop; the leaf may take only as many at once as in the loop. */
static void warm_rows(Loop *p, const Tree *item, LEqs root, LDim *const *warm, LAff from, int64_t rows) {
  Lower *L = p->L; LDim **bound = NEWN(L->c, LDim *, L->eq.n + 1); Tree *one = ctx_copy(L->c, item, sizeof *item); one->next = NULL;
  EACH(LEq, e, root) {
    bound[e->id] = dims_copy(L, warm[e->id], e->n); LDim *d = &bound[e->id][slide_of(p->slides, e)->k];
    d->base = laff_add(L, d->base, from, 1); d->ext = rows;
  }
  lower_body(L, one, bound, false);
}

/* The roots of an item of the warm-up. *apart: they are sliding windows of one shift, or there are none. */
static LEqs warm_roots(Loop *p, const Tree *t, bool *apart) {
  LEqs in = tree_eqs(p->L, t, false), root = { 0 };
  for (int k = 0; k < in.n; k++) if (is_root(in, k)) PUSH(p->L->c, root, in.at[k]);
  const LSlide *first = root.n ? slide_of(p->slides, root.at[0]) : NULL;
  EACH(LEq, e, root) { const LSlide *s = slide_of(p->slides, e); *apart &= s && first && s->shift == first->shift; }
  return root;
}
/* An item of the warm-up, row by row. */
static void warm_item(Loop *p, const Tree *t, LEqs root, LDim *const *warm) {
  Lower *L = p->L; const LSlide *s = slide_of(p->slides, root.at[0]);
  int64_t ext = warm[root.at[0]->id][s->k].ext, by = s->shift, whole = ext / by, at = 0;
  if (whole > 2) warm_rows(p, t, root, warm, laff_var(loop_begin(L, l_int(L, whole), whole, KL_SERIAL), by), by), loop_end(L), at = whole * by;
  for (; at < ext; at += by) warm_rows(p, t, root, warm, laff_int(at), by < ext - at ? by : ext - at);
}
/* What a sliding window holds before the first step, and no step computes. */
static LDim *warm_region(Loop *p, LEqs in, int k, const LSlide *s, const LDim *full, LDim *const *warm, KInst *v) {
  Lower *L = p->L; LEq *e = in.at[k]; LDim *reg = dims_copy(L, full, e->n);
  for (int i = 0; i < e->n; i++) reg[i].base = without(L, reg[i].base, v);
  reg[s->k].ext = s->overlap;
  if (!is_root(in, k)) {           /* later windows of the warm-up need some of it, too */
    LRegions w = infer(L, (LEqs){ in.at + k, in.n - k, 0 }, warm, false);
    for (int i = 0; i < e->nfree; i++) reg[i] = dim_union(L, &reg[i], &w.reg[e->id][i], e);
  }
  for (int i = 0; i < e->nfree; i++) dim_clip(L, &reg[i], e->ix[i]->ext);
  return reg;
}

static void warm_up(Loop *p, KInst *v) {
  Lower *L = p->L; Tree *items = warm_items(p); LEqs in = tree_eqs(L, items, true);
  LDim **warm = NEWN(L->c, LDim *, L->eq.n + 1); LRegions r = probe(p, v); bool apart = true;
  for (int k = in.n - 1; k >= 0; k--) {
    const LSlide *s = slide_of(p->slides, in.at[k]);
    if (s) warm[in.at[k]->id] = warm_region(p, in, k, s, r.full[in.at[k]->id], warm, v);
  }
  for (int k = 0; k < in.n; k++)
    if (is_root(in, k) && !warm[in.at[k]->id]) tree_error(L, p->f->pos, in.at[k], "a sliding window before the loop cannot be computed alone");
  for (const Tree *t = items; t; t = t->next) warm_roots(p, t, &apart);
  if (in.n && !apart) lower_body(L, items, warm, false);
  for (const Tree *t = items; t && apart; t = t->next) { LEqs root = warm_roots(p, t, &apart); if (root.n) warm_item(p, t, root, warm); }
}

/* ---- reductions around */
static int64_t loop_step(const Tree *t, int64_t ext) { int64_t s = t->step > 0 ? t->step : 1; return s > ext ? ext : s; }
/* Does a loop with several steps over a free index of e lie between t and e's leaf? Then its accumulators live in its storage between the blocks. */
static bool has_inner_loop(const Tree *t, const LEq *e, const LDim *reg) {
  for (; t; t = t->next) {
    if (t->kind != TREE_FOR || !tree_holds(t->body, e, true)) continue;
    int k = eq_index(e, t->name);
    if (k >= 0 && k < e->nfree && t->loop != LOOP_UNROLL && loop_step(t, reg[k].ext) < reg[k].ext) return true;
    if (has_inner_loop(t->body, e, reg)) return true;
  }
  return false;
}
/* Is what e starts from computed in this loop? */
static bool init_here(const Loop *p, const LEq *e) { EACH(LEq, q, p->eqs) if (e->init && expr_reads(e->init, q->out->t)) return true; return false; }
static void home_check(const Loop *p, const LEq *e) {
  const LStore *s = e->out->store;
  const char *why = !s || s->reg ? "it is not in memory" : e->eq->out->type != e->acc ? "its type is not that of the accumulators"
                  : e->kind == RED_ARGMAX || e->kind == RED_ARGMIN ? "it keeps a place beside the value"
                  : init_here(p, e) ? "what it starts from is computed inside" : NULL;
  if (why)
    tree_error(p->L, p->f->pos, e, "for %s is a loop over its reduction outside of its tile, so its accumulators rest in its storage "
               "in between, but %s", p->f->name, why);
}

/* Opens the reduction of a root where this loop is the outermost over it. */
static Opened open_reduction(Loop *p, LEq *e, int x) {
  if (x < e->nfree || p->L->open[e->id]) return RED_AS_IS;
  if (has_inner_loop(p->f->body, e, p->r->reg[e->id])) { bool was = e->home; home_check(p, e); e->home = true; return was ? RED_AS_IS : RED_HOMED; }
  red_open(p->L, e, p->r->reg[e->id]); p->L->open[e->id]->late = init_here(p, e); return RED_OPENED;
}
/* Finds the roots, and the range that those that have the index agree on. */
static void loop_roots(Loop *p) {
  Lower *L = p->L; const LEq *first = NULL; p->eqs = tree_eqs(L, p->f->body, true);
  for (int k = 0; k < p->eqs.n; k++) {
    LEq *e = p->eqs.at[k]; int64_t diff; int x = eq_index(e, p->f->name); p->down |= x >= 0 && e->down[x];
    if (!is_root(p->eqs, k)) continue;
    PUSH(L->c, p->root, ((Root){ .e = e, .x = x })); const LDim *d = x < 0 ? NULL : &p->r->reg[e->id][x];
    if (d && !first) first = e, p->d = *d;
    else if (d && (d->ext != p->d.ext || d->dyn != p->d.dyn || !laff_diff(&d->base, &p->d.base, &diff)))
      tree_error(L, p->f->pos, e, "for %s also binds it in %s, over another range: the roots of a loop agree", p->f->name, first->eq->out->name);
  }
  if (!first && p->eqs.n) tree_error(L, p->f->pos, NULL, "for %s: no equation that is last in its body has an index %s", p->f->name, p->f->name);
}

/* A step that a thread takes computes elements of its own, and keeps nothing for the next. */
static void check_parallel(Loop *p) {
  const char *why = p->slides ? "its steps share what they compute of it: keep it inside the loop" : NULL; const LEq *e = why ? p->slides->e : NULL;
  ROOTS(r, p) if (r->x < 0 || r->x >= r->e->nfree)
    why = r->x < 0 ? "every step would compute it again" : "threads cannot share a reduction, only what it keeps", e = r->e;
  EACH(LEq, q, p->eqs) if (q->out->store && q->out->store->nfold) why = "its steps share what is kept of it: fold it inside the loop", e = q;
  if (why) tree_error(p->L, p->f->pos, e, "for %s parallel: %s", p->f->name, why);
}
static void lower_loop(Lower *L, const Tree *f, const LRegions *reg) {
  Loop p = { .L = L, .f = f, .r = reg }; loop_roots(&p);
  if (!p.eqs.n || p.d.ext <= 0) return;
  p.step = p.d.dyn ? (f->step > 0 ? f->step : 1) : loop_step(f, p.d.ext); int64_t n = (p.d.ext + p.step - 1) / p.step;
  if (f->loop == LOOP_UNROLL && n > 4096) tree_error(L, f->pos, p.root.at[0].e, "for %s* would be unrolled %lld times", f->name, (long long)n);
  ROOTS(r, &p) r->what = open_reduction(&p, r->e, r->x);
  if (f->loop == LOOP_EVEN && !p.d.dyn) p.step = (p.d.ext + n - 1) / n;
  KInst *v = NEW_AS(L->c, KInst, .op = K_LOOP, .type = { T_WINT, 1 }, .imm = n, .id = L->c->nid++);          /* a counter to look at the loop with */
  for (int k = p.eqs.n - 1; k >= 0 && n > 1 && !p.down; k--) if (may_slide(&p, k)) slide_add(&p, p.eqs.at[k], v);
  if (f->parallel) check_parallel(&p);
  if (p.slides) warm_up(&p, v);
  int64_t top0 = L->top; p.shared = f->parallel && L->c->opt.threads > 1 && n > 1 && L->b.block == &L->f->body;
  if (p.shared) L->shared = true, L->top = 0;
  if (p.d.dyn) steps_run(&p); else steps_const(&p, n);
  if (p.shared) L->shared = false, L->top = top0;
  ROOTS(r, &p) if (r->what == RED_OPENED) red_close(L, r->e); else if (r->what == RED_HOMED) r->e->home = false;
}

/* ---- prefetch: the line that a reader of the body touches, some steps of the innermost loop ahead */
/* Or what the next step of a loop will touch: each step of the loops inside of it takes a share, over which the innermost passes. */
static void next_share(Lower *L, LPt *p, const Tree *t, LDim *reg) {
  int n = L->walk.n - 1, at = n, j = eq_index(p->e, t->other), k = n < 0 ? -1 : eq_index(p->e, L->walk.at[n].name);
  while (at >= 0 && !name_same(L->walk.at[at].name, t->other)) at--;
  if (at < 0 || at == n || j < 0 || k < 0)
    tree_error(L, t->pos, p->e, "prefetch %s[%s] stands in no loop inside of one over it: put it there, or give a distance", t->name, t->other);
  const LWalk *in = &L->walk.at[n], *w = &L->walk.at[at]; int64_t share = in->all;
  p->env[j] = laff_plus(p->env[j], w->step); p->env[k] = laff_add(L, p->env[k], in->at, -1);
  while (++w < in) {
    int i = eq_index(p->e, w->name); if (i < 0 || i >= p->e->nfree) continue;
    p->env[k] = laff_add(L, p->env[k], w->at, (share + w->all - 1) / w->all); share = (share * w->step + w->all - 1) / w->all;
  }
  reg[k].ext = (share * in->step + in->all - 1) / in->all;
  p->env[k] = laff_add(L, p->env[k], laff_divides(&in->at, in->step) ? laff_div(in->at, in->step) : in->at, reg[k].ext);
}
static void lower_prefetch(Lower *L, const Tree *t, LEqs eqs, const LRegions *r) {
  KInst *inner = L->loops.n ? L->loops.at[L->loops.n - 1].v : NULL;
  EACH(LEq, e, eqs) EACH(LRead, x, e->read) {
    LPt p = { .e = e };
    if (!name_same(x->t->t->name, t->name)) continue;
    for (int k = 0; k < e->n; k++) p.env[k] = r->reg[e->id][k].base;
    LDim *reg = dims_copy(L, r->reg[e->id], e->n); if (t->other) next_share(L, &p, t, reg);
    prefetch_read(L, &p, x, reg, inner, t->other ? 0 : t->step); return;
  }
  tree_error(L, t->pos, NULL, "prefetch %s: nothing in this body reads it", t->name);
}

void lower_body(Lower *L, const Tree *items, LDim *const *bound, bool top) {
  LEqs eqs = tree_eqs(L, items, true); int64_t top0 = L->top; int opened = L->opened.n;
  if (++L->depth > 200) bug(L->c, "bodies are nested too deep");
  LRegions r = infer(L, eqs, bound, top); L->slides = NULL; check_cover(L, items, &r); store_open(L, items, eqs, &r);
  check_folds(L, items, eqs, bound, &r);
  for (const Tree *t = items; t; t = t->next) {
    bool item = L->block && items == L->streambody; KSave save = { 0 };
    if (item) save = item_begin(L);
    if (t->kind == TREE_FOR && t->loop == LOOP_STREAM) lower_stream(L, t, r.reg);
    else if (t->kind == TREE_FOR) lower_loop(L, t, &r);
    if (t->kind == TREE_PREFETCH) lower_prefetch(L, t, eqs, &r);
    LEqs in = t->kind == TREE_LEAF ? tree_eqs(L, t, false) : (LEqs){ 0 };
    EACH(LEq, e, in) lower_leaf(L, e, t, r.reg[e->id]);
    if (item) k_back(&L->b, save);
  }
  while (L->opened.n > opened) L->opened.at[--L->opened.n]->store = NULL;
  L->top = top0; L->depth--;
}
