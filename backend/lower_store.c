/* Storage: where the elements of a tensor live while a body runs.
 *
 *   let z reg      named values, by constant offsets                let s1 alias s0      the same place
 *   let e fold y 4 only the last four rows, at y % 4                nothing said         memory, in the lowest body that holds all its users
 *
 * Memory of the kernel's own is a stack in scratch: a body's storage is free when the body ends. Sizes are spread over cache sets. Constants
 * are written in their layout into the module, equal data once.
 */
#include "lower.h"
#include "../ir/scalar.h"
#include <string.h>

static int64_t up_to(int64_t n, int64_t m) { return (n + m - 1) / m * m; }

int buf_add(Lower *L, KBuf b)
{
  PUSH(L->c, L->bufs, b);
  return L->bufs.n - 1;
}

int64_t layout_extent(const LayoutDim *d, int64_t ext)
{
  int64_t n = (ext + d->div - 1) / d->div;
  return d->mod > 0 && d->mod < n ? d->mod : n;
}

static const LayoutDim *layout_of(Lower *L, const LayoutDim *l, int n, const Tensor *t, int *count)
{
  if (l) {
    *count = n;
    return l;
  }
  LayoutDim *r = NEWN(L->c, LayoutDim, t->rank + 1);
  for (int d = 0; d < t->rank; d++) r[d] = (LayoutDim){ d, 1, 0 };
  *count = t->rank;
  return r;
}

/* ---- constants */

static void element_copy(const Tensor *t, const LayoutDim *l, int n, const int64_t *at, int64_t from, uint8_t *to)
{
  int64_t k = 0;
  for (int i = 0; i < n; i++) {
    int64_t x = at[l[i].dim] / l[i].div;
    k = k * layout_extent(&l[i], t->shape[l[i].dim].n) + (l[i].mod > 0 ? x % l[i].mod : x);
  }
  int b = type_bytes(t->type);
  memcpy(to + k * b, (const uint8_t *)t->data + from * b, (size_t)b);
}

static uint8_t *laid_out(Lower *L, const Tensor *t, int64_t *bytes)
{
  int n;
  const LayoutDim *l = layout_of(L, t->layout, t->nlayout, t, &n);
  int64_t size = 1, all = tensor_size(t), at[LEQ_INDICES] = { 0 };
  for (int i = 0; i < n; i++) size *= layout_extent(&l[i], t->shape[l[i].dim].n);
  *bytes = size * type_bytes(t->type);
  uint8_t *r = ctx_alloc(L->c, (size_t)*bytes + 64);
  if (!t->layout) {
    memcpy(r, t->data, (size_t)*bytes);
    return r;
  }
  for (int64_t k = 0; k < all; k++) {
    element_copy(t, l, n, at, k, r);
    for (int d = t->rank - 1; d >= 0 && ++at[d] == t->shape[d].n; d--) at[d] = 0;
  }
  return r;
}

static uint64_t bytes_hash(const uint8_t *p, int64_t n)
{
  uint64_t h = 1469598103934665603u;
  for (int64_t k = 0; k < n; k++) h = (h ^ p[k]) * 1099511628211u;
  return h | 1;
}

/* The offset of these bytes in the constant section, with a vector's room after them. */
static int64_t constant_place(Lower *L, const uint8_t *p, int64_t n)
{
  KModule *m = L->m;
  uint64_t h = bytes_hash(p, n);
  const void *key = (const void *)(uintptr_t)h;
  int64_t *old = lmap_get(&L->same, key);
  if (old && old[1] == n && !memcmp(m->constant + old[0], p, (size_t)n)) return old[0];
  int64_t at = up_to(m->nconstant, 64), end = at + n;
  if (end > L->constcap) {
    L->constcap = up_to(end * 2, 64);
    uint8_t *q = ctx_alloc(L->c, (size_t)L->constcap + 64);
    q += (64 - (uintptr_t)q % 64) % 64;
    if (m->nconstant) memcpy(q, m->constant, (size_t)m->nconstant);
    m->constant = q;
  }
  memcpy(m->constant + at, p, (size_t)n);
  m->nconstant = end;
  int64_t *v = NEWN(L->c, int64_t, 2);
  v[0] = at;
  v[1] = n;
  lmap_put(L->c, &L->same, key, v);
  return at;
}

