/* Storage: where the elements of a tensor live while a body runs.
 *
 *   let z reg      named values, by constant offsets                let s1 alias s0      the same place
 *   let e fold y 4 only the last four rows, at y % 4                nothing said         memory, in the lowest body that holds all its users
 *
 * Memory of the kernel's own is a stack in scratch: a body's storage is free when the body ends. Sizes are spread over cache sets. Constants are
 * written in their layout into the module, equal data once. */
#include "lower.h"
#include <string.h>

int buf_add(Lower *L, KBuf b) { PUSH(L->c, L->s.bufs, b); return L->s.bufs.n - 1; }
int buf_of(Lower *L, const Tensor *t, KBufKind kind, int arg, int64_t offset, int64_t bytes) {
  return buf_add(L, (KBuf){ t->name, kind, mem_type(t->type), arg, offset, bytes, kind == KB_IN || kind == KB_CONST });
}

/* The parts of s over its box in t's layout (or that of `let`), dense. Gives the number of elements. */
static int64_t parts_of(Lower *L, LStore *s, const Tensor *t, const Tree *let) {
  const LayoutDim *l = let && let->layout ? let->layout : t->layout; int64_t stride = 1;
  s->npart = let && let->layout ? let->nlayout : l ? t->nlayout : t->rank; s->part = NEWN(L->c, LPart, s->npart + 1);
  for (int i = s->npart - 1; i >= 0; i--) {
    LayoutDim d = l ? l[i] : (LayoutDim){ i, 1, 0 }; int64_t n = (s->box[d.dim].ext + d.div - 1) / d.div;
    s->part[i] = (LPart){ d.dim, d.div, d.mod, stride, NULL }; stride *= d.mod > 0 && d.mod < n ? d.mod : n;
  }
  return stride;
}

/* ---- constants */
static const uint8_t *laid_out(Lower *L, const Tensor *t, const LStore *s, int64_t bytes) {
  int64_t all = tensor_size(t), at[LEQ_INDICES] = { 0 }, b = type_bytes(t->type);
  uint8_t *r = ctx_alloc(L->c, (size_t)bytes + 64);
  if (!t->layout) return memcpy(r, t->data, (size_t)bytes);
  for (int64_t k = 0; k < all; k++) {
    int64_t to = 0;
    for (int i = 0; i < s->npart; i++) {
      int64_t x = at[s->part[i].dim] / s->part[i].div;
      to += s->part[i].stride * (s->part[i].mod > 0 ? x % s->part[i].mod : x);
    }
    memcpy(r + to * b, (const uint8_t *)t->data + k * b, (size_t)b);
    for (int d = t->rank - 1; d >= 0 && ++at[d] == t->shape[d].n; d--) at[d] = 0;
  }
  return r;
}

typedef struct Place { int64_t at, n; } Place;

/* The offset of these bytes in the constant section, with a vector's room after them. */
static int64_t constant_place(Lower *L, const uint8_t *p, int64_t n) {
  KModule *m = L->m; uint64_t h = 1469598103934665603u;
  for (int64_t k = 0; k < n; k++) h = (h ^ p[k]) * 1099511628211u;
  const void *key = (const void *)(uintptr_t)(h | 1); Place *old = lmap_get(&L->s.same, key), *new = NEW(L->c, Place);
  if (old && old->n == n && !memcmp(m->constant + old->at, p, (size_t)n)) return old->at;
  *new = (Place){ up_to(m->nconstant, 64), n };
  if (new->at + n > L->s.constcap) {
    L->s.constcap = up_to((new->at + n) * 2, 64);
    uint8_t *q = ctx_alloc(L->c, (size_t)L->s.constcap + 64);
    q += (64 - (uintptr_t)q % 64) % 64;
    if (m->nconstant) memcpy(q, m->constant, (size_t)m->nconstant);
    m->constant = q;
  }
  memcpy(m->constant + new->at, p, (size_t)n); m->nconstant = new->at + n;
  lmap_put(L->c, &L->s.same, key, new); return new->at;
}

