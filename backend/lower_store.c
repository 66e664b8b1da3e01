/* Storage: where the elements of a tensor live while a body runs, and how they are read and written.
 *
 *   let z reg      named values, by constant offsets                let s1 alias s0      the same place
 *   let e fold y 4 only the last four rows, at y % 4                nothing said         memory, in the lowest body that holds all its users
 *
 * Memory of the kernel's own is a stack in scratch: a body's storage is free when the body ends. Sizes are spread over cache sets. */
#include "lower.h"
#include "../ir/scalar.h"

int buf_add(Lower *L, KBuf b) { PUSH(L->c, L->s.bufs, b); return L->s.bufs.n - 1; }
int buf_of(Lower *L, const Tensor *t, KBufKind kind, int arg, int64_t offset, int64_t bytes) {
  return buf_add(L, (KBuf){ t->name, kind, mem_type(t->type), arg, offset, bytes, kind == KB_IN || kind == KB_CONST, false });
}

/* The parts of s over its box in t's layout (or that of `let`, or in this order), dense. Gives the number of elements. */
static int64_t parts_of(Lower *L, LStore *s, const Tensor *t, const Tree *let, const int *order) {
  const LayoutDim *l = let && let->layout ? let->layout : t->layout; int64_t stride = 1;
  s->npart = let && let->layout ? let->nlayout : l ? t->nlayout : t->rank; s->part = NEWN(L->c, LPart, s->npart + 1);
  for (int i = s->npart - 1; i >= 0; i--) {
    LayoutDim d = l ? l[i] : (LayoutDim){ order ? order[i] : i, 1, 0 }; int64_t n = (s->box[d.dim].ext + d.div - 1) / d.div;
    s->part[i] = (LPart){ d.dim, d.div, d.mod, stride, NULL }; stride *= d.mod > 0 && d.mod < n ? d.mod : n;
    if (s->local && i > 0 && i + 1 < s->npart && stride * type_bytes(t->type) % 512 == 0) stride += 64 / type_bytes(t->type);
  }
  return stride;
}

static const uint8_t *laid_out(Lower *L, const Tensor *t, const LStore *s, int64_t bytes) {
  int64_t all = tensor_size(t), at[LEQ_INDICES] = { 0 }, *to[LEQ_INDICES], b = type_bytes(t->type), n;
  uint8_t *r = ctx_alloc(L->c, (size_t)bytes + 64); if (!t->layout) return memcpy(r, t->data, (size_t)bytes);
  for (int d = 0; d < t->rank; d++) to[d] = NEWN(L->c, int64_t, t->shape[d].n);
  for (const LPart *p = s->part; p < s->part + s->npart; p++)      /* what each place of a dimension adds to the offset */
    for (int64_t x = 0; x < t->shape[p->dim].n; x++) to[p->dim][x] += p->stride * (p->mod > 0 ? x / p->div % p->mod : x / p->div);
  for (int64_t k = 0; k < all; k++) {
    n = 0; for (int d = 0; d < t->rank; d++) n += to[d][at[d]];
    memcpy(r + n * b, (const uint8_t *)t->data + k * b, (size_t)b);
    for (int d = t->rank - 1; d >= 0 && ++at[d] == t->shape[d].n; d--) at[d] = 0;
  }
  return r;
}

typedef struct Place { int64_t at, n; } Place;

/* The offset of these bytes in the constant section, with a vector's room after them. */
int64_t constant_place(Lower *L, const uint8_t *p, int64_t n) {
  KModule *m = L->m; uint64_t h = 1469598103934665603u;
  for (int64_t k = 0; k < n; k++) h = (h ^ p[k]) * 1099511628211u;
  const void *key = (const void *)(uintptr_t)(h | 1); Place *old = map_get(&L->s.same, key), *new = NEW(L->c, Place);
  if (old && old->n == n && !memcmp(m->constant + old->at, p, (size_t)n)) return old->at;
  *new = (Place){ up_to(m->nconstant, 64), n };
  if (new->at + n > L->s.constcap) {
    L->s.constcap = up_to((new->at + n) * 2, 64); uint8_t *q = ctx_alloc(L->c, (size_t)L->s.constcap + 64); q += (64 - (uintptr_t)q % 64) % 64;
    if (m->nconstant) memcpy(q, m->constant, (size_t)m->nconstant);
    m->constant = q;
  }
  memcpy(m->constant + new->at, p, (size_t)n); m->nconstant = new->at + n; map_put(L->c, &L->s.same, key, new); return new->at;
}

