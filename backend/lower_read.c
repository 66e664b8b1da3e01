/* Reads and writes of storage.
 *
 *   the coefficient of the lanes' index in the address      1: vector load     0: scalar load     else: gather
 *
 * Named registers are found by their constant offsets from the storage's base. Memory that is not the kernel's own is touched only in the
 * lanes that are wanted; what stands under a guard only where the guard holds (a scalar position is clamped instead).
 */
#include "lower.h"
#include "../ir/scalar.h"

typedef struct LAddr { KTerm t[LADDR_MAX]; int n; int64_t c, lane; KInst *off; } LAddr;

static void addr_term(Lower *L, LAddr *a, KInst *v, int64_t k)
{
  int i = 0;
  while (i < a->n && a->t[i].v->id < v->id) i++;
  if (i < a->n && a->t[i].v == v) {
    a->t[i].k += k;
    if (a->t[i].k) return;
    a->n--;
    for (; i < a->n; i++) a->t[i] = a->t[i + 1];
    return;
  }
  if (a->n == LADDR_MAX) bug(L->c, "an address has too many terms");
  for (int j = a->n++; j > i; j--) a->t[j] = a->t[j - 1];
  a->t[i] = (KTerm){ v, k };
}

static KInst *i32(Lower *L, int64_t v) { return k_const(&L->b, ktype(T_I32, 1), 0, v); }

static void addr_off(Lower *L, LAddr *a, KInst *v) { a->off = a->off ? k_fn(&L->b, KF_ADD, a->off, v, NULL) : v; }

static void addr_place(Lower *L, LPt *p, LAddr *a, const LPlace *q, const LPart *s)
{
  KBuild *b = &L->b;
  if (s->run) {                    /* a run-time stride: the product is a value */
    KInst *k = k_ifn(b, KF_MUL, s->run, k_int(b, s->stride));
    addr_term(L, a, k_ifn(b, KF_MUL, laff_inst(L, &q->a), k), 1);
    LPlace v = { .a = laff_int(0), .lane = q->lane, .off = q->off };
    if (v.lane || v.off) addr_off(L, a, k_fn(b, KF_MUL, place_vector(L, p, &v), k_cast(b, CV_PLAIN, T_I32, k), NULL));
    return;
  }
  a->c += q->a.c * s->stride;
  a->lane += q->lane * s->stride;
  for (int i = 0; i < q->a.n; i++) addr_term(L, a, q->a.t[i].v, q->a.t[i].k * s->stride);
  if (q->off) addr_off(L, a, s->stride == 1 ? q->off : k_fn(b, KF_MUL, q->off, i32(L, s->stride), NULL));
}

static LAddr addr_of(Lower *L, LPt *p, const LStore *s, const LPlace *at)
{
  LAddr a = { .n = 0 };
  for (int i = 0; i < s->npart; i++) {
    const LPart *d = &s->part[i];
    LPlace q = at[d->dim];
    if (s->nfold && s->fold == d->dim) q = place_layout(L, p, q, 1, s->nfold);
    else laff_add(L, &q.a, &s->base[d->dim], -1);
    q = place_layout(L, p, q, d->div, d->mod);
    addr_place(L, p, &a, &q, d);
  }
  return a;
}

static KAddr addr_final(Lower *L, const LAddr *a, int buf)
{
  KAddr r = { .buf = buf, .nterm = a->n, .c = a->c, .term = NEWN(L->c, KTerm, a->n ? a->n : 1) };
  for (int i = 0; i < a->n; i++) r.term[i] = a->t[i];
  return r;
}

/* All lane offsets as one vector. */
static KInst *addr_lanes(Lower *L, LPt *p, const LAddr *a)
{
  LPlace q = { .a = laff_int(0), .lane = a->lane, .off = a->off };
  return place_vector(L, p, &q);
}

static KInst *unpack(Lower *L, KInst *v, Type t)
{
  if (t == T_BOOL) return k_fn(&L->b, KF_NE, v, k_const(&L->b, ktype(T_U8, 1), 0, 0), NULL);
  if (t == T_BF16) return bf16_unpack(L, v);
  return t == T_F16 ? k_cast(&L->b, CV_PLAIN, T_F32, v) : v;
}

