/* The last touch on a function: what nothing uses goes, the rest is numbered densely in text order, and the printers get their hints.
 *
 * reuse: a vector load with more than two uses. laundering: a loop that would read eight or more constants that its counter does not move
 * (weights re-read for every row or frame): kept inside, or they are all hoisted and spilled. */
#include "lower.h"

enum { LAUNDER_FROM = 8 };

static int number(KBlock *b, int id) {
  for (int k = 0; k < b->n; k++) {
    b->at[k]->id = id;
    id = number(&b->at[k]->other, number(&b->at[k]->body, id + 1));
  }
  return id;
}

/* Counts, or takes back, what i and all inside it use. */
static void use(const KInst *i, int *uses, int by) {
  for (int k = 0; k < 3; k++)
    if (i->a[k]) uses[i->a[k]->id] += by;
  for (int k = 0; k < i->addr.nterm; k++) uses[i->addr.term[k].v->id] += by;
  for (int k = 0; k < i->body.n; k++) use(i->body.at[k], uses, by);
  for (int k = 0; k < i->other.n; k++) use(i->other.at[k], uses, by);
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
    KInst *i = b->at[k];
    sweep(&i->body, uses);
    sweep(&i->other, uses);
    i->reuse = i->op == K_LOAD && i->type.lanes > 1 && uses[i->id] > 2;
    if (acts(i) || uses[i->id] > 0) continue;
    use(i, uses, -1);
    b->at[k] = NULL;
  }
  b->n = 0;
  for (int k = 0; k < n; k++)
    if (b->at[k]) b->at[b->n++] = b->at[k];
}

/* Loads of constants in b that do not depend on anything numbered `from` or later. */
static int invariant_loads(const KBuf *buf, const KBlock *b, int from) {
  int n = 0;
  for (int k = 0; k < b->n; k++) {
    const KInst *i = b->at[k];
    bool fixed = i->op == K_LOAD && buf[i->addr.buf].kind == KB_CONST;
    for (int j = 0; fixed && j < i->addr.nterm; j++) fixed = i->addr.term[j].v->id < from;
    n += fixed + invariant_loads(buf, &i->body, from) + invariant_loads(buf, &i->other, from);
  }
  return n;
}

static void hint_launder(const KBuf *buf, KBlock *b) {
  for (int k = 0; k < b->n; k++) {
    KInst *i = b->at[k];
    if (i->op == K_LOOP && i->hint == KL_SERIAL && invariant_loads(buf, &i->body, i->id) >= LAUNDER_FROM) i->hint = KL_LAUNDER;
    hint_launder(buf, &i->body);
    hint_launder(buf, &i->other);
  }
}

void kir_finish(Ctx *c, KModule *m, const KBuf *buf, KFunc *f) {
  int *uses = NEWN(c, int, number(&f->body, 0) + 1);
  for (int k = 0; k < f->body.n; k++) use(f->body.at[k], uses, 1);
  sweep(&f->body, uses);
  f->nvalue = number(&f->body, 0); kir_hoist(c, f); f->nvalue = number(&f->body, 0);
  kir_zip(c, m->target, buf, f);
  f->nvalue = number(&f->body, 0);
  hint_launder(buf, &f->body);
}