/* ---- tensors that outlive a body. One that the plan did not place (hand-made graphs) lies after all that it placed. */
int tensor_buffer(Lower *L, Tensor *t) {
  if (t->whole) t = t->whole;
  void *known = map_get(&L->s.bufof, t);
  if (known) return (int)(intptr_t)known - 1;
  LStore s = { .box = whole_box(L, t) }; int64_t bytes = parts_of(L, &s, t, NULL, NULL) * type_bytes(t->type);
  bool constant = t->kind == TK_PARAM || t->kind == TK_CONST, state = t->kind == TK_STATE || t->where == AT_STATE;
  if (constant && !t->data) bug(L->c, "constant %s has no value", t->name);
  int64_t at = constant ? constant_place(L, laid_out(L, t, &s, bytes), bytes)
             : t->where != AT_NONE ? t->offset : l_take(state ? &L->s.state : &L->s.scratch0, bytes);
  int r = buf_of(L, t, constant ? KB_CONST : state ? KB_STATE : KB_SCRATCH, -1, at, bytes);
  map_put(L->c, &L->s.bufof, t, (void *)(intptr_t)(r + 1)); return r;
}

/* Arguments are dense at the extents of the call: strides over symbolic dimensions are values. */
static void strides_run(Lower *L, LStore *s, const Tensor *t) {
  KInst *run = NULL; int64_t stride = 1;
  for (int i = s->npart - 1; i >= 0; i--) {
    Extent x = t->shape[s->part[i].dim]; s->part[i].stride = stride; s->part[i].run = run;
    if (!x.dim) { stride *= x.n; continue; }
    KInst *n = laff_inst(L, dim_of(L, x).cnt); run = run ? l_fn(L, KF_MUL, run, n) : n;
  }
}
LStore *store_external(Lower *L, LTensor *t) {
  if (t->given) return t->given;
  LStore *s = t->given = NEW_AS(L->c, LStore, .t = t, .buf = tensor_buffer(L, t->t), .box = whole_box(L, t->t)); parts_of(L, s, t->t, NULL, NULL);
  if ((t->t->kind == TK_INPUT || t->t->kind == TK_OUTPUT) && !t->t->layout) strides_run(L, s, t->t);
  return s;
}

/* ---- the kernel's own storage */
static int dim_named(const LTensor *t, const char *name) {
  const LEq *e = t->writer.at[0];
  for (int d = 0; d < t->t->rank; d++)
    for (int i = 0; i < e->place[d].n; i++) if (e->place[d].t[i].k >= 0 && name_same(e->ix[e->place[d].t[i].k]->name, name)) return d;
  return -1;
}
static bool holds_all(const Tree *f, const LTensor *t) {
  EACH(LEq, w, t->writer) if (!tree_holds(f, w, false)) return false;
  EACH(LEq, r, t->reader) if (!tree_holds(f, r, false)) return false;
  return true;
}

