/* Bounds inference: which part of each equation a body computes.
 *
 *   for y { e(...); d(...) }      d reads e[y - 1], e[y], e[y + 1]:      d: y 1      e: y - 1 ... 3 rows, or, if e slides along y, the new one
 *
 * Equations are walked in reverse. A root's region is what the loops around bind; another's is the union of the boxes of its later readers.
 * Extents are constants (or a constant with a run-time count, LDim.dyn), only bases vary. Bases in a union differ by constants.
 */
#include "lower.h"
#include <string.h>

LDim dim_of(Lower *L, Extent x)
{
  LDim d = { .ext = extent_max(x) };
  if (!x.dim) return d;
  int k = 0;
  while (k < L->g->ndim && L->g->dim[k] != x.dim) k++;
  if (k == L->g->ndim) bug(L->c, "dimension %s is not the graph's", x.dim->name);
  d.dyn = true;
  d.cnt = laff_var(L->param[k], 1);
  d.cnt.c = x.n;
  return d;
}

KInst *dim_count(Lower *L, const LDim *d)
{
  if (!d->dyn) return k_int(&L->b, d->ext);
  KInst *n = laff_inst(L, &d->cnt);
  if (d->loose) n = k_ifn(&L->b, KF_MIN, n, k_int(&L->b, d->ext));
  int64_t lo, hi;
  k_range(&L->b, n, &lo, &hi);
  if (n->op != K_CONST && n->op != K_PARAM && n->op != K_LOOP && (hi > d->ext || lo < 0)) {
    n->f = (double)(lo < 0 ? 0 : lo);
    n->imm = hi > d->ext ? d->ext : hi;
  }
  return n;
}

static LAff dim_cnt(const LDim *d) { return d->dyn ? d->cnt : laff_int(d->ext); }

/* The larger (or smaller) of two counts. */
static LAff cnt_most(Lower *L, const LAff *a, const LAff *b, bool larger)
{
  int64_t d;
  if (laff_diff(a, b, &d)) return (d > 0) == larger ? *a : *b;
  return laff_var(k_ifn(&L->b, larger ? KF_MAX : KF_MIN, laff_inst(L, a), laff_inst(L, b)), 1);
}

LDim dim_union(Lower *L, const LDim *a, const LDim *b, const LEq *e)
{
  int64_t d;
  if (!laff_diff(&b->base, &a->base, &d))
    tree_error(L, e->eq->pos, e, "its readers need regions that move with different loops: compute it outside of them, or inside each");
  int64_t lo = d < 0 ? d : 0, end = d + b->ext > a->ext ? d + b->ext : a->ext;
  LDim r = *a;
  r.base.c += lo;
  r.ext = end - lo;
  r.dyn = a->dyn || b->dyn;
  r.loose = a->loose || b->loose;
  r.over = a->over || b->over;
  if (!r.dyn) return r;
  LAff x = dim_cnt(a), y = dim_cnt(b);
  y.c += d;
  r.cnt = cnt_most(L, &x, &y, true);
  r.cnt.c -= lo;
  return r;
}

/* Cuts a region whose base is constant to 0 .. x - 1. */
void dim_clip(Lower *L, LDim *d, Extent x)
{
  if (d->base.n) return;
  d->over = false;
  int64_t lo = d->base.c < 0 ? 0 : d->base.c, end = d->base.c + d->ext, most = extent_max(x);
  int64_t cut = lo - d->base.c;
  if (end > most) end = most;
  d->base.c = lo;
  d->ext = end > lo ? end - lo : 0;
  if (d->dyn) d->cnt.c -= cut;
  if (!d->dyn || !x.dim) return;
  LDim whole = dim_of(L, x);
  whole.cnt.c -= lo;
  d->cnt = cnt_most(L, &d->cnt, &whole.cnt, false);
}

