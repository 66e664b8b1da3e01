/* Bounds inference: which part of each equation a body computes.
 *   for y { e(...); d(...) }      d reads e[y - 1], e[y], e[y + 1]:      d: y 1      e: y - 1 ... 3 rows, or, if e slides along y, the new one
 * Equations are walked in reverse. A root's region is what the loops around bind; another's is the union of the boxes of its later readers.
 * Extents are constants (or a constant with a run-time count, LDim.dyn), only bases vary. Bases in a union differ by constants. */
#include "lower.h"

LDim *dims_copy(Lower *L, const LDim *d, int n) { return memcpy(NEWN(L->c, LDim, n + 1), d, sizeof *d * (size_t)n); }
LDim dim_of(Lower *L, Extent x) {
  int k = 0;
  if (!x.dim) return (LDim){ .ext = x.n };
  while (k < L->g->ndim && L->g->dim[k] != x.dim) k++;
  if (k == L->g->ndim) bug(L->c, "dimension %s is not the graph's", x.dim->name);
  return (LDim){ .ext = extent_max(x), .dyn = true, .cnt = laff_plus(laff_var(L->param[k], 1), x.n) };
}
LDim *whole_box(Lower *L, const Tensor *t) {
  LDim *box = NEWN(L->c, LDim, t->rank + 1);
  for (int d = 0; d < t->rank; d++) box[d] = dim_of(L, t->shape[d]);
  return box;
}
KInst *dim_count(Lower *L, const LDim *d) {
  if (!d->dyn) return l_int(L, d->ext);
  KInst *n = laff_inst(L, d->cnt);
  if (d->loose) n = l_fn(L, KF_MIN, n, l_int(L, d->ext));
  int64_t lo, hi; k_range(&L->b, n, &lo, &hi);
  if (hi > d->ext || lo < 0) l_known(n, lo < 0 ? 0 : lo, hi > d->ext ? d->ext : hi);
  return n;
}
static LAff dim_cnt(const LDim *d) { return d->dyn ? d->cnt : laff_int(d->ext); }
/* The larger (or smaller) of two counts. */
static LAff cnt_most(Lower *L, LAff a, LAff b, bool larger) {
  int64_t d;
  if (laff_diff(&a, &b, &d)) return (d > 0) == larger ? a : b;
  return laff_var(l_fn(L, larger ? KF_MAX : KF_MIN, laff_inst(L, a), laff_inst(L, b)), 1);
}
LDim dim_union(Lower *L, const LDim *a, const LDim *b, const LEq *e) {
  int64_t d;
  if (!laff_diff(&b->base, &a->base, &d))
    tree_error(L, e->eq->pos, e, "its readers need regions that move with different loops: compute it outside of them, or inside each");
  int64_t lo = d < 0 ? d : 0, end = d + b->ext > a->ext ? d + b->ext : a->ext;
  LDim r = { laff_plus(a->base, lo), end - lo, a->dyn || b->dyn, a->loose || b->loose, a->over || b->over, a->cnt };
  if (r.dyn) r.cnt = laff_plus(cnt_most(L, dim_cnt(a), laff_plus(dim_cnt(b), d), true), -lo);
  return r;
}

/* Cuts a region whose base is constant to 0 .. x - 1. */
void dim_clip(Lower *L, LDim *d, Extent x) {
  if (d->base.n) return;
  int64_t lo = d->base.c < 0 ? 0 : d->base.c, end = d->base.c + d->ext, most = extent_max(x), cut = lo - d->base.c;
  if (end > most) end = most;
  d->over = false; d->base.c = lo; d->ext = end > lo ? end - lo : 0; d->cnt.c -= d->dyn ? cut : 0;
  if (d->dyn && x.dim) d->cnt = cnt_most(L, d->cnt, laff_plus(dim_of(L, x).cnt, -lo), false);
}
LDim form_box(Lower *L, const LForm *f, const LDim *reg) {
  LDim r = { .base = laff_int(f->c), .ext = 1, .cnt = laff_int(1) };
  for (int i = 0; i < f->n; i++) {
    int64_t m = f->t[i].m, size = m < 0 ? -m : m;
    if (f->t[i].k < 0) { r.base = laff_add(L, r.base, laff_var(L->param[-1 - f->t[i].k], 1), m); continue; }
    const LDim *d = &reg[f->t[i].k]; LAff cnt = m < 0 && d->loose ? laff_var(dim_count(L, d), 1) : dim_cnt(d);
    r.base = laff_add(L, r.base, d->base, m);
    if (m < 0) r.base = laff_plus(laff_add(L, r.base, cnt, m), -m);
    r.ext += size * (d->ext - 1); r.cnt = laff_plus(laff_add(L, r.cnt, cnt, size), -size); r.dyn |= d->dyn;
    r.over |= d->over; r.loose |= d->loose && size;
  }
  return r;
}

