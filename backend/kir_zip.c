/* Interleaves equal independent computations, so that a long chain of a vector function does not wait for itself.
 *
 *   v = load z[0]; e = exp v; store a[0] e;               v = load z[0];  w = load z[16];  e = exp v;  f = exp w;
 *   w = load z[16]; f = exp w; store a[16] f;        ->   store a[0] e;  store a[16] f;
 *
 * A segment ends with a store. Neighbours that are the same but for places and operands go together, four at a time (two where there are
 * few registers), if no later one uses or loads what an earlier one computes. An out-of-order core alone does not reach so far: 4 chains of
 * tanh at once take 0.88 of the time.
 */
#include "lower.h"

enum { SEGMENT_LEAST = 10, SEGMENT_MOST = 200, GROUP_MOST = 4 };

typedef struct Zip { Ctx *c; const KBuf *buf; int most; KBlock out; } Zip;
typedef struct Segment { KInst **at; int n; } Segment;

static bool straight(const KInst *i) { return i->op != K_LOOP && i->op != K_IF && i->op != K_SET && i->op != K_VAR && i->op != K_SCATTER && i->op != K_PREFETCH; }

/* Constants and addresses of what is known before the run at[0 .. n): they go in front of it. (Numbers grow along the run.) */
static bool *early_of(Ctx *c, KInst **at, int n)
{
  int first = n ? at[0]->id : 0;
  bool *early = NEWN(c, bool, n ? at[n - 1]->id - first + 1 : 1);
  for (int k = 0; k < n; k++) {
    const KInst *i = at[k];
    bool known = i->op == K_CONST || (i->op == K_FN && i->type.lanes == 1 && i->type.elem == T_WINT);
    for (int j = 0; j < 3 && known; j++) known = !i->a[j] || i->a[j]->id < first || early[i->a[j]->id - first];
    early[i->id - first] = known;
  }
  return early;
}

static bool same_inst(const KInst *a, const KInst *b)
{
  return a->op == b->op && a->fn == b->fn && a->mode == b->mode && a->type.elem == b->type.elem && a->type.lanes == b->type.lanes && !a->a[0] == !b->a[0]
      && a->addr.buf == b->addr.buf;
}

static bool same_terms(const KAddr *a, const KAddr *b)
{
  bool same = a->nterm == b->nterm;
  for (int k = 0; same && k < a->nterm; k++) same = a->term[k].v == b->term[k].v && a->term[k].k == b->term[k].k;
  return same;
}

/* May the bytes that the store writes be those that the load reads? An input may be given as the output, at the same places. */
static bool may_meet(const Zip *z, const KInst *load, const KInst *store)
{
  const KBuf *l = &z->buf[load->addr.buf], *s = &z->buf[store->addr.buf];
  bool args = l->kind <= KB_OUT && s->kind <= KB_OUT;
  if ((l->kind != s->kind && !args) || l->readonly) return false;
  int64_t size = type_bytes(l->elem), lo = (args ? 0 : l->offset), so = (args ? 0 : s->offset);
  if (load->op == K_GATHER || !same_terms(&load->addr, &store->addr) || type_bytes(s->elem) != size)
    return args || (lo < so + s->bytes && so < lo + l->bytes);
  lo += load->addr.c * size;
  so += store->addr.c * size;
  return lo < so + size * store->a[1]->type.lanes && so < lo + size * load->type.lanes;
}

static bool uses(const KInst *i, const KInst *v)
{
  bool yes = i->a[0] == v || i->a[1] == v || i->a[2] == v;
  for (int k = 0; k < i->addr.nterm; k++) yes |= i->addr.term[k].v == v;
  return yes;
}

static bool segment_joins(const Zip *z, const Segment *first, const Segment *s)
{
  if (s->n != first->n || s->n < SEGMENT_LEAST || s->n > SEGMENT_MOST) return false;
  if (s->at[s->n - 1]->op != K_STORE) return false;
  for (int k = 0; k < s->n; k++)
    if (!same_inst(first->at[k], s->at[k])) return false;
  for (const Segment *e = first; e < s; e++)
    for (int k = 0; k < s->n; k++) {
      bool loads = s->at[k]->op == K_LOAD || s->at[k]->op == K_GATHER;
      if (loads && may_meet(z, s->at[k], e->at[e->n - 1])) return false;
      for (int j = 0; j < e->n; j++)
        if (uses(s->at[k], e->at[j])) return false;
    }
  return true;
}

/* The run at[0 .. n): its early instructions, then its segments, group by group. */
static void zip_run(Zip *z, KInst **at, int n)
{
  VEC(Segment) seg = { 0 };
  KInst **rest = NEWN(z->c, KInst *, n + 1);
  bool *early = early_of(z->c, at, n);
  int m = 0, from = 0;
  for (int k = 0; k < n; k++) {
    if (early[at[k]->id - at[0]->id]) PUSH(z->c, z->out, at[k]);
    else rest[m++] = at[k];
  }
  for (int k = 0; k < m; k++)
    if (rest[k]->op == K_STORE || k == m - 1) {
      PUSH(z->c, seg, ((Segment){ rest + from, k + 1 - from }));
      from = k + 1;
    }
  for (int k = 0, e; k < seg.n; k = e) {
    for (e = k + 1; e < seg.n && e - k < z->most && segment_joins(z, &seg.at[k], &seg.at[e]); e++) {}
    for (int i = 0; i < seg.at[k].n; i++)
      for (int s = k; s < e; s++) PUSH(z->c, z->out, seg.at[s].at[i]);
  }
}

static void zip_block(Ctx *c, const KBuf *buf, int most, KBlock *b)
{
  Zip z = { .c = c, .buf = buf, .most = most };
  for (int k = 0, e; k < b->n; k = e) {
    for (e = k; e < b->n && straight(b->at[e]); e++) {}
    zip_run(&z, b->at + k, e - k);
    if (e == b->n) break;
    zip_block(c, buf, most, &b->at[e]->body);
    zip_block(c, buf, most, &b->at[e]->other);
    PUSH(c, z.out, b->at[e++]);
  }
  *b = z.out;
}

void kir_zip(Ctx *c, const Target *t, const KBuf *buf, KFunc *f)
{
  if (t->vector_bytes) zip_block(c, buf, t->nreg >= 32 ? GROUP_MOST : GROUP_MOST / 2, &f->body);
}