int constant_add(Lower *L, Tensor *t)
{
  int64_t bytes;
  if (!t->data) bug(L->c, "constant %s has no value", t->name);
  const uint8_t *p = laid_out(L, t, &bytes);
  return buf_add(L, (KBuf){ .name = t->name, .kind = KB_CONST, .elem = mem_type(t->type), .arg = -1, .offset = constant_place(L, p, bytes), .bytes = bytes, .readonly = true });
}

/* ---- tensors that outlive a body */

static int64_t stored_bytes(Lower *L, const Tensor *t)
{
  int n;
  const LayoutDim *l = layout_of(L, t->layout, t->nlayout, t, &n);
  int64_t size = type_bytes(t->type);
  for (int i = 0; i < n; i++) size *= layout_extent(&l[i], extent_max(t->shape[l[i].dim]));
  return size;
}

/* A tensor that the plan did not place (hand-made graphs): after all that it placed. */
static int64_t unplanned(Lower *L, int64_t bytes)
{
  int64_t at = up_to(L->scratch0, 64);
  L->scratch0 = at + bytes;
  return at;
}

int tensor_buffer(Lower *L, Tensor *t)
{
  void *known = lmap_get(&L->bufof, t);
  if (known) return (int)(intptr_t)known - 1;
  int64_t bytes = stored_bytes(L, t);
  KBuf b = { .name = t->name, .elem = mem_type(t->type), .arg = -1, .bytes = bytes };
  int r;
  if (t->kind == TK_PARAM || t->kind == TK_CONST) {
    r = constant_add(L, t);
  } else {
    if (t->kind == TK_STATE || t->where == AT_STATE) b.kind = KB_STATE;
    else b.kind = KB_SCRATCH;
    b.offset = t->offset;
    if (t->where == AT_NONE && b.kind == KB_SCRATCH) b.offset = unplanned(L, bytes);
    if (t->where == AT_NONE && b.kind == KB_STATE) {
      b.offset = up_to(L->state, 64);
      L->state = b.offset + bytes;
    }
    r = buf_add(L, b);
  }
  lmap_put(L->c, &L->bufof, t, (void *)(intptr_t)(r + 1));
  return r;
}

static bool is_argument(const Tensor *t) { return t->kind == TK_INPUT || t->kind == TK_OUTPUT; }

static void parts_of(Lower *L, LStore *s, const LayoutDim *l, int n, const int64_t *ext)
{
  int64_t stride = 1;
  s->npart = n;
  s->part = NEWN(L->c, LPart, n + 1);
  for (int i = n - 1; i >= 0; i--) {
    s->part[i] = (LPart){ l[i].dim, l[i].div, l[i].mod, stride, NULL };
    stride *= layout_extent(&l[i], ext[l[i].dim]);
  }
}

/* Arguments are dense at the extents of the call: strides over symbolic dimensions are values. */
static void strides_run(Lower *L, LStore *s, const Tensor *t)
{
  KInst *run = NULL;
  int64_t stride = 1;
  for (int i = s->npart - 1; i >= 0; i--) {
    s->part[i].stride = stride;
    s->part[i].run = run;
    Extent x = t->shape[s->part[i].dim];
    if (!x.dim) {
      stride *= x.n;
      continue;
    }
    LDim d = dim_of(L, x);
    KInst *n = laff_inst(L, &d.cnt);
    run = run ? k_ifn(&L->b, KF_MUL, run, n) : n;
  }
}

LStore *store_external(Lower *L, LTensor *t)
{
  if (t->given) return t->given;
  LStore *s = NEW(L->c, LStore);
  int n, rank = t->t->rank;
  const LayoutDim *l = layout_of(L, t->t->layout, t->t->nlayout, t->t, &n);
  s->t = t;
  s->buf = tensor_buffer(L, t->t);
  s->base = NEWN(L->c, LAff, rank + 1);
  s->ext = NEWN(L->c, int64_t, rank + 1);
  for (int d = 0; d < rank; d++) s->ext[d] = extent_max(t->t->shape[d]);
  parts_of(L, s, l, n, s->ext);
  if (is_argument(t->t) && !t->t->layout) strides_run(L, s, t->t);
  return t->given = s;
}