static LDim read_box(Lower *L, const LRead *r, int d, const LDim *reg) {
  const Tensor *t = r->t->t;
  if (r->t->hist && d == t->stream_dim) return reg[r->time];
  if (!r->place[d].aff) return dim_of(L, t->shape[d]);
  LDim b = form_box(L, &r->place[d], reg);
  if (r->inside[d]) return b;
  b.over = b.base.n > 0; dim_clip(L, &b, t->shape[d]); return b;
}
bool eq_reads(const LEq *e, const LTensor *t) { EACH(LRead, r, e->read) if (r->t == t) return true; return false; }
bool is_root(LEqs eqs, int k) {
  const LTensor *t = eqs.at[k]->out;
  for (int i = k + 1; i < eqs.n; i++) if (eqs.at[i]->out != t && eq_reads(eqs.at[i], t)) return false;
  return true;
}

/* ---- a tensor's box to the indices of an equation that writes it */
/* place = sum m * index, m falling: from the outermost index on, one block or whole blocks; what does not fit stays whole. */
static void invert_radix(const LForm *f, const LDim *need, LDim *reg, bool *set) {
  LTerm t[LEQ_INDICES]; LAff base = laff_plus(need->base, -f->c);
  for (int i = 0, j; i < f->n; t[j] = f->t[i++]) for (j = i; j > 0 && t[j - 1].m < f->t[i].m; j--) t[j] = t[j - 1];
  for (int i = 0; i < f->n; i++) {
    int64_t m = t[i].m, ext = need->ext;
    if (t[i].k < 0 || m <= 0 || need->dyn || !laff_divides(&base, m)) return;
    int64_t rest = floor_mod(base.c, m); bool one = rest + ext <= m, whole = rest == 0 && ext % m == 0;
    if ((!one && !whole) || set[t[i].k]) return;
    LDim *d = &reg[t[i].k]; d->base = laff_div(base, m); d->ext = one ? 1 : ext / m; d->dyn = false; d->over = need->over; set[t[i].k] = true;
    if (!one) return;
    base = laff_int(rest);
  }
}

static void invert(Lower *L, const LEq *e, const LDim *need, LDim *reg) {
  bool set[LEQ_INDICES] = { false };
  for (int k = 0; k < e->n; k++) reg[k] = dim_of(L, e->ix[k]->ext);
  for (int d = 0; d < e->eq->out->rank; d++) {
    const LForm *f = &e->place[d]; int k = f->n ? f->t[0].k : -1;
    if (f->n != 1 || f->t[0].m != 1 || k < 0) invert_radix(f, &need[d], reg, set);
    else if (!set[k]) reg[k] = need[d], reg[k].base.c -= f->c, set[k] = true;
  }
}

typedef struct Infer { Lower *L; LRegions r; bool *here; } Infer;

/* back: what a step of a recurrence reads of earlier ones. It counts for the storage only; where it moves differently: the whole tensor. */
static void need_add(Infer *f, const LTensor *t, const LDim *box, const LEq *e, bool back) {
  LDim **at = &(back ? f->r.back : f->r.need)[t->id], *old = *at; int64_t x;
  if (!old) *at = dims_copy(f->L, box, t->t->rank);
  for (int d = 0; old && d < t->t->rank; d++)
    old[d] = !back || laff_diff(&old[d].base, &box[d].base, &x) ? dim_union(f->L, &old[d], &box[d], e) : dim_of(f->L, t->t->shape[d]);
}
static void reads_need(Infer *f, const LEq *e, const LDim *reg) {
  LDim box[LEQ_INDICES];
  for (int k = 0; k < e->n; k++) if (reg[k].ext <= 0) return;
  EACH(LRead, r, e->read) {
    if (!f->here[r->t->id]) continue;
    bool later = false;
    for (int d = 0; d < r->t->t->rank; d++) box[d] = read_box(f->L, r, d, reg);
    EACH(LEq, w, r->t->writer) later |= w->id >= e->id;
    if (later) need_add(f, r->t, box, e, true);
    if (!later || r->t->writer.at[0]->id < e->id) need_add(f, r->t, box, e, false);
  }
}

static void region_slide(Infer *f, const LEq *e, LDim *reg) {
  for (LSlide *s = f->L->slides; s; s = s->next) {
    if (s->e != e) continue;
    LDim *d = &reg[s->k]; int64_t done = s->overlap;
    if (laff_diff(&s->at, &d->base, &done) && done < 0) done = 0;       /* the domain's border cut the region */
    d->base.c += done; d->ext -= done; d->cnt.c -= d->dyn ? done : 0;
  }
}

