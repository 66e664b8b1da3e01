/* Reads and writes of storage.
 *
 *   the coefficient of the lanes' index in the address      1: vector load     0: scalar load     else: gather
 *
 * Named registers are found by their constant offsets from the storage's base. Memory that is not the kernel's own is touched only in the lanes that
 * are wanted; what stands under a guard only where the guard holds (a scalar position is clamped instead). */
#include "lower.h"
#include "../ir/scalar.h"
#include <string.h>

typedef struct LAddr { KTerm t[LADDR_MAX]; int n; int64_t c, lane; KInst *off; } LAddr;

static void addr_term(Lower *L, LAddr *a, KInst *v, int64_t k) {
  if (!terms_add(a->t, &a->n, LADDR_MAX, v, k)) bug(L->c, "an address has too many terms");
}

static void addr_place(Lower *L, LPt *p, LAddr *a, LPlace q, const LPart *s) {
  if (s->run) {                    /* a run-time stride: the product is a value */
    KInst *k = l_fn(L, KF_MUL, s->run, l_int(L, s->stride));
    addr_term(L, a, l_fn(L, KF_MUL, laff_inst(L, q.a), k), 1); q.a = laff_int(0);
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

static KInst *load_at(Lower *L, LPt *p, const LStore *s, const LPlace *at, KInst *mask) {
  LAddr a = addr_of(L, p, s, at); bool spread = is_spread(&a), vector = is_vector(&a);
  KInst i = { .op = spread ? K_GATHER : K_LOAD, .type = { mem_type(s->t->t->type), vector ? p->vec->w : 1 }, .a = { vector ? mask : NULL } };
  if (spread) i.a[1] = addr_lanes(L, p, &a);
  i.addr = addr_final(L, &a, s->buf); return from_memory(L, k_put(&L->b, i), s->t->t->type);
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

/* ---- positions */
/* Into the storage: what is read there does not matter. */
static void clamp_place(Lower *L, const LStore *s, int d, LPlace *q) {
  LDim x = dim_of(L, s->t->t->shape[d]); bool run = !s->local && x.dyn;
  if (q->lane || q->off || (s->nfold && s->fold == d)) return;
  LAff at = laff_add(L, q->a, s->box[d].base, -1); LRange r = laff_range(L, &at);
  if (r.lo >= 0 && r.hi < s->box[d].ext && !run) return;
  KInst *v = l_fn(L, KF_MIN, l_fn(L, KF_MAX, laff_inst(L, at), l_int(L, 0)), laff_inst(L, laff_plus(run ? x.cnt : laff_int(s->box[d].ext), -1)));
  q->a = laff_add(L, laff_var(v, 1), s->box[d].base, 1);
}

/* The places of a read; of a ring, the stream's place is its column. */
static void places_of(Lower *L, LPt *p, LStore *s, const LForm *f, int time, LPlace *at) {
  for (int d = 0; d < s->t->t->rank; d++) at[d] = form_at(L, p, &f[d]);
  if (!s->hist || !s->hist->ring) return;
  LAff *x = &at[s->t->t->stream_dim].a, now = time >= 0 ? p->env[time] : *x;
  *x = ring_place(L, s, now, laff_add(L, *x, now, -1));
}

/* The lanes that may be touched: those wanted, of memory that is not the kernel's own and of constant tails; those that a guard admits. */
static KInst *touch_mask(Lower *L, LPt *p, const LStore *s, bool guarded) {
  KInst *m = p->vec && (!s->local || !p->vec->dyn) ? vec_mask(L, p->vec) : NULL; return guarded ? mask_and(L, m, p->u.guard) : m;
}

KInst *read_value(Lower *L, LPt *p, const LRead *r) {
  LPlace at[LEQ_INDICES]; const Tensor *t = r->t->t; LStore *s = r->t->store;
  bool guarded = !r->safe || p->u.all;
  if ((t->kind == TK_PARAM || t->kind == TK_CONST) && t->rank == 0 && t->data) {
    Num v = value_load(t->data, t->type, 0); return l_num(L, comp_type(t->type), v.f, v.i);
  }
  if (!s) tree_error(L, r->e->pos, p->e, "%s is read where it is not stored: its producer comes later, or lies in a body of its own", t->name);
  places_of(L, p, s, r->place, r->time, at);
  if (s->reg) return reg_read(L, p, s, at);
  for (int d = 0; d < t->rank && guarded && p->u.clamp; d++)
    if ((!r->inside[d] || p->u.all) && !(s->hist && d == t->stream_dim)) clamp_place(L, s, d, &at[d]);
  return load_at(L, p, s, at, touch_mask(L, p, s, guarded));
}

KInst *load_home(Lower *L, LPt *p) {
  LPlace at[LEQ_INDICES]; LStore *s = p->e->out->store;
  places_of(L, p, s, p->e->place, -1, at); return load_at(L, p, s, at, touch_mask(L, p, s, false));
}

static void store_at(Lower *L, LPt *p, LStore *s, const LPlace *at, KInst *v, KInst *mask) {
  LAddr a = addr_of(L, p, s, at);
  KInst i = { .op = is_spread(&a) ? K_SCATTER : K_STORE, .type = { v->type.elem, 1 }, .a = { NULL, v, NULL } };
  if (is_vector(&a)) {
    i.type.lanes = p->vec->w; i.a[1] = k_bcast(&L->b, v, p->vec->w); i.a[0] = mask_and(L, mask, touch_mask(L, p, s, false));
  }
  if (is_spread(&a)) i.a[2] = addr_lanes(L, p, &a);
  i.addr = addr_final(L, &a, s->buf); k_emit(&L->b, i); k_stored(&L->b, s->buf);
}

void put_value(Lower *L, LPt *p, KInst *v, KInst *mask) {
  LPlace at[LEQ_INDICES]; LStore *s = p->e->out->store;
  if (!s) tree_error(L, p->e->eq->pos, p->e, "its storage does not exist here: the readers lie in another body");
  places_of(L, p, s, p->e->place, -1, at);
  if (s->reg) { reg_write(L, p, s, at, v); return; }
  bool branch = mask && mask->type.lanes == 1; KSave save = { 0 };
  v = to_memory(L, v, s->t->t->type);
  if (branch) save = if_begin(L, mask);
  store_at(L, p, s, at, v, branch ? NULL : mask);
  if (branch) k_back(&L->b, save);
}

void prefetch_read(Lower *L, LPt *p, const LRead *r, const KInst *loop, int64_t ahead) {
  LPlace at[LEQ_INDICES]; LStore *s = r->t->store;
  if (!s || s->reg) return;
  for (int k = 0; k < p->e->n; k++) for (int i = 0; i < p->env[k].n; i++) if (p->env[k].t[i].v == loop) p->env[k].c += p->env[k].t[i].k * ahead;
  places_of(L, p, s, r->place, r->time, at);
  LAddr a = addr_of(L, p, s, at);
  k_emit(&L->b, (KInst){ .op = K_PREFETCH, .type = { mem_type(r->t->t->type), 1 }, .addr = addr_final(L, &a, s->buf) });
}

/* ---- moving memory */
/* count times w elements. */
static void move_all(Lower *L, int to, LAff t, int from, LAff f, KInst *count, int64_t most, int w) {
  LAff step = laff_var(loop_begin(L, count, most, KL_SERIAL), w); LAddr x = { .n = 0 }, y = { .n = 0 };
  LPart one = { .stride = 1 }; KType type = { L->s.bufs.at[to].elem, w };
  addr_place(L, NULL, &x, (LPlace){ .a = laff_add(L, f, step, 1) }, &one); addr_place(L, NULL, &y, (LPlace){ .a = laff_add(L, t, step, 1) }, &one);
  KInst *e = k_emit(&L->b, (KInst){ .op = K_LOAD, .type = type, .addr = addr_final(L, &x, from) });
  k_emit(&L->b, (KInst){ .op = K_STORE, .type = type, .a = { NULL, e, NULL }, .addr = addr_final(L, &y, to) });
  k_stored(&L->b, to); loop_end(L);
}

/* In whole vectors: up to a vector's elements beyond count are copied too, the storage has room for them. */
void copy_run(Lower *L, int buf, LAff to, LAff from, KInst *count) {
  int w = target_lanes(L->t, type_bytes(L->s.bufs.at[buf].elem)); int64_t lo, most;
  k_range(&L->b, count, &lo, &most);
  KInst *up = l_fn(L, KF_ADD, count, l_int(L, w - 1)), *n = l_fn(L, KF_DIV, up, l_int(L, w));
  move_all(L, buf, to, buf, from, n, (most + w - 1) / w, w);
}

/* Exactly n elements from one buffer to another of the same type. */
void copy_buffer(Lower *L, int to, int from, int64_t n) {
  int w = target_lanes(L->t, type_bytes(L->s.bufs.at[to].elem)); LAff tail = laff_int(n / w * w);
  move_all(L, to, laff_int(0), from, laff_int(0), l_int(L, n / w), n / w, w);
  move_all(L, to, tail, from, tail, l_int(L, n % w), n % w, 1);
}