/* ---- the kernel's own storage */

static bool is_reg(const LTensor *t) { return t->let && t->let->storage == ST_REG; }

static int dim_named(const LTensor *t, const char *name)
{
  const LEq *e = t->writer[0];
  for (int d = 0; d < t->t->rank; d++)
    for (int i = 0; i < e->place[d].n; i++)
      if (e->place[d].t[i].k >= 0 && name_is(e->ix[e->place[d].t[i].k]->name, name)) return d;
  return -1;
}

static void fold_of(Lower *L, LStore *s)
{
  const Tree *let = s->t->let;
  if (!let || !let->fold) return;
  int d = dim_named(s->t, let->fold);
  if (d < 0) tree_error(L, let->pos, s->t->writer[0], ctx_printf(L->c, "fold %s: it has no index %s", let->fold, let->fold));
  s->fold = d;
  s->nfold = let->nfold;
  s->ext[d] = let->nfold;
}

static bool holds_all(const Tree *f, const LTensor *t)
{
  for (int k = 0; k < t->nwriter; k++)
    if (!tree_holds(f, t->writer[k], false)) return false;
  for (int k = 0; k < t->nreader; k++)
    if (!tree_holds(f, t->reader[k], false)) return false;
  return true;
}

/* Is there a loop over the index here around t's producer and all its readers? Then its windows are what counts. */
static bool loop_inside(const Tree *f, const LTensor *t, const char *index)
{
  for (; f; f = f->next)
    if (f->kind == TREE_FOR && holds_all(f, t) && (name_is(f->name, index) || loop_inside(f->body, t, index))) return true;
  return false;
}

/* Inside the loops around which a fold lies, its readers' window fits into it. */
void check_folds(Lower *L, const Tree *items, LEq **eqs, int n, LDim *const *bound, const LRegions *r)
{
  for (int k = 0; k < n; k++) {
    const LEq *e = eqs[k];
    const LStore *s = e->out->store;
    if (!s || !s->nfold || (bound && bound[e->id]) || !r->need[e->out->id] || loop_inside(items, e->out, e->out->let->fold)) continue;
    int64_t ext = r->need[e->out->id][s->fold].ext;
    if (ext > s->nfold)
      tree_error(L, e->out->let->pos, e, ctx_printf(L->c, "fold %s %lld: its readers need %lld at once", e->out->let->fold, (long long)s->nfold, (long long)ext));
  }
}

/* The least and most that is read or written here. */
static LDim *box_of(Lower *L, LTensor *t, const LRegions *r)
{
  LDim *box = NEWN(L->c, LDim, t->t->rank + 1);
  for (int d = 0; d < t->t->rank; d++) {
    box[d] = r->need[t->id] ? r->need[t->id][d] : r->back[t->id] ? r->back[t->id][d] : dim_of(L, t->t->shape[d]);
    if (r->back[t->id]) box[d] = dim_union(L, &box[d], &r->back[t->id][d], t->writer[0]);
    for (int k = 0; k < t->nwriter; k++) {
      if (!r->reg[t->writer[k]->id]) continue;
      LDim w = form_box(L, &t->writer[k]->place[d], r->reg[t->writer[k]->id]);
      if (w.ext > 0) box[d] = dim_union(L, &box[d], &w, t->writer[k]);
    }
  }
  return box;
}

/* Space in scratch, with an odd number of lines between neighbours and a vector's room at the end. */
static int scratch_take(Lower *L, LTensor *t, int64_t bytes)
{
  int64_t at = up_to(L->top, 64);
  L->top = at + up_to(bytes + L->t->vector_bytes, 64) + 64 * (1 + 2 * (L->nalloc++ % 4));
  if (L->top > L->peak) L->peak = L->top;
  if (t->buf >= 0 && L->bufs.at[t->buf].offset == at && L->bufs.at[t->buf].bytes >= bytes + L->t->vector_bytes) return t->buf;
  t->buf = buf_add(L, (KBuf){ .name = t->t->name, .kind = KB_SCRATCH, .elem = mem_type(t->t->type), .arg = BUF_LOCAL, .offset = at, .bytes = bytes + L->t->vector_bytes });
  return t->buf;
}