static KInst *pack(Lower *L, KInst *v, Type t)
{
  v = as_type(L, v, v->type.elem, comp_type(t));
  if (t == T_BOOL) return as_type(L, v, T_BOOL, T_U8);
  if (t == T_BF16) return bf16_pack(L, v);
  return t == T_F16 ? k_cast(&L->b, CV_PLAIN, T_F16, v) : v;
}

static KInst *load_at(Lower *L, LPt *p, const LStore *s, const LPlace *at, KInst *mask)
{
  LAddr a = addr_of(L, p, s, at);
  KType t = { mem_type(s->t->t->type), a.lane || a.off ? p->vec->w : 1 };
  KInst i = { .op = K_LOAD, .type = t };
  if (t.lanes > 1) i.a[0] = mask;
  if (a.off || (a.lane && a.lane != 1)) {
    i.op = K_GATHER;
    i.a[1] = addr_lanes(L, p, &a);
  }
  i.addr = addr_final(L, &a, s->buf);
  return unpack(L, k_put(&L->b, i), s->t->t->type);
}

/* ---- registers */

static void reg_key(Lower *L, LPt *p, const LStore *s, const LPlace *at, int64_t *key, int *lanes)
{
  *lanes = -1;
  for (int d = 0; d < s->t->t->rank; d++) {
    if (at[d].off || !laff_diff(&at[d].a, &s->base[d], &key[d]))
      tree_error(L, p->e->eq->pos, p->e, ctx_printf(L->c, "%s is in registers (`let %s reg`), so its positions must be constants there: unroll its loops, or let it be in memory",
                                                     s->t->t->name, s->t->t->name));
    if (at[d].lane) *lanes = d;
  }
}

static LReg *reg_find(const LStore *s, const int64_t *key)
{
  int rank = s->t->t->rank;
  for (int i = 0; i < s->regs.n; i++) {
    bool same = true;
    for (int d = 0; d < rank && same; d++) same = s->regs.at[i].key[d] == key[d];
    if (same) return &s->regs.at[i];
  }
  return NULL;
}

/* One lane of a vector register, or NULL. */
static KInst *reg_lane(Lower *L, const LStore *s, const int64_t *key)
{
  for (int i = 0; i < s->regs.n; i++) {
    const LReg *r = &s->regs.at[i];
    bool same = r->dim >= 0;
    for (int d = 0; d < s->t->t->rank && same; d++) same = d == r->dim || r->key[d] == key[d];
    if (!same || key[r->dim] < r->key[r->dim] || key[r->dim] >= r->key[r->dim] + r->v->type.lanes) continue;
    return k_put(&L->b, (KInst){ .op = K_LANE, .type = { r->v->type.elem, 1 }, .a = { r->v }, .imm = key[r->dim] - r->key[r->dim] });
  }
  return NULL;
}

static KInst *reg_read(Lower *L, LPt *p, const LStore *s, const LPlace *at)
{
  int64_t key[LEQ_INDICES];
  int lanes;
  reg_key(L, p, s, at, key, &lanes);
  LReg *r = reg_find(s, key);
  bool fits = r && (lanes < 0 ? r->dim < 0 : (r->dim == lanes && at[lanes].lane == 1 && r->v->type.lanes == p->vec->w));
  if (fits) return r->v;
  KInst *v = lanes < 0 ? reg_lane(L, s, key) : NULL;
  if (!v) tree_error(L, p->e->eq->pos, p->e, ctx_printf(L->c, "%s is in registers, and not at this position with these lanes: compute it before, in the same lanes, or let it be in memory", s->t->t->name));
  return v;
}

static void reg_write(Lower *L, LPt *p, LStore *s, const LPlace *at, KInst *v)
{
  int rank = s->t->t->rank, lanes;
  int64_t *key = NEWN(L->c, int64_t, rank + 1);
  reg_key(L, p, s, at, key, &lanes);
  v = round_to(L, as_type(L, v, v->type.elem, comp_type(s->t->t->type)), s->t->t->type);
  if (lanes >= 0) v = k_bcast(&L->b, v, p->vec->w);
  LReg *r = reg_find(s, key);
  if (r) *r = (LReg){ key, v, lanes };
  else PUSH(L->c, s->regs, ((LReg){ key, v, lanes }));
}

