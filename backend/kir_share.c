/* Code that stands in a module several times is kept once; what differs comes from a table, by the number of the copy.
 *   loop t { A(h1, h2, 4) }  loop t { A(h2, h3, 8) }      ->      loop p 2 { x = load table[2 * p] ... loop t { A(base + x, ...) } }
 *   k1 { A(a, w1, b) }  k2 { B }  k3 { A(b, w3, c) }      ->      k1(0)  k2  k1(1)
 * Pieces are equal if they are so after renaming, but for places in one kind of memory and numbers of index arithmetic. Counts of loops agree, so
 * what was unrolled stays so.
 * needs   kir_finish: it looked at the memory that each copy touches
 * never   looks inside of loops, but for that of a stream: a tree that wants copies there gets them */
#include "lower.h"

enum { SHARE_LEAST = 120 };        /* instructions of what is worth a loop of its own */
/* A number of the first copy: the element of an access (k < 0), the factor of its k-th term, or argument k - LADDR_MAX, or (3) the lanes of
 * a constant. v: in each copy. */
typedef struct Slot { KInst *at; int k; int64_t *v; } Slot;
typedef struct Column { int64_t *v; KInst *load, *value; } Column;
/* twin: by number in this copy, the first copy's; inside: by number in the first copy. n: slots of this copy so far; next: to be replaced. */
typedef struct Share {
  Lower *L; Ctx *c; KInst **twin; bool *inside; VEC(Slot) slot; int n, next, copy, most; VEC(Column) col;
} Share;

static bool is_number(const KInst *i) { return i && i->op == K_CONST && ktype_same(i->type, ktype(T_WINT, 1)); }
/* Notes a number: copies come to them in one order. */
static bool note(Share *s, KInst *at, int k, int64_t a, int64_t b) {
  if (s->n == s->slot.n) { PUSH(s->c, s->slot, ((Slot){ at, k, NEWN(s->c, int64_t, s->most) })); s->slot.at[s->n].v[0] = a; }
  s->slot.at[s->n++].v[s->copy] = b; return a == b || ((int32_t)(b - a) == b - a && (k < 0 || ((int32_t)a == a && (int32_t)b == b)));
}
static bool same_value(const Share *s, const KInst *a, const KInst *b) {
  return !a || !b ? a == b : s->twin[b->id] ? s->twin[b->id] == a : a == b && !s->inside[a->id];
}
static bool same_place(Share *s, KInst *a, const KInst *b) {
  const KBuf *p = &s->L->s.bufs.at[a->addr.buf], *q = &s->L->s.bufs.at[b->addr.buf]; int64_t size = type_bytes(p->elem), gap = q->offset - p->offset;
  bool same = p == q || (p->kind == q->kind && !kbuf_is_port(p) && p->elem == q->elem && p->own == q->own && gap % size == 0);
  same = same && a->addr.nterm == b->addr.nterm && note(s, a, -1, a->addr.c, b->addr.c + gap / size);
  for (int k = 0; same && k < a->addr.nterm; k++)
    same = same_value(s, a->addr.term[k].v, b->addr.term[k].v) && note(s, a, k, a->addr.term[k].k, b->addr.term[k].k);
  return same;
}
static bool same_code(Share *s, KInst **a, KInst **b, int n);
static bool same_inst(Share *s, KInst *a, KInst *b) {
  bool counts = a->op == K_CONST || a->op == K_PARAM || a->op == K_LANE || a->op == K_LOOP || a->op == K_STORE;
  s->twin[b->id] = a; s->inside[a->id] = true;
  if (a->op != b->op || a->fn != b->fn || a->mode != b->mode || a->table != b->table) return false;
  if (a->hint != b->hint || !ktype_same(a->type, b->type)) return false;
  if (is_number(a)) return true;
  if (a->op == K_CONST && a->type.elem == T_I32 && a->type.lanes > 1) return note(s, a, LADDR_MAX + 3, a->imm, b->imm);
  if ((counts && (a->imm != b->imm || memcmp(&a->f, &b->f, sizeof a->f))) || a->body.n != b->body.n || a->other.n != b->other.n) return false;
  for (int k = 0; k < 3; k++) {
    const KInst *x = a->a[k], *y = b->a[k]; bool numbers = is_number(x) && is_number(y), fixed = a->op == K_LOOP;
    if (!numbers ? !same_value(s, x, y) : fixed ? x->imm != y->imm : !note(s, a, LADDR_MAX + k, x->imm, y->imm)) return false;
  }
  return (!kop_is_memory(a->op) || same_place(s, a, b)) && same_code(s, a->body.at, b->body.at, a->body.n)
         && same_code(s, a->other.at, b->other.at, a->other.n);
}
static bool same_code(Share *s, KInst **a, KInst **b, int n) { for (int k = 0; k < n; k++) if (!same_inst(s, a[k], b[k])) return false; return true; }