/* ---- tensors that outlive a body. One that the plan did not place (hand-made graphs) lies after all that it placed. */
int tensor_buffer(Lower *L, Tensor *t) {
  void *known = lmap_get(&L->s.bufof, t);
  if (known) return (int)(intptr_t)known - 1;
  LStore s = { .box = whole_box(L, t) }; int64_t bytes = parts_of(L, &s, t, NULL) * type_bytes(t->type);
  bool constant = t->kind == TK_PARAM || t->kind == TK_CONST, state = t->kind == TK_STATE || t->where == AT_STATE;
  if (constant && !t->data) bug(L->c, "constant %s has no value", t->name);
  int64_t at = constant ? constant_place(L, laid_out(L, t, &s, bytes), bytes)
             : t->where != AT_NONE ? t->offset : l_take(state ? &L->s.state : &L->s.scratch0, bytes);
  int r = buf_of(L, t, constant ? KB_CONST : state ? KB_STATE : KB_SCRATCH, -1, at, bytes);
  lmap_put(L->c, &L->s.bufof, t, (void *)(intptr_t)(r + 1)); return r;
}

/* Arguments are dense at the extents of the call: strides over symbolic dimensions are values. */
static void strides_run(Lower *L, LStore *s, const Tensor *t) {
  KInst *run = NULL; int64_t stride = 1;
  for (int i = s->npart - 1; i >= 0; i--) {
    Extent x = t->shape[s->part[i].dim];
    s->part[i].stride = stride; s->part[i].run = run;
    if (!x.dim) { stride *= x.n; continue; }
    KInst *n = laff_inst(L, dim_of(L, x).cnt);
    run = run ? l_fn(L, KF_MUL, run, n) : n;
  }
}

LStore *store_external(Lower *L, LTensor *t) {
  if (t->given) return t->given;
  LStore *s = t->given = NEW(L->c, LStore);
  *s = (LStore){ .t = t, .buf = tensor_buffer(L, t->t), .box = whole_box(L, t->t) };
  parts_of(L, s, t->t, NULL);
  if ((t->t->kind == TK_INPUT || t->t->kind == TK_OUTPUT) && !t->t->layout) strides_run(L, s, t->t);
  return s;
}

/* ---- the kernel's own storage */
static int dim_named(const LTensor *t, const char *name) {
  const LEq *e = t->writer.at[0];
  for (int d = 0; d < t->t->rank; d++)
    for (int i = 0; i < e->place[d].n; i++) if (e->place[d].t[i].k >= 0 && name_is(e->ix[e->place[d].t[i].k]->name, name)) return d;
  return -1;
}

static bool holds_all(const Tree *f, const LTensor *t) {
  EACH(LEq, w, t->writer) if (!tree_holds(f, w, false)) return false;
  EACH(LEq, r, t->reader) if (!tree_holds(f, r, false)) return false;
  return true;
}

/* Is there a loop over the index here around t's producer and all its readers? Then its windows are what counts. */
static bool loop_inside(const Tree *f, const LTensor *t, const char *index) {
  for (; f; f = f->next) if (f->kind == TREE_FOR && holds_all(f, t) && (name_is(f->name, index) || loop_inside(f->body, t, index))) return true;
  return false;
}

/* Inside the loops around which a fold lies, its readers' window fits into it. */
void check_folds(Lower *L, const Tree *items, LEqs eqs, LDim *const *bound, const LRegions *r) {
  EACH(LEq, e, eqs) {
    const LStore *s = e->out->store; const Tree *let = e->out->let; const LDim *need = r->need[e->out->id];
    if (!s || !s->nfold || (bound && bound[e->id]) || !need || loop_inside(items, e->out, let->fold)) continue;
    if (need[s->fold].ext > s->nfold)
      tree_error(L, let->pos, e, "fold %s %lld: its readers need %lld at once", let->fold, (long long)s->nfold, (long long)need[s->fold].ext);
  }
}