/* Is there a loop over the index here around t's producer and all its readers? Then its windows are what counts. */
static bool loop_inside(const Tree *f, const LTensor *t, const char *index) {
  for (; f; f = f->next) if (f->kind == TREE_FOR && holds_all(f, t) && (name_same(f->name, index) || loop_inside(f->body, t, index))) return true;
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
  bytes += L->t->vector_bytes; int64_t at = l_take(&L->top, up_to(bytes, 64) + 64 * (1 + 2 * (L->s.nalloc++ % 4)));
  int64_t *peak = L->shared ? &L->s.own : &L->s.peak; const KBuf *old = t->buf < 0 ? NULL : &L->s.bufs.at[t->buf];
  if (L->top > *peak) *peak = L->top;
  if (!old || old->offset != at || old->bytes < bytes || old->own != L->shared) t->buf = buf_of(L, t->t, KB_SCRATCH, BUF_LOCAL, at, bytes);
  L->s.bufs.at[t->buf].own = L->shared; return t->buf;
}
static int64_t padded(Lower *L, const LTensor *t, int64_t ext, int rank) {
  int bytes = type_bytes(t->t->type), w = target_lanes(L->t, bytes); int64_t n = up_to(ext, w);
  if (rank == 1 || ext * 2 <= w) return ext;
  return n * bytes % 4096 == 0 ? n + w : n;
}
static LStore *store_new(Lower *L, LTensor *t, const LRegions *r) {
  const Tree *let = t->let; bool reg = let && let->storage == ST_REG;
  LStore *s = NEW_AS(L->c, LStore, .t = t, .reg = reg, .local = !reg, .box = box_of(L, t, r));
  if (reg) return s;
  for (int d = 0; d < t->t->rank; d++) {
    if (s->box[d].dyn) s->box[d].ext = up_to(s->box[d].ext, target_lanes(L->t, 1));
    if (s->box[d].ext < 1) s->box[d].ext = 1;
  }
  int *order = L->block ? dim_order(L, t) : NULL; parts_of(L, s, t->t, let, order);
  for (int i = 0; i < s->npart; i++)                       /* blocked dimensions count from 0, so that div and mod see whole blocks */
    if (s->part[i].div > 1 || s->part[i].mod) s->box[s->part[i].dim] = (LDim){ .ext = extent_max(t->t->shape[s->part[i].dim]) };
  if (let && let->fold) {
    s->fold = dim_named(t, let->fold);
    if (s->fold < 0) tree_error(L, let->pos, t->writer.at[0], "fold %s: it has no index %s", let->fold, let->fold);
    s->box[s->fold].ext = s->nfold = let->nfold;
  }
  const LPart *last = s->npart ? &s->part[s->npart - 1] : NULL;
  if (last && last->div == 1 && !last->mod) s->box[last->dim].ext = padded(L, t, s->box[last->dim].ext, s->npart);
  s->buf = scratch_take(L, t, parts_of(L, s, t->t, let, order) * type_bytes(t->t->type)); return s;
}

/* ---- in place */
static bool reads_at_place(const LEq *e, const LTensor *t) {
  EACH(LRead, r, e->read) for (int d = 0; d < t->t->rank && r->t == t; d++) {
    const LForm *a = &r->place[d], *b = &e->place[d];
    if (!a->aff || a->c != b->c || a->n != b->n) return false;
    for (int i = 0; i < a->n; i++) if (a->t[i].k != b->t[i].k || a->t[i].m != b->t[i].m) return false;
  }
  return true;
}
static bool same_shape(const Tensor *a, const Tensor *b) {
  for (int d = 0; d < a->rank && a->rank == b->rank; d++) if (!extent_equal(a->shape[d], b->shape[d])) return false;
  return a->rank == b->rank;
}

/* first's elements may be overwritten by last's: last reads first at its own place and nobody reads first afterwards. */
static void check_alias(Lower *L, const Tree *let, const LTensor *first, const LTensor *last) {
  const LEq *e = last->writer.at[last->writer.n - 1]; bool temp = first->t->kind == TK_TEMP;
  const char *why = !same_shape(first->t, last->t) ? "the shapes differ" : first->hist || last->hist ? "a tensor with a history keeps its frames"
                  : !temp && first->t->kind != TK_OUTPUT ? "it must not be overwritten" : first->external && temp ? "another kernel reads it"
                  : first->t->type != last->t->type ? "the types differ"
                  : !reads_at_place(e, first) ? "it is read at another place than it is written" : NULL;
  EACH(LEq, r, first->reader) if (!why && r->id > e->id) why = ctx_printf(L->c, "%s reads it later", r->eq->out->name);
  if (why) tree_error(L, let->pos, last->writer.at[0], "it cannot take the place of %s: %s", first->t->name, why);
}
static LTensor *alias_of(Lower *L, const LTensor *t) {
  const Tree *let = t->let; LTensor *o = tensor_named(L, let->other);
  for (int k = 0; k < L->k->nin && !o; k++) if (name_same(L->k->in[k]->name, let->other)) o = tensor_of(L, L->k->in[k]);
  if (!o || o == t) tree_error(L, let->pos, t->writer.at[0], "alias %s: no such tensor in this kernel", let->other);
  bool later = o->writer.n && o->writer.at[0]->id > t->writer.at[0]->id; check_alias(L, let, later ? t : o, later ? o : t); return o;
}

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
  for (int alias = 0; alias < 2; alias++) EACH(LEq, e, eqs) if (is_alias(e->out) == alias && belongs_here(items, e->out)) open_one(L, e->out, r);
}

/* ---- access: the coefficient of the lanes' index in the address decides: 1 vector load, 0 scalar load, else gather. Memory that is not the kernel's
 * own is touched only in the lanes that are wanted; what stands under a guard only where it holds (a scalar position is clamped instead). */