/* ---- positions */

/* Into the storage: what is read there does not matter. */
static void clamp_place(Lower *L, const LStore *s, int d, LPlace *q)
{
  if (q->lane || q->off || (s->nfold && s->fold == d)) return;
  LDim x = dim_of(L, s->t->t->shape[d]);
  LAff at = laff_sum(L, &q->a, &s->base[d], -1), last = laff_int(s->ext[d]);
  if (!s->local && x.dyn) last = x.cnt;
  last.c--;
  int64_t lo, hi;
  laff_range(L, &at, &lo, &hi);
  if (lo >= 0 && hi < s->ext[d] && (s->local || !x.dyn)) return;
  KInst *v = k_ifn(&L->b, KF_MIN, k_ifn(&L->b, KF_MAX, laff_inst(L, &at), k_int(&L->b, 0)), laff_inst(L, &last));
  at = laff_var(v, 1);
  q->a = laff_sum(L, &at, &s->base[d], 1);
}

/* The places of a read; of a ring, the stream's place is its column. */
static void places_of(Lower *L, LPt *p, LStore *s, const LForm *f, int time, LPlace *at)
{
  for (int d = 0; d < s->t->t->rank; d++) at[d] = form_at(L, p, &f[d]);
  if (!s->hist || !s->hist->ring) return;
  int d = s->t->t->stream_dim;
  LAff now = time >= 0 ? p->env[time] : at[d].a, shift = laff_sum(L, &at[d].a, &now, -1);
  at[d].a = ring_place(L, s, &now, &shift);
}

/* The lanes that may be touched: those wanted, of memory that is not the kernel's own and of constant tails; those that a guard admits. */
static KInst *touch_mask(Lower *L, LPt *p, const LStore *s, bool guarded)
{
  KInst *m = p->vec && (!s->local || !p->vec->dyn) ? vec_mask(L, p->vec) : NULL;
  return guarded ? mask_and(L, m, p->guard) : m;
}

static KInst *number_of(Lower *L, const Tensor *t)
{
  Num v = value_load(t->data, t->type, 0);
  return k_const(&L->b, ktype(comp_type(t->type), 1), v.f, v.i);
}

KInst *read_value(Lower *L, LPt *p, const LRead *r)
{
  LPlace at[LEQ_INDICES];
  const Tensor *t = r->t->t;
  if ((t->kind == TK_PARAM || t->kind == TK_CONST) && t->rank == 0 && t->data) return number_of(L, t);
  LStore *s = r->t->store;
  if (!s) tree_error(L, r->e->pos, p->e, ctx_printf(L->c, "%s is read where it is not stored: its producer comes later, or lies in a body of its own", t->name));
  places_of(L, p, s, r->place, r->time, at);
  if (s->reg) return reg_read(L, p, s, at);
  for (int d = 0; d < t->rank && (!r->safe || p->all) && p->clamp; d++)
    if ((!r->inside[d] || p->all) && !(s->hist && d == t->stream_dim)) clamp_place(L, s, d, &at[d]);
  return load_at(L, p, s, at, touch_mask(L, p, s, !r->safe || p->all));
}

KInst *load_home(Lower *L, LPt *p)
{
  LPlace at[LEQ_INDICES];
  LStore *s = p->e->out->store;
  places_of(L, p, s, p->e->place, -1, at);
  return load_at(L, p, s, at, touch_mask(L, p, s, false));
}

static void store_at(Lower *L, LPt *p, LStore *s, const LPlace *at, KInst *v, KInst *mask)
{
  LAddr a = addr_of(L, p, s, at);
  KInst i = { .op = K_STORE, .type = { v->type.elem, 1 }, .a = { NULL, v, NULL } };
  if (a.lane || a.off) {
    i.type.lanes = p->vec->w;
    i.a[1] = k_bcast(&L->b, v, p->vec->w);
    i.a[0] = mask_and(L, mask, touch_mask(L, p, s, false));
  }
  if (a.off || (a.lane && a.lane != 1)) {
    i.op = K_SCATTER;
    i.a[2] = addr_lanes(L, p, &a);
  }
  i.addr = addr_final(L, &a, s->buf);
  k_emit(&L->b, i);
  k_stored(&L->b, s->buf);
}