LDim form_box(Lower *L, const LForm *f, const LDim *reg)
{
  LDim r = { .base = laff_int(f->c), .ext = 1, .cnt = laff_int(1) };
  for (int i = 0; i < f->n; i++) {
    int64_t m = f->t[i].m, size = m < 0 ? -m : m;
    if (f->t[i].k < 0) {
      LAff p = laff_var(L->param[-1 - f->t[i].k], 1);
      laff_add(L, &r.base, &p, m);
      continue;
    }
    const LDim *d = &reg[f->t[i].k];
    LAff cnt = dim_cnt(d);
    if (m < 0 && d->loose) cnt = laff_var(dim_count(L, d), 1);
    laff_add(L, &r.base, &d->base, m);
    if (m < 0) laff_add(L, &r.base, &cnt, m), r.base.c -= m;
    r.ext += size * (d->ext - 1);
    laff_add(L, &r.cnt, &cnt, size);
    r.cnt.c -= size;
    r.dyn |= d->dyn;
    r.over |= d->over;
    r.loose |= d->loose && size;
  }
  return r;
}

LDim read_box(Lower *L, const LRead *r, int d, const LDim *reg)
{
  const Tensor *t = r->t->t;
  if (r->t->hist && d == t->stream_dim) return reg[r->time];
  if (!r->place[d].aff) return dim_of(L, t->shape[d]);
  LDim b = form_box(L, &r->place[d], reg);
  if (r->inside[d]) return b;
  b.over = b.base.n > 0;
  dim_clip(L, &b, t->shape[d]);
  return b;
}

bool eq_reads(const LEq *e, const LTensor *t)
{
  for (int k = 0; k < e->nread; k++)
    if (e->read[k]->t == t) return true;
  return false;
}

bool is_root(LEq *const *eqs, int n, int k)
{
  const LTensor *t = eqs[k]->out;
  for (int i = k + 1; i < n; i++)
    if (eqs[i]->out != t && eq_reads(eqs[i], t)) return false;
  return true;
}

/* ---- a tensor's box to the indices of an equation that writes it */

static void sort_terms(LTerm *t, int n)
{
  for (int i = 1; i < n; i++)
    for (int j = i; j > 0 && t[j].m > t[j - 1].m; j--) {
      LTerm x = t[j];
      t[j] = t[j - 1];
      t[j - 1] = x;
    }
}

/* place = sum m * index, m falling: from the outermost index on, one block or whole blocks; what does not fit stays whole. */
static void invert_radix(const LForm *f, const LDim *need, LDim *reg, bool *set)
{
  LTerm t[LEQ_INDICES];
  int n = 0;
  for (int i = 0; i < f->n; i++) t[n++] = f->t[i];
  sort_terms(t, n);
  LAff base = need->base;
  int64_t ext = need->ext;
  base.c -= f->c;
  for (int i = 0; i < n; i++) {
    int64_t m = t[i].m;
    if (t[i].k < 0 || m <= 0 || need->dyn || !laff_divides(&base, m)) return;
    int64_t rest = floor_mod(base.c, m);
    bool one = rest + ext <= m, whole = rest == 0 && ext % m == 0;
    if ((!one && !whole) || set[t[i].k]) return;
    LDim *d = &reg[t[i].k];
    d->base = base;
    d->base.c = floor_div(base.c, m);
    for (int j = 0; j < d->base.n; j++) d->base.t[j].k /= m;
    d->ext = one ? 1 : ext / m;
    d->dyn = false;
    d->over = need->over;
    set[t[i].k] = true;
    if (!one) return;
    base = laff_int(rest);
  }
}

static void invert(Lower *L, const LEq *e, const LDim *need, LDim *reg)
{
  bool set[LEQ_INDICES] = { false };
  for (int k = 0; k < e->n; k++) reg[k] = dim_of(L, e->ix[k]->ext);
  for (int d = 0; d < e->eq->out->rank; d++) {
    const LForm *f = &e->place[d];
    if (f->n == 1 && f->t[0].m == 1 && f->t[0].k >= 0) {
      if (set[f->t[0].k]) continue;
      reg[f->t[0].k] = need[d];
      reg[f->t[0].k].base.c -= f->c;
      set[f->t[0].k] = true;
    } else if (f->n) {
      invert_radix(f, &need[d], reg, set);
    }
  }
}