typedef struct LAddr { KTerm t[LADDR_MAX]; int n; int64_t c, lane; KInst *off; } LAddr;
static void addr_term(Lower *L, LAddr *a, KInst *v, int64_t k) {
  if (!terms_add(a->t, &a->n, LADDR_MAX, v, k)) bug(L->c, "an address has too many terms");
}
static void addr_place(Lower *L, LPt *p, LAddr *a, LPlace q, const LPart *s) {
  if (s->run) {                    /* a run-time stride: the product is a value */
    KInst *k = l_fn(L, KF_MUL, s->run, l_int(L, s->stride)); addr_term(L, a, l_fn(L, KF_MUL, laff_inst(L, q.a), k), 1); q.a = laff_int(0);
    if (q.lane || q.off) a->off = l_plus(L, a->off, l_fn(L, KF_MUL, place_vector(L, p, q), l_cast(L, T_I32, k)));
    return;
  }
  a->c += q.a.c * s->stride; a->lane += q.lane * s->stride;
  for (int i = 0; i < q.a.n; i++) addr_term(L, a, q.a.t[i].v, q.a.t[i].k * s->stride);
  if (q.off) a->off = l_plus(L, a->off, s->stride == 1 ? q.off : l_fn(L, KF_MUL, q.off, l_num(L, T_I32, 0, s->stride)));
}

static LAddr addr_of(Lower *L, LPt *p, const LStore *s, const LPlace *at) {
  LAddr a = { .n = 0 };
  for (int i = 0; i < s->npart; i++) {
    const LPart *d = &s->part[i]; LPlace q = at[d->dim];
    if (s->nfold && s->fold == d->dim) q = place_layout(L, p, q, 1, s->nfold);
    else q.a = laff_add(L, q.a, s->box[d->dim].base, -1);
    addr_place(L, p, &a, place_layout(L, p, q, d->div, d->mod), d);
  }
  return a;
}
static bool is_vector(const LAddr *a) { return a->lane || a->off; }
static bool is_spread(const LAddr *a) { return a->off || (a->lane && a->lane != 1); }
/* All lane offsets as one vector. */
static KInst *addr_lanes(Lower *L, LPt *p, const LAddr *a) { return place_vector(L, p, (LPlace){ .lane = a->lane, .off = a->off }); }
static KAddr addr_final(Lower *L, const LAddr *a, int buf) {
  KAddr r = { .buf = buf, .nterm = a->n, .c = a->c, .term = NEWN(L->c, KTerm, a->n + 1) };
  memcpy(r.term, a->t, sizeof *a->t * (size_t)a->n); return r;
}
/* Elements between the values of index k at the places of f, 0 if that is no number. */
static int64_t stride_of(const LStore *s, const LForm *f, int k) {
  int64_t n = 0;
  for (int i = 0; i < s->npart; i++)
    for (int j = 0; j < f[s->part[i].dim].n; j++) {
      const LPart *d = &s->part[i]; const LTerm *t = &f[d->dim].t[j];
      if (t->k == k && (d->div > 1 || d->mod || d->run || !f[d->dim].aff)) return 0;
      if (t->k == k) n += t->m * d->stride;
    }
  return n;
}

enum { TURN_MOST = 64 };
/* The index that is copied out along which the lanes at `a` have neighbours, or -1. */
static int turn_index(const LPt *p, const LStore *s, const LForm *f, const LAddr *a) {
  int k = 0;
  while (k < p->e->n && !(p->roll[k].n > 1 && stride_of(s, f, k) == 1)) k++;
  return k == p->e->n || p->vec->w < 4 || p->vec->w > TURN_MOST || p->vec->dyn || a->off || s->nfold ? -1 : k;
}
/* v[0 .. n): lane i of block l of v[j] and lane j of block l of v[i] change places, in blocks of n lanes. */
static void turn(Lower *L, KInst **v, int n) {
  for (int b = n / 2; b; b /= 2) for (int j = 0; j < n; j++) if (!(j & b)) {
    KInst i = { .op = K_WEAVE, .type = v[j]->type, .a = { v[j], v[j | b] }, .imm = b };
    v[j] = k_put(&L->b, i); i.imm = -b; v[j | b] = k_put(&L->b, i);
  }
}
/* Lanes apart, but neighbours along an index that is copied out: as many vectors along that index as there are lanes, turned in registers.
 *
 *   x[16 j + i], lanes j, i*       r0 = load x[0 + i ..]  r1 = load x[16 + i ..]  ...      weave by 8, by 4, by 2, by 1: one vector for each i
 * All copies ask for the same vectors, and value numbering gives them. NULL: no such index. */