void put_value(Lower *L, LPt *p, KInst *v, Type type, KInst *mask)
{
  LPlace at[LEQ_INDICES];
  LStore *s = p->e->out->store;
  (void)type;
  if (!s) tree_error(L, p->e->eq->pos, p->e, "its storage does not exist here: the readers lie in another body");
  places_of(L, p, s, p->e->place, -1, at);
  if (s->reg) {
    reg_write(L, p, s, at, v);
    return;
  }
  v = pack(L, v, s->t->t->type);
  if (!mask || mask->type.lanes > 1) {
    store_at(L, p, s, at, v, mask);
    return;
  }
  KInst *f = k_emit(&L->b, (KInst){ .op = K_IF, .a = { mask } });
  KSave save = k_into(&L->b, &f->body);
  store_at(L, p, s, at, v, NULL);
  k_back(&L->b, save);
}

void prefetch_read(Lower *L, LPt *p, const LRead *r, const KInst *loop, int64_t ahead)
{
  LPlace at[LEQ_INDICES];
  LStore *s = r->t->store;
  if (!s || s->reg) return;
  for (int k = 0; k < p->e->n; k++)
    for (int i = 0; i < p->env[k].n; i++)
      if (p->env[k].t[i].v == loop) p->env[k].c += p->env[k].t[i].k * ahead;
  places_of(L, p, s, r->place, r->time, at);
  LAddr a = addr_of(L, p, s, at);
  k_emit(&L->b, (KInst){ .op = K_PREFETCH, .type = { mem_type(r->t->t->type), 1 }, .addr = addr_final(L, &a, s->buf) });
}

/* ---- moving memory */

typedef struct Move { int to, from; } Move;
static void move_at(Lower *L, Move m, const LAff *to, const LAff *from, KInst *v, int w)
{
  LAddr x = { .n = 0 }, y = { .n = 0 };
  LPlace px = { .a = *from }, py = { .a = *to };
  LPart one = { .stride = 1 };
  LAff s = laff_var(v, w);
  laff_add(L, &px.a, &s, 1);
  laff_add(L, &py.a, &s, 1);
  addr_place(L, NULL, &x, &px, &one);
  addr_place(L, NULL, &y, &py, &one);
  KType t = { L->bufs.at[m.to].elem, w };
  KInst *e = k_emit(&L->b, (KInst){ .op = K_LOAD, .type = t, .addr = addr_final(L, &x, m.from) });
  k_emit(&L->b, (KInst){ .op = K_STORE, .type = t, .a = { NULL, e, NULL }, .addr = addr_final(L, &y, m.to) });
  k_stored(&L->b, m.to);
}

/* In whole vectors: up to a vector's elements beyond count are copied too, the storage has room for them. */
void copy_run(Lower *L, int buf, const LAff *to, const LAff *from, KInst *count)
{
  int w = target_lanes(L->t, type_bytes(L->bufs.at[buf].elem));
  int64_t lo, most;
  k_range(&L->b, count, &lo, &most);
  KInst *up = k_ifn(&L->b, KF_ADD, count, k_int(&L->b, w - 1)), *n = k_ifn(&L->b, KF_DIV, up, k_int(&L->b, w));
  KSave s;
  KInst *loop = loop_begin(L, n, (most + w - 1) / w, KL_SERIAL, &s);
  move_at(L, (Move){ buf, buf }, to, from, loop, w);
  loop_end(L, loop, s);
}

/* Exactly n elements from one buffer to another of the same type. */
void copy_buffer(Lower *L, int to, int from, int64_t n)
{
  int w = target_lanes(L->t, type_bytes(L->bufs.at[to].elem));
  LAff zero = laff_int(0), tail = laff_int(n / w * w);
  KSave s;
  KInst *v = loop_begin(L, k_int(&L->b, n / w), n / w, KL_SERIAL, &s);
  move_at(L, (Move){ to, from }, &zero, &zero, v, w);
  loop_end(L, v, s);
  v = loop_begin(L, k_int(&L->b, n % w), n % w, KL_SERIAL, &s);
  move_at(L, (Move){ to, from }, &tail, &tail, v, 1);
  loop_end(L, v, s);
}