LRegions infer(Lower *L, LEqs eqs, LDim *const *bound, bool top) {
  int nt = L->all.n + 1, ne = L->eq.n + 1;
  Infer f = { L, { NEWN(L->c, LDim *, ne), NEWN(L->c, LDim *, ne), NEWN(L->c, LDim *, nt), NEWN(L->c, LDim *, nt) }, NEWN(L->c, bool, nt) };
  EACH(LEq, e, eqs) f.here[e->out->id] = true;
  for (int k = eqs.n - 1; k >= 0; k--) {
    LEq *e = eqs.at[k]; const LDim *given = bound ? bound[e->id] : NULL; LDim *reg = given ? dims_copy(L, given, e->n) : NEWN(L->c, LDim, e->n + 1);
    if (!given && top && (e->out->external || is_root(eqs, k))) need_add(&f, e->out, whole_box(L, e->out->t), e, false);
    const LDim *need = f.r.need[e->out->id];
    if (!given && !need) tree_error(L, e->leaf->pos, e, "nothing here needs it: its readers lie in another body, or before it");
    if (!given) invert(L, e, need, reg);
    f.r.reg[e->id] = reg; f.r.full[e->id] = dims_copy(L, reg, e->n);
    if (!given) region_slide(&f, e, reg);
    for (int i = 0; i < e->nfree; i++) if (!e->ix[i]->ext.dim || !e->ix[i]->ext.dim->stream || !L->block) dim_clip(L, &reg[i], e->ix[i]->ext);
    reads_need(&f, e, reg);
  }
  return f.r;
}

/* ---- coverage: what is computed inside a loop for readers there must be all that others read */
/* Do the places that f takes over its indices' whole ranges leave no gaps? */
static bool is_dense(const LEq *e, const LForm *f) {
  int64_t span = 1; bool used[LEQ_INDICES] = { false };
  for (int left = f->aff ? f->n : 0; left; left--) {      /* coefficients from the least on */
    int64_t m = 0; int least = -1;
    for (int j = 0; j < f->n; j++) {
      int64_t size = f->t[j].m < 0 ? -f->t[j].m : f->t[j].m;
      if (!used[j] && f->t[j].k >= 0 && (least < 0 || size < m)) least = j, m = size;
    }
    if (least < 0) return true;
    if (m > span) return false;
    used[least] = true; span += m * (extent_max(e->ix[f->t[least].k]->ext) - 1);
  }
  return true;
}
static bool dim_covers(const LDim *in, const LDim *all) {
  int64_t d, x;
  if (!laff_diff(&in->base, &all->base, &d) || d > 0 || d + in->ext < all->ext || (in->dyn && !all->dyn)) return false;
  return !in->dyn || in->loose || !laff_diff(&in->cnt, &all->cnt, &x) || x + d >= 0;
}
static bool reads_cover(Lower *L, LEqs in, const LEq *e, const LRegions *r) {
  const LTensor *t = e->out; bool covered[LEQ_INDICES] = { false }, dense = false;
  EACH(LEq, q, in) EACH(LRead, x, q->read) {
    bool all = x->t == t && q->id > e->id;
    for (int d = 0; d < t->t->rank && x->t == t && q->id > e->id; d++) {
      LDim b = read_box(L, x, d, r->reg[q->id]); covered[d] |= dim_covers(&b, &r->need[t->id][d]); all &= is_dense(q, &x->place[d]);
    }
    dense |= all;
  }
  for (int d = 0; d < t->t->rank; d++) if (!covered[d]) return false;
  return dense;
}

/* Several writers (pieces) are computed by what is read of their tensor, so only single ones are checked for gaps. */
void check_cover(Lower *L, const Tree *items, const LRegions *r) {
  for (const Tree *t = items; t; t = t->next) {
    LEqs in = t->kind == TREE_FOR ? tree_eqs(L, t, false) : (LEqs){ 0 };
    for (int k = 0; k < in.n; k++) {
      const LTensor *x = in.at[k]->out; bool elsewhere = x->external;
      EACH(LEq, e, x->reader) elsewhere |= !tree_holds(t, e, false);
      if (!elsewhere || x->writer.n > 1 || x->hist || is_root(in, k) || !r->need[x->id]) continue;
      if (!reads_cover(L, in, in.at[k], r))
        tree_error(L, t->pos, in.at[k], "inside `for %s` only what its readers there need is computed, and that is not all of it: "
                   "give it a leaf outside", t->name);
    }
  }
}