static KInst *load_turned(Lower *L, LPt *p, const LStore *s, const LForm *f, const LAddr *a) {
  int w = p->vec->w, k = turn_index(p, s, f, a); KInst *v[TURN_MOST];
  if (k < 0) return NULL;
  int64_t at = p->roll[k].at % w, n = p->roll[k].n - p->roll[k].at + at;
  for (int j = 0; j < w; j++) {
    LAddr row = *a; row.c += a->lane * (j < p->vec->n ? j : 0) - at; KInst *mask = n < w ? k_prefix(&L->b, l_int(L, n), w) : NULL;
    v[j] = k_put(&L->b, (KInst){ .op = K_LOAD, .type = { mem_type(s->t->t->type), w }, .a = { mask }, .addr = addr_final(L, &row, s->buf) });
  }
  turn(L, v, w); return from_memory(L, v[at], s->t->t->type);
}

/* Every second element, or backwards: vectors that reach no further than the lanes do, and a shuffle. */
static KInst *load_step(Lower *L, const LStore *s, const LAddr *a, int w) {
  KInst *v[2]; KType type = { mem_type(s->t->t->type), w };
  for (int j = 0; j < 2; j++) {
    LAddr x = *a; x.c += a->lane < 0 ? 1 - w : j * (w - 1);
    v[j] = k_put(&L->b, (KInst){ .op = K_LOAD, .type = type, .addr = addr_final(L, &x, s->buf) });
  }
  v[0] = k_put(&L->b, (KInst){ .op = K_WEAVE, .type = type, .a = { v[0], v[1] }, .imm = a->lane < 0 ? WEAVE_BACK : WEAVE_SECOND });
  return from_memory(L, v[0], s->t->t->type);
}

static KInst *load_at(Lower *L, LPt *p, const LStore *s, const LForm *f, const LPlace *at, KInst *mask, bool guarded) {
  LAddr a = addr_of(L, p, s, at); int g = p->group; Type type = s->t->t->type;
  if (g && (a.off || a.lane % g || stride_of(s, f, p->member) != 1))
    tree_error(L, p->e->leaf->pos, p->e, "groups of %s do not lie together in memory: their index must be its last dimension", s->t->t->name);
  if (g) a.lane /= g;
  bool spread = is_spread(&a), vector = is_vector(&a);
  KInst *turned = spread && !guarded && !g ? load_turned(L, p, s, f, &a) : NULL;
  if (turned) return turned;
  if (spread && !mask && !g && !a.off && (a.lane == 2 || a.lane == -1)) return load_step(L, s, &a, p->vec->w);
  KInst i = { .op = spread ? K_GATHER : K_LOAD, .type = { g ? T_I32 : mem_type(type), vector ? p->vec->w : 1 }, .a = { vector ? mask : NULL } };
  if (spread) i.a[1] = addr_lanes(L, p, &a);
  i.addr = addr_final(L, &a, s->buf); return g ? k_put(&L->b, i) : from_memory(L, k_put(&L->b, i), type);
}

/* ---- registers */
/* The constant offsets of a position, into key; gives the dimension in lanes, or -1. */
static int reg_key(Lower *L, LPt *p, const LStore *s, const LPlace *at, int64_t *key) {
  const char *name = s->t->t->name; int lanes = -1;
  for (int d = 0; d < s->t->t->rank; d++) {
    if (at[d].off || !laff_diff(&at[d].a, &s->box[d].base, &key[d]))
      tree_error(L, p->e->eq->pos, p->e, "%s is in registers (`let %s reg`), so its positions must be constants there: "
                 "unroll its loops, or let it be in memory", name, name);
    if (at[d].lane) lanes = d;
  }
  return lanes;
}