/* The least and most that is read or written here. */
static LDim *box_of(Lower *L, LTensor *t, const LRegions *r) {
  const LDim *need = r->need[t->id], *back = r->back[t->id];
  LDim *box = need || back ? dims_copy(L, need ? need : back, t->t->rank) : whole_box(L, t->t);
  for (int d = 0; d < t->t->rank; d++) {
    if (back) box[d] = dim_union(L, &box[d], &back[d], t->writer.at[0]);
    EACH(LEq, e, t->writer) {
      LDim w = r->reg[e->id] ? form_box(L, &e->place[d], r->reg[e->id]) : (LDim){ .ext = 0 };
      if (w.ext > 0) box[d] = dim_union(L, &box[d], &w, e);
    }
  }
  return box;
}

/* Space in scratch, with an odd number of lines between neighbours and a vector's room at the end. */
static int scratch_take(Lower *L, LTensor *t, int64_t bytes) {
  bytes += L->t->vector_bytes;
  int64_t at = l_take(&L->top, up_to(bytes, 64) + 64 * (1 + 2 * (L->s.nalloc++ % 4)));
  if (L->top > L->s.peak) L->s.peak = L->top;
  if (t->buf < 0 || L->s.bufs.at[t->buf].offset != at || L->s.bufs.at[t->buf].bytes < bytes)
    t->buf = buf_of(L, t->t, KB_SCRATCH, BUF_LOCAL, at, bytes);
  return t->buf;
}

static int64_t padded(Lower *L, const LTensor *t, int64_t ext, int rank) {
  int bytes = type_bytes(t->t->type), w = target_lanes(L->t, bytes); int64_t n = up_to(ext, w);
  if (rank == 1 || ext * 2 <= w) return ext;
  return n * bytes % 4096 == 0 ? n + w : n;
}

static LStore *store_new(Lower *L, LTensor *t, const LRegions *r) {
  LStore *s = NEW(L->c, LStore); const Tree *let = t->let; bool reg = let && let->storage == ST_REG;
  *s = (LStore){ .t = t, .reg = reg, .local = !reg, .box = box_of(L, t, r) };
  if (reg) return s;
  for (int d = 0; d < t->t->rank; d++) {
    if (s->box[d].dyn) s->box[d].ext = up_to(s->box[d].ext, target_lanes(L->t, 1));
    if (s->box[d].ext < 1) s->box[d].ext = 1;
  }
  parts_of(L, s, t->t, let);
  for (int i = 0; i < s->npart; i++)                       /* blocked dimensions count from 0, so that div and mod see whole blocks */
    if (s->part[i].div > 1 || s->part[i].mod) s->box[s->part[i].dim] = (LDim){ .ext = extent_max(t->t->shape[s->part[i].dim]) };
  if (let && let->fold) {
    s->fold = dim_named(t, let->fold);
    if (s->fold < 0) tree_error(L, let->pos, t->writer.at[0], "fold %s: it has no index %s", let->fold, let->fold);
    s->box[s->fold].ext = s->nfold = let->nfold;
  }
  const LPart *last = s->npart ? &s->part[s->npart - 1] : NULL;
  if (last && last->div == 1 && !last->mod) s->box[last->dim].ext = padded(L, t, s->box[last->dim].ext, s->npart);
  s->buf = scratch_take(L, t, parts_of(L, s, t->t, let) * type_bytes(t->t->type)); return s;
}

/* ---- in place */
static bool reads_at_place(const LEq *e, const LTensor *t) {
  EACH(LRead, r, e->read) {
    for (int d = 0; d < t->t->rank && r->t == t; d++) {
      const LForm *a = &r->place[d], *b = &e->place[d];
      if (!a->aff || a->c != b->c || a->n != b->n) return false;
      for (int i = 0; i < a->n; i++) if (a->t[i].k != b->t[i].k || a->t[i].m != b->t[i].m) return false;
    }
  }
  return true;
}