/* ---- the walk */

typedef struct Infer { Lower *L; LRegions r; LEq **eqs; int n; bool top, *here; } Infer;

static LDim *box_copy(Lower *L, const LTensor *t, const LDim *box)
{
  LDim *r = NEWN(L->c, LDim, t->t->rank + 1);
  memcpy(r, box, sizeof *box * (size_t)t->t->rank);
  return r;
}

static void need_add(Infer *f, const LTensor *t, const LDim *box, const LEq *e)
{
  LDim *old = f->r.need[t->id];
  if (!old) f->r.need[t->id] = box_copy(f->L, t, box);
  for (int d = 0; old && d < t->t->rank; d++) old[d] = dim_union(f->L, &old[d], &box[d], e);
}

static void whole_box(Lower *L, const LTensor *t, LDim *box)
{
  for (int d = 0; d < t->t->rank; d++) box[d] = dim_of(L, t->t->shape[d]);
}

/* What a step of a recurrence reads of earlier ones: it counts for the storage only. Where it moves differently: the whole tensor. */
static void back_add(Infer *f, const LTensor *t, const LDim *box)
{
  LDim *old = f->r.back[t->id];
  int64_t x;
  if (!old) {
    f->r.back[t->id] = box_copy(f->L, t, box);
    return;
  }
  for (int d = 0; d < t->t->rank; d++)
    if (laff_diff(&old[d].base, &box[d].base, &x)) old[d] = dim_union(f->L, &old[d], &box[d], NULL);
    else old[d] = dim_of(f->L, t->t->shape[d]);
}

static void reads_need(Infer *f, const LEq *e, const LDim *reg)
{
  LDim box[LEQ_INDICES];
  for (int k = 0; k < e->n; k++)
    if (reg[k].ext <= 0) return;
  for (int k = 0; k < e->nread; k++) {
    LRead *r = e->read[k];
    if (!f->here[r->t->id]) continue;
    for (int d = 0; d < r->t->t->rank; d++) box[d] = read_box(f->L, r, d, reg);
    bool later = false;
    for (int i = 0; i < r->t->nwriter; i++) later |= r->t->writer[i]->order >= e->order;
    if (later) back_add(f, r->t, box);
    if (!later || r->t->writer[0]->order < e->order) need_add(f, r->t, box, e);
  }
}

static void region_unbound(Infer *f, LEq *e, LDim *reg, bool root)
{
  LDim box[LEQ_INDICES];
  if (f->top && (root || e->out->external)) {
    whole_box(f->L, e->out, box);
    need_add(f, e->out, box, e);
  }
  LDim *need = f->r.need[e->out->id];
  if (!need) tree_error(f->L, e->leaf->pos, e, "nothing here needs it: its readers lie in another body, or before it");
  invert(f->L, e, need, reg);
}

static void region_slide(Infer *f, const LEq *e, LDim *reg)
{
  for (LSlide *s = f->L->slides; s; s = s->next) {
    if (s->e != e) continue;
    LDim *d = &reg[s->k];
    int64_t done = s->overlap;
    if (laff_diff(&s->at, &d->base, &done) && done < 0) done = 0;       /* the domain's border cut the region */
    d->base.c += done;
    d->ext -= done;
    if (d->dyn) d->cnt.c -= done;
  }
}

LRegions infer(Lower *L, LEq **eqs, int n, LDim *const *bound, bool top)
{
  Infer f = { .L = L, .eqs = eqs, .n = n, .top = top };
  f.r.reg = NEWN(L->c, LDim *, L->neq + 1);
  f.r.full = NEWN(L->c, LDim *, L->neq + 1);
  f.r.need = NEWN(L->c, LDim *, L->nall + 1);
  f.r.back = NEWN(L->c, LDim *, L->nall + 1);
  f.here = NEWN(L->c, bool, L->nall + 1);
  for (int k = 0; k < n; k++) f.here[eqs[k]->out->id] = true;
  for (int k = n - 1; k >= 0; k--) {
    LEq *e = eqs[k];
    LDim *reg = NEWN(L->c, LDim, e->n + 1), *full = NEWN(L->c, LDim, e->n + 1);
    if (bound && bound[e->id]) memcpy(reg, bound[e->id], sizeof *reg * (size_t)e->n);
    else region_unbound(&f, e, reg, is_root(eqs, n, k));
    memcpy(full, reg, sizeof *reg * (size_t)e->n);
    if (!bound || !bound[e->id]) region_slide(&f, e, reg);
    for (int i = 0; i < e->nfree; i++)
      if (!e->ix[i]->ext.dim || !e->ix[i]->ext.dim->stream || !L->block) dim_clip(L, &reg[i], e->ix[i]->ext);
    f.r.reg[e->id] = reg;
    f.r.full[e->id] = full;
    reads_need(&f, e, reg);
  }
  return f.r;
}