/* The register at key; but: but for dimension `but`. */
static bool reg_is(const LStore *s, const LReg *r, const int64_t *key, int but) {
  for (int d = 0; d < s->t->t->rank; d++) if (d != but && r->key[d] != key[d]) return false;
  return true;
}
static LReg *reg_find(const LStore *s, const int64_t *key) {
  for (int i = 0; i < s->regs.n; i++) if (reg_is(s, &s->regs.at[i], key, -1)) return &s->regs.at[i];
  return NULL;
}
static KInst *reg_read(Lower *L, LPt *p, const LStore *s, const LPlace *at) {
  int64_t key[LEQ_INDICES]; int lanes = reg_key(L, p, s, at, key); const LReg *r = reg_find(s, key);
  if (r && (lanes < 0 ? r->dim < 0 : (r->dim == lanes && at[lanes].lane == 1 && r->v->type.lanes == p->vec->w))) return r->v;
  for (int i = 0; i < s->regs.n && lanes < 0; i++) {       /* one lane of a vector register? */
    const LReg *v = &s->regs.at[i]; int64_t l = v->dim >= 0 && reg_is(s, v, key, v->dim) ? key[v->dim] - v->key[v->dim] : -1;
    if (l >= 0 && l < v->v->type.lanes) return k_put(&L->b, (KInst){ .op = K_LANE, .type = { v->v->type.elem, 1 }, .a = { v->v }, .imm = l });
  }
  tree_error(L, p->e->eq->pos, p->e, "%s is in registers, and not at this position with these lanes: compute it before, in the same lanes, "
             "or let it be in memory", s->t->t->name);
}

static void reg_write(Lower *L, LPt *p, LStore *s, const LPlace *at, KInst *v) {
  int64_t *key = NEWN(L->c, int64_t, s->t->t->rank + 1); int lanes = reg_key(L, p, s, at, key);
  v = round_to(L, as_type(L, v, comp_type(s->t->t->type)), s->t->t->type);
  if (lanes >= 0) v = k_bcast(&L->b, v, p->vec->w);
  LReg *r = reg_find(s, key), new = { key, v, lanes };
  if (r) *r = new; else PUSH(L->c, s->regs, new);
}

/* Into the storage: what is read there does not matter. */
static void clamp_place(Lower *L, const LStore *s, int d, LPlace *q) {
  LDim x = dim_of(L, s->t->t->shape[d]); bool run = !s->local && x.dyn;
  if (q->lane || q->off || (s->nfold && s->fold == d)) return;
  LAff at = laff_add(L, q->a, s->box[d].base, -1); LRange r = laff_range(L, &at);
  if (r.lo >= 0 && r.hi < s->box[d].ext && !run) return;
  KInst *v = l_fn(L, KF_MIN, l_fn(L, KF_MAX, laff_inst(L, at), l_int(L, 0)), laff_inst(L, laff_plus(run ? x.cnt : laff_int(s->box[d].ext), -1)));
  q->a = laff_add(L, laff_var(v, 1), s->box[d].base, 1);
}

static void places_of(Lower *L, LPt *p, LStore *s, const LForm *f, LPlace *at) {
  for (int d = 0; d < s->t->t->rank; d++) at[d] = form_at(L, p, &f[d]);
}