static int64_t padded(Lower *L, const LTensor *t, int64_t ext, int rank)
{
  int bytes = type_bytes(t->t->type), w = target_lanes(L->t, bytes);
  if (rank == 1 || ext * 2 <= w) return ext;
  int64_t n = up_to(ext, w);
  return n * bytes % 4096 == 0 ? n + w : n;
}

static void memory_of(Lower *L, LStore *s, const LDim *box)
{
  LTensor *t = s->t;
  int n, rank = t->t->rank;
  bool own = t->let && t->let->layout;
  const LayoutDim *l = layout_of(L, own ? t->let->layout : t->t->layout, own ? t->let->nlayout : t->t->nlayout, t->t, &n);
  int64_t size = 1;
  s->local = true;
  for (int d = 0; d < rank; d++) {
    s->base[d] = box[d].base;
    s->ext[d] = box[d].dyn ? up_to(box[d].ext, target_lanes(L->t, 1)) : box[d].ext;
    if (s->ext[d] < 1) s->ext[d] = 1;
  }
  for (int i = 0; i < n; i++)      /* blocked dimensions count from 0, so that div and mod see whole blocks */
    if (l[i].div > 1 || l[i].mod) {
      s->base[l[i].dim] = laff_int(0);
      s->ext[l[i].dim] = extent_max(t->t->shape[l[i].dim]);
    }
  fold_of(L, s);
  if (n && l[n - 1].div == 1 && !l[n - 1].mod) s->ext[l[n - 1].dim] = padded(L, t, s->ext[l[n - 1].dim], n);
  parts_of(L, s, l, n, s->ext);
  for (int i = 0; i < n; i++) size *= layout_extent(&l[i], s->ext[l[i].dim]);
  s->buf = scratch_take(L, t, size * type_bytes(t->t->type));
}

static LStore *store_new(Lower *L, LTensor *t, const LRegions *r)
{
  LStore *s = NEW(L->c, LStore);
  LDim *box = box_of(L, t, r);
  s->t = t;
  s->base = NEWN(L->c, LAff, t->t->rank + 1);
  s->ext = NEWN(L->c, int64_t, t->t->rank + 1);
  s->reg = is_reg(t);
  if (s->reg) {
    for (int d = 0; d < t->t->rank; d++) s->base[d] = box[d].base;
    return s;
  }
  memory_of(L, s, box);
  return s;
}

/* ---- in place */

static bool reads_at_place(const LEq *e, const LTensor *t)
{
  for (int k = 0; k < e->nread; k++) {
    if (e->read[k]->t != t) continue;
    if (t->t->rank != e->out->t->rank) return false;
    for (int d = 0; d < t->t->rank; d++) {
      const LForm *a = &e->read[k]->place[d], *b = &e->place[d];
      if (!a->aff || a->c != b->c || a->n != b->n) return false;
      for (int i = 0; i < a->n; i++)
        if (a->t[i].k != b->t[i].k || a->t[i].m != b->t[i].m) return false;
    }
  }
  return true;
}

/* first's elements may be overwritten by last's: last reads first at its own place and nobody reads first afterwards. */
static void check_alias(Lower *L, const Tree *let, const LTensor *first, const LTensor *last)
{
  const LEq *e = last->writer[last->nwriter - 1];
  const char *why = NULL;
  if (mem_type(first->t->type) != mem_type(last->t->type) || first->t->type != last->t->type) why = "the types differ";
  for (int d = 0; d < first->t->rank && first->t->rank == last->t->rank && !why; d++)
    if (!extent_equal(first->t->shape[d], last->t->shape[d])) why = "the shapes differ";
  if (first->t->rank != last->t->rank) why = "the shapes differ";
  else if (first->hist || last->hist) why = "a tensor with a history keeps its frames";
  else if (first->t->kind != TK_TEMP && first->t->kind != TK_OUTPUT) why = "it must not be overwritten";
  else if (first->external && first->t->kind == TK_TEMP) why = "another kernel reads it";
  else if (!why && !reads_at_place(e, first)) why = "it is read at another place than it is written";
  for (int k = 0; k < first->nreader && !why; k++)
    if (first->reader[k]->order > e->order) why = ctx_printf(L->c, "%s reads it later", first->reader[k]->eq->out->name);
  if (why) tree_error(L, let->pos, last->writer[0], ctx_printf(L->c, "it cannot take the place of %s: %s", first->t->name, why));
}