/* ---- coverage: what is computed inside a loop for readers there must be all that others read */

/* Do the places that f takes over its indices' whole ranges leave no gaps? */
static bool is_dense(const LEq *e, const LForm *f)
{
  int64_t span = 1;
  bool used[LEQ_INDICES] = { false };
  if (!f->aff) return true;
  for (int i = 0; i < f->n; i++) {
    int least = -1;
    for (int j = 0; j < f->n; j++) {
      int64_t m = f->t[j].m < 0 ? -f->t[j].m : f->t[j].m;
      if (!used[j] && f->t[j].k >= 0 && (least < 0 || m < (f->t[least].m < 0 ? -f->t[least].m : f->t[least].m))) least = j;
    }
    if (least < 0) return true;
    int64_t m = f->t[least].m < 0 ? -f->t[least].m : f->t[least].m;
    if (m > span) return false;
    used[least] = true;
    span += m * (extent_max(e->ix[f->t[least].k]->ext) - 1);
  }
  return true;
}

static bool dim_covers(const LDim *in, const LDim *all)
{
  int64_t d, x;
  if (!laff_diff(&in->base, &all->base, &d) || d > 0) return false;
  if (d + in->ext < all->ext) return false;
  if (in->dyn && !all->dyn) return false;
  return !in->dyn || in->loose || !laff_diff(&in->cnt, &all->cnt, &x) || x + d >= 0;
}

static bool reads_cover(Lower *L, LEq **in, int n, const LEq *e, const LRegions *r)
{
  const LTensor *t = e->out;
  bool covered[LEQ_INDICES] = { false }, dense = false;
  for (int k = 0; k < n; k++)
    for (int i = 0; i < in[k]->nread; i++) {
      LRead *x = in[k]->read[i];
      if (x->t != t || in[k]->order <= e->order) continue;
      bool all = true;
      for (int d = 0; d < t->t->rank; d++) {
        LDim b = read_box(L, x, d, r->reg[in[k]->id]);
        covered[d] |= dim_covers(&b, &r->need[t->id][d]);
        all &= is_dense(in[k], &x->place[d]);
      }
      dense |= all;
    }
  for (int d = 0; d < t->t->rank; d++)
    if (!covered[d]) return false;
  return dense;
}

/* Several writers (pieces) are computed by what is read of their tensor, so only single ones are checked for gaps. */
void check_cover(Lower *L, const Tree *items, const LRegions *r)
{
  LEq **in = NEWN(L->c, LEq *, L->neq + 1);
  for (const Tree *t = items; t; t = t->next) {
    int n = 0;
    if (t->kind != TREE_FOR) continue;
    tree_eqs(L, t, false, &in, &n);
    for (int k = 0; k < n; k++) {
      const LTensor *x = in[k]->out;
      bool elsewhere = x->external;
      for (int i = 0; i < x->nreader; i++) elsewhere |= !tree_holds(t, x->reader[i], false);
      if (!elsewhere || x->nwriter > 1 || x->hist || is_root(in, n, k) || !r->need[x->id]) continue;
      if (!reads_cover(L, in, n, in[k], r))
        tree_error(L, t->pos, in[k], ctx_printf(L->c, "inside `for %s` only what its readers there need is computed, and that is not all of it: give it a leaf outside", t->name));
    }
  }
}