/* The lanes that may be touched: those wanted, of memory that is not the kernel's own and of constant tails; those that a guard admits. */
static KInst *touch_mask(Lower *L, LPt *p, const LStore *s, bool guarded) {
  KInst *m = p->vec && (!s->local || !p->vec->dyn) ? vec_mask(L, p->vec) : NULL; return guarded ? mask_and(L, m, p->u.guard) : m;
}
KInst *read_value(Lower *L, LPt *p, const LRead *r) {
  LPlace at[LEQ_INDICES]; const Tensor *t = r->t->t; LStore *s = r->t->store; bool guarded = !r->safe || p->u.all;
  if ((t->kind == TK_PARAM || t->kind == TK_CONST) && t->rank == 0 && t->data) {
    Num v = value_load(t->data, t->type, 0); return l_num(L, comp_type(t->type), v.f, v.i);
  }
  if (!s) tree_error(L, r->e->pos, p->e, "%s is read where it is not stored: its producer comes later, or lies in a body of its own", t->name);
  places_of(L, p, s, r->place, at);
  if (s->reg && p->group) tree_error(L, p->e->leaf->pos, p->e, "%s is in registers: groups are read from memory (`let ... mem`)", t->name);
  if (s->reg) return reg_read(L, p, s, at);
  for (int d = 0; d < t->rank && guarded && p->u.clamp; d++)
    if ((!r->inside[d] || p->u.all) && !(s->hist && d == t->stream_dim)) clamp_place(L, s, d, &at[d]);
  return load_at(L, p, s, r->place, at, touch_mask(L, p, s, guarded), guarded);
}
KInst *load_home(Lower *L, LPt *p) {
  LPlace at[LEQ_INDICES]; LStore *s = p->e->out->store;
  places_of(L, p, s, p->e->place, at); return load_at(L, p, s, p->e->place, at, touch_mask(L, p, s, false), false);
}
/* Past the caches, if the tree says so: whole vectors that are as aligned as their argument, or as scratch. */
static void store_past(Lower *L, const Tree *let, KInst *i) {
  const KBuf *b = &L->s.bufs.at[i->addr.buf]; int64_t all = i->addr.c | i->type.lanes;
  int bit = b->kind == KB_OUT ? b->arg : b->kind == KB_SCRATCH ? 63 : 64;
  for (int k = 0; k < i->addr.nterm; k++) all |= i->addr.term[k].k;
  bool far = let && let->storage == ST_PAST && target_past(L->t) && bit < 64 && i->op == K_STORE && !i->a[0];
  if (far && all * type_bytes(b->elem) % PAST_ALIGN == 0) i->imm = 1, L->f->past |= 1ull << bit;
}
/* Is i the last of n stores that stand together in the block, whose places differ by one each? Then they are turned, and stored row by row. */
static bool store_turned(Lower *L, LPt *p, const LStore *s, const LAddr *a, const KInst *i) {
  int w = p->vec->w, k = turn_index(p, s, p->e->place, a), at = k < 0 ? 0 : (int)(p->roll[k].at % w), n = at + 1; KBlock *b = L->b.block;
  KInst *old[TURN_MOST] = { 0 }, *v[TURN_MOST]; v[at] = i->a[1];
  bool last = k >= 0 && (n == w || p->roll[k].at + 1 == p->roll[k].n);
  if (!last || n < 4 || n * type_bytes(i->type.elem) < 16 || n & (n - 1) || w % n || p->vec->n < w || i->a[0]) return false;
  int left = at;
  for (int j = b->n - 1; left && j >= 0; j--) {
    KInst *o = b->at[j]; int d = (int)(i->addr.c - o->addr.c); bool same = kop_is_memory(o->op) && o->addr.buf == i->addr.buf;
    if (o->op >= K_VAR || (same && kop_is_load(o->op))) return false;
    bool mine = same && o->op == K_SCATTER && kaddr_parallel(&o->addr, &i->addr) && d > 0 && d <= at && !old[at - d];
    if (mine && !o->a[0] && o->a[2] == i->a[2] && o->type.lanes == w) old[at - d] = o, v[at - d] = o->a[1], left--;
  }
  if (left) return false;
  for (int j = 0; j < at; j++) *old[j] = (KInst){ .op = K_CONST, .type = old[j]->type, .id = old[j]->id };       /* unused */
  turn(L, v, n);
  for (int j = 0; j < w; j++) {
    LAddr row = *a; row.c += a->lane * j - at; KType t = { i->type.elem, n };
    KInst *x = n == w ? v[j] : k_put(&L->b, (KInst){ .op = K_LANE, .type = t, .a = { v[j % n] }, .imm = j / n * n });
    k_emit(&L->b, (KInst){ .op = K_STORE, .type = t, .a = { NULL, x, NULL }, .addr = addr_final(L, &row, s->buf) });
  }
  return true;
}
static void store_at(Lower *L, LPt *p, LStore *s, const LPlace *at, KInst *v, KInst *mask) {
  LAddr a = addr_of(L, p, s, at); KInst i = { .op = is_spread(&a) ? K_SCATTER : K_STORE, .type = { v->type.elem, 1 }, .a = { NULL, v, NULL } };
  if (is_vector(&a)) i.type.lanes = p->vec->w, i.a[1] = k_bcast(&L->b, v, p->vec->w), i.a[0] = mask_and(L, mask, touch_mask(L, p, s, false));
  if (is_spread(&a)) i.a[2] = addr_lanes(L, p, &a);
  i.addr = addr_final(L, &a, s->buf); store_past(L, p->e->out->let, &i);
  if (i.op != K_SCATTER || !store_turned(L, p, s, &a, &i)) k_emit(&L->b, i);
  k_stored(&L->b, s->buf);
}

void put_value(Lower *L, LPt *p, KInst *v, KInst *mask) {
  LPlace at[LEQ_INDICES]; LStore *s = p->e->out->store;
  if (!s) tree_error(L, p->e->eq->pos, p->e, "its storage does not exist here: the readers lie in another body");
  places_of(L, p, s, p->e->place, at);
  if (s->reg) { reg_write(L, p, s, at, v); return; }
  bool branch = mask && mask->type.lanes == 1; KSave save = { 0 }; v = to_memory(L, v, s->t->t->type);
  if (branch) save = if_begin(L, mask);
  store_at(L, p, s, at, v, branch ? NULL : mask);
  if (branch) k_back(&L->b, save);
}

