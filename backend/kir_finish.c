/* The last touch on a function: what nothing uses goes, the rest is numbered densely in text order, index arithmetic leaves loops, equal
 * computations are interleaved, and the printers get their hints. reuse: a vector load with more than two uses. laundering: a loop that would read
 * eight or more constants that its counter does not move (weights re-read for every row or frame): kept inside, or all are hoisted and spilled. */
#include "lower.h"

enum { LAUNDER_FROM = 8, SEGMENT_LEAST = 10, SEGMENT_MOST = 200, GROUP_MOST = 4 };

static int number(KBlock *b, int id) { EACH_INST(i, b) i->id = id, id = number(&i->other, number(&i->body, id + 1)); return id; }
/* by: -1 takes it back. */
void kir_use(const KInst *i, int *uses, int by) {
  for (int k = 0; k < 3; k++) if (i->a[k]) uses[i->a[k]->id] += by;
  for (int k = 0; k < i->addr.nterm; k++) uses[i->addr.term[k].v->id] += by;
  EACH_INST(j, &i->body) kir_use(j, uses, by);
  EACH_INST(j, &i->other) kir_use(j, uses, by);
}
static bool acts(const KInst *i) {
  if (i->op == K_LOOP) return i->body.n > 0 && !(i->a[0]->op == K_CONST && i->a[0]->imm <= 0);
  if (i->op == K_IF) return i->body.n > 0 || i->other.n > 0;
  return i->op == K_STORE || i->op == K_SCATTER || i->op == K_SET || i->op == K_PREFETCH;
}
/* Uses come after definitions, so one walk from the end suffices. */
static void sweep(KBlock *b, int *uses) {
  int n = b->n;
  for (int k = n - 1; k >= 0; k--) {
    KInst *i = b->at[k]; sweep(&i->body, uses); sweep(&i->other, uses); i->reuse = i->op == K_LOAD && i->type.lanes > 1 && uses[i->id] > 2;
    if (acts(i) || uses[i->id] > 0) continue;
    kir_use(i, uses, -1); b->at[k] = NULL;
  }
  b->n = 0;
  for (int k = 0; k < n; k++) if (b->at[k]) b->at[b->n++] = b->at[k];
}

/* Loads of constants in b that do not depend on anything numbered `from` or later. */
static int invariant_loads(const KBuf *buf, const KBlock *b, int from) {
  int n = 0;
  EACH_INST(i, b) {
    bool fixed = i->op == K_LOAD && buf[i->addr.buf].kind == KB_CONST;
    for (int j = 0; fixed && j < i->addr.nterm; j++) fixed = i->addr.term[j].v->id < from;
    n += fixed + invariant_loads(buf, &i->body, from) + invariant_loads(buf, &i->other, from);
  }
  return n;
}

static void hint_launder(const KBuf *buf, KBlock *b) {
  EACH_INST(i, b) {
    if (i->op == K_LOOP && i->hint == KL_SERIAL && invariant_loads(buf, &i->body, i->id) >= LAUNDER_FROM) i->hint = KL_LAUNDER;
    hint_launder(buf, &i->body); hint_launder(buf, &i->other);
  }
}

/* ---- index arithmetic that a loop does not change goes in front of it
 *   loop k { loop c { p = mul k, 256; x = load h[16 * c + p] } }   ->   loop k { p = mul k, 256; loop c { x = load h[16 * c + p] } }
 * LLVM runs no passes over what frit emits, so nobody else would do it. Vectors stay where they are: they would fill the registers. */
typedef struct Hoist { Ctx *c; bool *out; } Hoist;      /* out: by number, moved in front of the loop in question */