/* ---- the copy that is kept */
/* What the slot's number is in this copy (of a place: how far it lies from the first's), or NULL if it is the same in all. */
static KInst *column(Share *s, const Slot *x) {
  int64_t *v = NEWN(s->c, int64_t, s->most), base = x->k < 0 ? x->v[0] : 0; bool differ = false;
  for (int j = 0; j < s->copy; j++) differ |= x->v[j] != x->v[0], v[j] = x->v[j] - base;
  for (int k = 0; k < s->col.n && differ; k++) if (!memcmp(s->col.at[k].v, v, sizeof *v * (size_t)s->copy)) return s->col.at[k].value;
  if (!differ) return NULL;
  KInst *load = NEW_AS(s->c, KInst, .op = K_LOAD, .type = { T_I32, 1 }), *value = NEW(s->c, KInst);
  *value = (KInst){ .op = K_CAST, .type = { T_WINT, 1 }, .a = { load } }; PUSH(s->c, s->col, ((Column){ v, load, value })); return value;
}
static KInst *times(Share *s, KBlock *out, KInst *v, KInst *by) {
  EACH_INST(i, out) if (i->fn == KF_MUL && i->a[0] == v && i->a[1] == by) return i;
  PUSH(s->c, *out, NEW_AS(s->c, KInst, .op = K_FN, .fn = KF_MUL, .type = { T_WINT, 1 }, .a = { v, by })); return out->at[out->n - 1];
}
/* All memory of a buffer's kind, as its elements. */
static int section_of(Lower *L, int buf) {
  static const char *const name[] = { [KB_STATE] = "state", [KB_SCRATCH] = "scratch", [KB_CONST] = "constants" };
  const KModule *m = L->m; const KBuf b = L->s.bufs.at[buf], *o = L->s.bufs.at;
  int64_t size[] = { [KB_STATE] = m->state_bytes, [KB_SCRATCH] = m->scratch_bytes, [KB_CONST] = m->nconstant };
  for (int k = 0; k < L->s.bufs.n; k++) if (o[k].arg == BUF_SECTION && o[k].kind == b.kind && o[k].elem == b.elem && o[k].own == b.own) return k;
  return buf_add(L, (KBuf){ name[b.kind], b.kind, b.elem, BUF_SECTION, 0, size[b.kind], b.readonly, b.own });
}
static void keep_slot(Share *s, KBlock *out, const Slot *x, KTerm *t) {
  KInst *i = x->at, *v = column(s, x); KAddr *a = &i->addr; const KBuf *b = &s->L->s.bufs.at[a->buf];
  if (!v) return;
  if (x->k == LADDR_MAX + 3) i->op = K_BCAST, i->a[0] = v->a[0];
  else if (x->k >= LADDR_MAX) i->a[x->k - LADDR_MAX] = v;
  else if (x->k >= 0) t[x->k] = (KTerm){ times(s, out, t[x->k].v, v), 1 };
  else {
    t[a->nterm] = (KTerm){ v, 1 };
    if (!kbuf_is_port(b)) a->c += b->offset / type_bytes(b->elem), a->buf = section_of(s->L, a->buf);
  }
}
static void keep(Share *s, KBlock *b) {
  KBlock out = { 0 };
  EACH_INST(i, b) {
    KTerm *t = NEWN(s->c, KTerm, i->addr.nterm + 1);
    if (i->addr.nterm) memcpy(t, i->addr.term, sizeof *t * (size_t)i->addr.nterm);
    for (; s->next < s->slot.n && s->slot.at[s->next].at == i; s->next++) keep_slot(s, &out, &s->slot.at[s->next], t);
    i->addr.nterm += kop_is_memory(i->op) && t[i->addr.nterm].v; i->addr.term = t; keep(s, &i->body); keep(s, &i->other); PUSH(s->c, out, i);
  }
  *b = out;
}