/* The lines that the points of region reg touch, at most FETCH_MOST; a place is where it lies if the constant parts alone moved. */
enum { FETCH_MOST = 16 };
typedef struct Fetch { Lower *L; LPt *p; const LRead *r; const LDim *reg; int64_t line[FETCH_MOST]; int n; } Fetch;
static void fetch_line(Fetch *f) {
  Lower *L = f->L; LPlace at[LEQ_INDICES]; LStore *s = f->r->t->store; int64_t bytes = type_bytes(f->r->t->t->type);
  places_of(L, f->p, s, f->r->place, at); LAddr a = addr_of(L, f->p, s, at); KAddr to = addr_final(L, &a, s->buf);
  for (int k = 0; k < f->n; k++) if (f->line[k] == floor_div(to.c * bytes, L->t->line)) return;
  f->line[f->n++] = floor_div(to.c * bytes, L->t->line);
  k_emit(&L->b, (KInst){ .op = K_PREFETCH, .type = { mem_type(f->r->t->t->type), 1 }, .addr = to });
}
static void fetch_points(Fetch *f, int k) {
  bool used = false; LAff base = f->p->env[k];
  if (k == f->p->e->n) { fetch_line(f); return; }
  for (int d = 0; d < f->r->t->t->rank; d++) used |= f->r->place[d].uses >> k & 1;
  for (int64_t i = 0; i < (used ? f->reg[k].ext : 1) && f->n < FETCH_MOST; i++) f->p->env[k] = laff_plus(base, i), fetch_points(f, k + 1);
  f->p->env[k] = base;
}
void prefetch_read(Lower *L, LPt *p, const LRead *r, const LDim *reg, const KInst *loop, int64_t ahead) {
  if (!r->t->store || r->t->store->reg) return;
  for (int k = 0; k < p->e->n; k++) for (int i = 0; i < p->env[k].n; i++) if (p->env[k].t[i].v == loop) p->env[k].c += p->env[k].t[i].k * ahead;
  fetch_points(&(Fetch){ .L = L, .p = p, .r = r, .reg = reg }, 0);
}

/* ---- moving memory */
/* count times w elements. */
static void move_all(Lower *L, int to, LAff t, int from, LAff f, KInst *count, int64_t most, int w) {
  LAff step = laff_var(loop_begin(L, count, most, KL_SERIAL), w); LAddr x = { .n = 0 }, y = { .n = 0 };
  LPart one = { .stride = 1 }; KType type = { L->s.bufs.at[to].elem, w };
  addr_place(L, NULL, &x, (LPlace){ .a = laff_add(L, f, step, 1) }, &one); addr_place(L, NULL, &y, (LPlace){ .a = laff_add(L, t, step, 1) }, &one);
  KInst *e = k_emit(&L->b, (KInst){ .op = K_LOAD, .type = type, .addr = addr_final(L, &x, from) });
  k_emit(&L->b, (KInst){ .op = K_STORE, .type = type, .a = { NULL, e, NULL }, .addr = addr_final(L, &y, to) }); k_stored(&L->b, to); loop_end(L);
}

/* In whole vectors: up to a vector's elements beyond count are copied too, the storage has room for them. */
void copy_run(Lower *L, int buf, LAff to, LAff from, KInst *count) {
  int w = target_lanes(L->t, type_bytes(L->s.bufs.at[buf].elem)); int64_t lo, most; k_range(&L->b, count, &lo, &most);
  KInst *up = l_fn(L, KF_ADD, count, l_int(L, w - 1)), *n = l_fn(L, KF_DIV, up, l_int(L, w));
  move_all(L, buf, to, buf, from, n, (most + w - 1) / w, w);
}

/* Exactly n elements from one buffer to another of the same type. */
void copy_buffer(Lower *L, int to, int from, int64_t n) {
  int w = target_lanes(L->t, type_bytes(L->s.bufs.at[to].elem)); LAff tail = laff_int(n / w * w);
  move_all(L, to, laff_int(0), from, laff_int(0), l_int(L, n / w), n / w, w); move_all(L, to, tail, from, tail, l_int(L, n % w), n % w, 1);
}