static LTensor *named(Lower *L, const char *name)
{
  for (int k = 0; k < L->k->neq; k++)
    if (name_is(L->k->eq[k]->out->name, name)) return tensor_of(L, L->k->eq[k]->out);
  for (int k = 0; k < L->k->nin; k++)
    if (name_is(L->k->in[k]->name, name)) return tensor_of(L, L->k->in[k]);
  return NULL;
}

static LTensor *alias_of(Lower *L, const LTensor *t)
{
  const Tree *let = t->let;
  LTensor *o = named(L, let->other);
  if (!o || o == t) tree_error(L, let->pos, t->writer[0], ctx_printf(L->c, "alias %s: no such tensor in this kernel", let->other));
  if (o->nwriter && o->writer[0]->order > t->writer[0]->order) check_alias(L, let, t, o);
  else check_alias(L, let, o, t);
  return o;
}

/* ---- which body */

/* Reads of earlier steps: must the storage of t lie outside this loop? */
static bool steps_through(const Tree *f, const LTensor *t)
{
  for (int k = 0; k < t->nreader; k++) {
    const LEq *e = t->reader[k];
    for (int i = 0; i < e->nread; i++) {
      if (e->read[i]->t != t) continue;
      for (int w = 0; w < t->nwriter; w++)
        for (int d = 0; d < t->t->rank && t->writer[w]->order >= e->order; d++) {
          int x = eq_index(t->writer[w], f->name), y = eq_index(e, f->name);
          const LForm *a = &t->writer[w]->place[d], *b = &e->read[i]->place[d];
          if (x < 0 || !(a->uses >> x & 1)) continue;
          bool same = b->aff && a->n == 1 && b->n == 1 && a->c == b->c && b->t[0].k == y && a->t[0].m == b->t[0].m;
          if (!same) return true;
        }
    }
  }
  return false;
}

static bool let_stands(const Tree *items, const Tree *let)
{
  for (; items && items != let; items = items->next) {}
  return items != NULL;
}

static bool belongs_here(Lower *L, const Tree *items, const LTensor *t)
{
  (void)L;
  if (t->store || t->external || t->hist) return false;
  if (t->let) return let_stands(items, t->let);
  for (const Tree *i = items; i; i = i->next)
    if (i->kind == TREE_FOR && holds_all(i, t) && !steps_through(i, t)) return false;
  return true;
}

static void open_one(Lower *L, LTensor *t, const LRegions *r, LTensor ***mine, int *n)
{
  if (t->store) return;
  if (t->let && t->let->storage == ST_ALIAS) {
    LTensor *o = alias_of(L, t);
    if (!o->store && o->external) o->store = store_external(L, o);
    if (!o->store && r->reg[o->writer[0]->id]) open_one(L, o, r, mine, n);
    if (!o->store) tree_error(L, t->let->pos, t->writer[0], ctx_printf(L->c, "alias %s: its storage is made in another body", o->t->name));
    t->store = o->store;
  } else {
    t->store = store_new(L, t, r);
  }
  (*mine)[(*n)++] = t;
}

void store_open(Lower *L, const Tree *items, LEq **eqs, int n, const LRegions *r, LTensor ***mine, int *nmine)
{
  *mine = NEWN(L->c, LTensor *, 2 * n + 2);
  *nmine = 0;
  for (int pass = 0; pass < 2; pass++)
    for (int k = 0; k < n; k++) {
      LTensor *t = eqs[k]->out;
      bool alias = t->let && t->let->storage == ST_ALIAS;
      if (alias == (pass == 1) && belongs_here(L, items, t)) open_one(L, t, r, mine, nmine);
    }
}