static bool is_fixed(const Hoist *h, const KInst *loop, const KInst *i) {
  bool fixed = i->type.lanes == 1 && (i->op == K_CONST || (i->op == K_FN && (i->type.elem == T_WINT || i->type.elem == T_BOOL)));
  if ((i->fn == KF_DIV || i->fn == KF_MOD) && i->op == K_FN) fixed &= i->a[1]->op == K_CONST && i->a[1]->imm != 0;
  for (int k = 0; k < 3 && fixed && i->a[k]; k++) fixed = i->a[k]->op != K_VAR && (i->a[k]->id < loop->id || h->out[i->a[k]->id]);
  return fixed;
}
static void hoist_block(Hoist *h, KBlock *b) {
  KBlock all = { 0 };
  for (int k = 0; k < b->n; k++) {
    KInst *l = b->at[k]; int keep = 0; hoist_block(h, &l->body); hoist_block(h, &l->other);
    for (int j = 0; j < l->body.n && l->op == K_LOOP; j++) {
      KInst *i = l->body.at[j];
      if ((h->out[i->id] = is_fixed(h, l, i))) PUSH(h->c, all, i);
      else l->body.at[keep++] = i;
    }
    if (l->op == K_LOOP) l->body.n = keep;
    PUSH(h->c, all, l);
  }
  *b = all;
}

/* ---- interleaving, so that a long chain of a vector function does not wait for itself
 *   v = load z[0]; e = exp v; store a[0] e;               v = load z[0];  w = load z[16];  e = exp v;  f = exp w;
 *   w = load z[16]; f = exp w; store a[16] f;        ->   store a[0] e;  store a[16] f;
 * A segment ends with a store. Neighbours that are the same but for places and operands go together, four at a time (two where there are few
 * registers), if no later one uses or loads what an earlier one computes. An out-of-order core alone does not reach so far: 4 chains of tanh at once
 * take 0.88 of the time. */
typedef struct Zip { Ctx *c; const KBuf *buf; int most; KBlock out; } Zip;
typedef struct Segment { KInst **at; int n; } Segment;

/* Constants and addresses of what is known before the run at[0 .. n): they go in front of it. (Numbers grow along the run.) */
static bool *early_of(Ctx *c, KInst **at, int n) {
  int first = n ? at[0]->id : 0; bool *early = NEWN(c, bool, n ? at[n - 1]->id - first + 1 : 1);
  for (int k = 0; k < n; k++) {
    const KInst *i = at[k]; bool known = i->op == K_CONST || (i->op == K_FN && i->type.lanes == 1 && i->type.elem == T_WINT);
    for (int j = 0; j < 3 && known; j++) known = !i->a[j] || i->a[j]->id < first || early[i->a[j]->id - first];
    early[i->id - first] = known;
  }
  return early;
}
static bool same_inst(const KInst *a, const KInst *b) {
  return a->op == b->op && a->fn == b->fn && a->mode == b->mode && ktype_same(a->type, b->type) && !a->a[0] == !b->a[0] && a->addr.buf == b->addr.buf;
}
/* May the bytes that the store writes be those that the load reads? An input may be given as the output, at the same places. */
static bool may_meet(const Zip *z, const KInst *load, const KInst *store) {
  const KBuf *l = &z->buf[load->addr.buf], *s = &z->buf[store->addr.buf]; bool args = kbuf_is_port(l) && kbuf_is_port(s);
  if ((l->kind != s->kind && !args) || l->readonly) return false;
  int64_t size = type_bytes(l->elem), lo = (args ? 0 : l->offset), so = (args ? 0 : s->offset);
  if (load->op == K_GATHER || !kaddr_parallel(&load->addr, &store->addr) || type_bytes(s->elem) != size)
    return args || (lo < so + s->bytes && so < lo + l->bytes);
  lo += load->addr.c * size; so += store->addr.c * size; return lo < so + size * store->a[1]->type.lanes && so < lo + size * load->type.lanes;
}
static bool uses(const KInst *i, const KInst *v) {
  for (int k = 0; k < i->addr.nterm; k++) if (i->addr.term[k].v == v) return true;
  return i->a[0] == v || i->a[1] == v || i->a[2] == v;
}
static bool segment_joins(const Zip *z, const Segment *first, const Segment *s) {
  if (s->n != first->n || s->n < SEGMENT_LEAST || s->n > SEGMENT_MOST || s->at[s->n - 1]->op != K_STORE) return false;
  for (int k = 0; k < s->n; k++) if (!same_inst(first->at[k], s->at[k])) return false;
  for (const Segment *e = first; e < s; e++)
    for (int k = 0; k < s->n; k++) {
      if (kop_is_load(s->at[k]->op) && may_meet(z, s->at[k], e->at[e->n - 1])) return false;
      for (int j = 0; j < e->n; j++) if (uses(s->at[k], e->at[j])) return false;
    }
  return true;
}