static bool same_shape(const Tensor *a, const Tensor *b) {
  for (int d = 0; d < a->rank && a->rank == b->rank; d++) if (!extent_equal(a->shape[d], b->shape[d])) return false;
  return a->rank == b->rank;
}

/* first's elements may be overwritten by last's: last reads first at its own place and nobody reads first afterwards. */
static void check_alias(Lower *L, const Tree *let, const LTensor *first, const LTensor *last) {
  const LEq *e = last->writer.at[last->writer.n - 1]; const char *why = NULL;
  if (!same_shape(first->t, last->t)) why = "the shapes differ";
  else if (first->hist || last->hist) why = "a tensor with a history keeps its frames";
  else if (first->t->kind != TK_TEMP && first->t->kind != TK_OUTPUT) why = "it must not be overwritten";
  else if (first->external && first->t->kind == TK_TEMP) why = "another kernel reads it";
  else if (first->t->type != last->t->type) why = "the types differ";
  else if (!reads_at_place(e, first)) why = "it is read at another place than it is written";
  EACH(LEq, r, first->reader) if (!why && r->id > e->id) why = ctx_printf(L->c, "%s reads it later", r->eq->out->name);
  if (why) tree_error(L, let->pos, last->writer.at[0], "it cannot take the place of %s: %s", first->t->name, why);
}

static LTensor *alias_of(Lower *L, const LTensor *t) {
  const Tree *let = t->let; LTensor *o = tensor_named(L, let->other);
  for (int k = 0; k < L->k->nin && !o; k++) if (name_is(L->k->in[k]->name, let->other)) o = tensor_of(L, L->k->in[k]);
  if (!o || o == t) tree_error(L, let->pos, t->writer.at[0], "alias %s: no such tensor in this kernel", let->other);
  bool later = o->writer.n && o->writer.at[0]->id > t->writer.at[0]->id;
  check_alias(L, let, later ? t : o, later ? o : t); return o;
}

/* ---- which body */
/* Must the storage of t lie outside this loop, because a reader at an earlier step reads elsewhere along its index than t is written? */
static bool steps_through(const Tree *f, const LTensor *t) {
  EACH(LEq, e, t->reader) EACH(LRead, r, e->read) EACH(LEq, w, t->writer) {
    int x = eq_index(w, f->name), y = eq_index(e, f->name);
    for (int d = 0; d < t->t->rank && x >= 0 && r->t == t && w->id >= e->id; d++) {
      const LForm *a = &w->place[d], *b = &r->place[d];
      bool same = b->aff && a->n == 1 && b->n == 1 && a->c == b->c && b->t[0].k == y && a->t[0].m == b->t[0].m;
      if (a->uses >> x & 1 && !same) return true;
    }
  }
  return false;
}

static bool belongs_here(const Tree *items, const LTensor *t) {
  if (t->store || t->external || t->hist) return false;
  for (const Tree *i = items; i; i = i->next) {
    if (i == t->let) return true;
    if (!t->let && i->kind == TREE_FOR && holds_all(i, t) && !steps_through(i, t)) return false;
  }
  return !t->let;
}

static bool is_alias(const LTensor *t) { return t->let && t->let->storage == ST_ALIAS; }

static void open_one(Lower *L, LTensor *t, const LRegions *r) {
  if (t->store) return;
  LTensor *o = is_alias(t) ? alias_of(L, t) : NULL;
  if (o && !o->store && o->external) o->store = store_external(L, o);
  if (o && !o->store && r->reg[o->writer.at[0]->id]) open_one(L, o, r);
  if (o && !o->store) tree_error(L, t->let->pos, t->writer.at[0], "alias %s: its storage is made in another body", o->t->name);
  t->store = o ? o->store : store_new(L, t, r); PUSH(L->c, L->opened, t);
}

void store_open(Lower *L, const Tree *items, LEqs eqs, const LRegions *r) {
  for (int alias = 0; alias < 2; alias++)
    EACH(LEq, e, eqs) if (is_alias(e->out) == alias && belongs_here(items, e->out)) open_one(L, e->out, r);
}