/* b, the first copy, becomes the code of all; p is the number of the copy. */
static void keep_all(Share *s, KBlock *b, KInst *p) {
  keep(s, b); int n = s->col.n, k = 0; int32_t *table = NEWN(s->c, int32_t, n * s->copy + 1); KBlock all = { 0 }; int64_t bytes = 4 * n * s->copy;
  for (; k < n; k++) for (int j = 0; j < s->copy; j++) table[j * n + k] = (int32_t)s->col.at[k].v[j];
  int buf = buf_add(s->L, (KBuf){ "copies", KB_CONST, T_I32, -1, constant_place(s->L, (uint8_t *)table, bytes), bytes, true, false });
  for (k = 0; k < n; k++) {
    s->col.at[k].load->addr = (KAddr){ buf, NEW_AS(s->c, KTerm, p, n), 1, k };
    PUSH(s->c, all, s->col.at[k].load); PUSH(s->c, all, s->col.at[k].value);
  }
  EACH_INST(i, b) PUSH(s->c, all, i);
  *b = all;
}

/* ---- neighbours in the body of a stream */
/* How many copies of the n instructions from `at` on stand there; numbers run in text order, so their differences are sizes. */
static Share copies_of(Lower *L, const KFunc *f, const KBlock *b, int at, int n) {
  Share s = { .L = L, .c = L->c, .copy = 1, .most = b->n / n }; KInst **x = b->at + at; int lo = x[0]->id, hi, end;
  if (x[n]->id - lo < SHARE_LEAST) return s;
  for (int k = 0; k < n; k++) if (x[k]->op != x[n + k]->op || x[k]->id - lo != x[n + k]->id - x[n]->id) return s;
  s.twin = NEWN(L->c, KInst *, f->nvalue + 1); s.inside = NEWN(L->c, bool, f->nvalue + 1);
  while (at + (s.copy + 1) * n <= b->n && same_code(&s, x, x + s.copy * n, n)) s.copy++, s.n = 0;
  int *uses = NEWN(L->c, int, f->nvalue + 1); end = at + s.copy * n; hi = end < b->n ? b->at[end]->id : f->nvalue;
  for (int k = end; k < b->n; k++) kir_use(b->at[k], uses, 1);
  for (int id = lo; id < hi; id++) if (uses[id]) s.copy = 1;
  return s;
}
static void share_block(Lower *L, KFunc *f, KBlock *b) {
  KBlock out = { 0 };
  for (int at = 0; at < b->n; at++) {
    Share best = { .copy = 1 }; int size = 0; KInst *i = b->at[at];
    for (int n = 1; at + 2 * n <= b->n; n++) {
      Share s = copies_of(L, f, b, at, n);
      if (s.copy > 1 && s.copy * n > best.copy * size) best = s, size = n;
    }
    if (best.copy > 1) {
      KInst *n = NEW_AS(L->c, KInst, .op = K_CONST, .type = { T_WINT, 1 }, .imm = best.copy);
      i = NEW_AS(L->c, KInst, .op = K_LOOP, .type = n->type, .a = { n }, .imm = best.copy, .body = { b->at + at, size, size });
      PUSH(L->c, out, n); keep_all(&best, &i->body, i); at += best.copy * size - 1;
    } else if (i->op == K_IF) share_block(L, f, &i->body), share_block(L, f, &i->other);
    PUSH(L->c, out, i);
  }
  *b = out;
}

/* ---- kernels */
static void share_kernel(Lower *L, KFunc *f, KFunc **rest, int n) {
  Share s = { .L = L, .c = L->c, .copy = 1, .most = n + 1, .inside = NEWN(L->c, bool, f->nvalue + 1) };
  for (int k = 0; k < n; k++) {
    KFunc *g = rest[k];
    if (g->same || !g->whole || g->nvalue != f->nvalue || g->body.n != f->body.n) continue;
    s.twin = NEWN(L->c, KInst *, g->nvalue + 1); s.n = 0;
    if (same_code(&s, f->body.at, g->body.at, f->body.n)) g->same = f, g->copy = s.copy++;
  }
  if (s.copy == 1) return;
  KInst *p = NEW_AS(L->c, KInst, .op = K_PARAM, .type = { T_WINT, 1 }, .imm = L->g->ndim);
  keep_all(&s, &f->body, p); PUSH(L->c, f->body, NULL); memmove(f->body.at + 1, f->body.at, sizeof p * (size_t)(f->body.n - 1)); f->body.at[0] = p;
}

void kir_share(Lower *L) {
  for (int k = 0; k < L->m->nkernel; k++) {
    KFunc *f = L->m->kernel[k];
    if (f->same || !f->whole) continue;
    share_kernel(L, f, L->m->kernel + k + 1, L->m->nkernel - k - 1);
    if (f->stream) share_block(L, f, &f->stream->body);
    kir_hoist(L->c, f);
  }
}