/* The run at[0 .. n): its early instructions, then its segments, group by group. */
static void zip_run(Zip *z, KInst **at, int n) {
  VEC(Segment) seg = { 0 }; KInst **rest = NEWN(z->c, KInst *, n + 1); bool *early = early_of(z->c, at, n); int m = 0, from = 0;
  for (int k = 0; k < n; k++)
    if (early[at[k]->id - at[0]->id]) PUSH(z->c, z->out, at[k]);
    else rest[m++] = at[k];
  for (int k = 0; k < m; k++) {
    if (rest[k]->op != K_STORE && k < m - 1) continue;
    PUSH(z->c, seg, ((Segment){ rest + from, k + 1 - from })); from = k + 1;
  }
  for (int k = 0, e; k < seg.n; k = e) {
    for (e = k + 1; e < seg.n && e - k < z->most && segment_joins(z, &seg.at[k], &seg.at[e]); e++) {}
    for (int i = 0; i < seg.at[k].n; i++) for (int s = k; s < e; s++) PUSH(z->c, z->out, seg.at[s].at[i]);
  }
}

static void zip_block(Ctx *c, const KBuf *buf, int most, KBlock *b) {
  Zip z = { .c = c, .buf = buf, .most = most };
  for (int k = 0, e; k < b->n; k = e) {
    for (e = k; e < b->n && b->at[e]->op < K_SCATTER; e++) {}
    zip_run(&z, b->at + k, e - k);
    if (e == b->n) break;
    zip_block(c, buf, most, &b->at[e]->body); zip_block(c, buf, most, &b->at[e]->other); PUSH(c, z.out, b->at[e++]);
  }
  *b = z.out;
}
void kir_hoist(Ctx *c, KFunc *f) {
  f->nvalue = number(&f->body, 0); hoist_block(&(Hoist){ c, NEWN(c, bool, f->nvalue + 1) }, &f->body); f->nvalue = number(&f->body, 0);
}
void kir_finish(Ctx *c, KModule *m, const KBuf *buf, KFunc *f) {
  int *uses = NEWN(c, int, number(&f->body, 0) + 1);
  EACH_INST(i, &f->body) kir_use(i, uses, 1);
  sweep(&f->body, uses); kir_hoist(c, f);
  if (m->target->vector_bytes) zip_block(c, buf, m->target->nreg >= 32 ? GROUP_MOST : GROUP_MOST / 2, &f->body);
  f->nvalue = number(&f->body, 0); hint_launder(buf, &f->body);
}

/* ---- loops that threads share: a function each. Values before them are computed in each: they read nothing that changes, or all is serial. */
static bool is_shared(const KInst *i) { return i->op == K_LOOP && i->hint == KL_PARALLEL; }
void kir_split(Ctx *c, KModule *m, const KBuf *buf, KFunc *f) {
  const KBlock b = f->body; bool apart = true; int n = 0;
  EACH_INST(i, &b) apart &= i->op != K_VAR && (!kop_is_load(i->op) || buf[i->addr.buf].readonly);
  EACH_INST(i, &b) if (!apart && is_shared(i)) i->hint = KL_SERIAL;
  for (int from = 0, to = 0; to < b.n || !n; from = to) {
    KFunc *g = n ? NEW_AS(c, KFunc, ctx_printf(c, "%s_%d", f->name, n), f->label, .pos = f->pos, .nvalue = f->nvalue, .past = f->past) : f;
    bool any = false, share; int *uses = NEWN(c, int, f->nvalue + 1);
    for (; to < b.n && !is_shared(b.at[to]); to++) any |= acts(b.at[to]);
    share = !any && to < b.n; to += share; g->body = (KBlock){ 0 }; g->parallel = share; m->parallel |= share;
    for (int k = 0; k < to; k++) if (k >= from || !acts(b.at[k])) { PUSH(c, g->body, b.at[k]); kir_use(b.at[k], uses, 1); }
    sweep(&g->body, uses);
    if (n && !share && !any) break;
    n++; m->kernel = ctx_grow(c, m->kernel, m->nkernel, &m->cap, sizeof *m->kernel); m->kernel[m->nkernel++] = g;
  }
}
