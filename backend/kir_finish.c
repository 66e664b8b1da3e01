/* The last touch on a function: what nothing uses goes, the rest is numbered densely in text order, and the printers get their hints.
 *
 * reuse: a vector load with more than two uses. laundering: a loop that would read eight or more constants that its counter does not move
 * (weights re-read for every row or frame): kept inside, or they are all hoisted and spilled.
 */
#include "lower.h"

enum { LAUNDER_FROM = 8 };

static void number(KBlock *b, int *id)
{
  for (int k = 0; k < b->n; k++) {
    KInst *i = b->at[k];
    i->id = (*id)++;
    number(&i->body, id);
    number(&i->other, id);
  }
}

int kir_values(KBlock *b)
{
  int n = 0;
  for (int k = 0; k < b->n; k++) {
    int x = kir_values(&b->at[k]->body), y = kir_values(&b->at[k]->other);
    if (b->at[k]->id >= n) n = b->at[k]->id + 1;
    if (x > n) n = x;
    if (y > n) n = y;
  }
  return n;
}

static void use(const KInst *i, int *uses, int by)
{
  for (int k = 0; k < 3; k++)
    if (i->a[k]) uses[i->a[k]->id] += by;
  if (i->vl) uses[i->vl->id] += by;
  for (int k = 0; k < i->addr.nterm; k++) uses[i->addr.term[k].v->id] += by;
}

static void count(const KBlock *b, int *uses)
{
  for (int k = 0; k < b->n; k++) {
    use(b->at[k], uses, 1);
    count(&b->at[k]->body, uses);
    count(&b->at[k]->other, uses);
  }
}

static bool acts(const KInst *i)
{
  if (i->op == K_LOOP) return i->body.n > 0 && !(i->a[0]->op == K_CONST && i->a[0]->imm <= 0);
  if (i->op == K_IF) return i->body.n > 0 || i->other.n > 0;
  return i->op == K_STORE || i->op == K_SCATTER || i->op == K_SET || i->op == K_PREFETCH;
}

static void forget(const KBlock *b, int *uses)
{
  for (int k = 0; k < b->n; k++) {
    use(b->at[k], uses, -1);
    forget(&b->at[k]->body, uses);
    forget(&b->at[k]->other, uses);
  }
}

/* Uses come after definitions, so one walk from the end suffices. */
static void sweep(KBlock *b, int *uses)
{
  int n = b->n;
  for (int k = b->n - 1; k >= 0; k--) {
    KInst *i = b->at[k];
    sweep(&i->body, uses);
    sweep(&i->other, uses);
    if (acts(i) || uses[i->id] > 0) continue;
    use(i, uses, -1);
    forget(&i->body, uses);
    b->at[k] = NULL;
  }
  b->n = 0;
  for (int k = 0; k < n; k++)
    if (b->at[k]) b->at[b->n++] = b->at[k];
}

static void hint_reuse(KBlock *b, const int *uses)
{
  for (int k = 0; k < b->n; k++) {
    KInst *i = b->at[k];
    i->reuse = i->op == K_LOAD && i->type.lanes > 1 && uses[i->id] > 2;
    hint_reuse(&i->body, uses);
    hint_reuse(&i->other, uses);
  }
}

/* Loads of constants in b that do not depend on anything numbered `from` or later. */
static int invariant_loads(const KModule *m, const KBuf *buf, const KBlock *b, int from)
{
  int n = 0;
  (void)m;
  for (int k = 0; k < b->n; k++) {
    const KInst *i = b->at[k];
    bool fixed = i->op == K_LOAD && buf[i->addr.buf].kind == KB_CONST;
    for (int j = 0; fixed && j < i->addr.nterm; j++) fixed = i->addr.term[j].v->id < from;
    n += fixed + invariant_loads(m, buf, &i->body, from) + invariant_loads(m, buf, &i->other, from);
  }
  return n;
}

static void hint_launder(const KModule *m, const KBuf *buf, KBlock *b)
{
  for (int k = 0; k < b->n; k++) {
    KInst *i = b->at[k];
    if (i->op == K_LOOP && i->hint == KL_SERIAL && invariant_loads(m, buf, &i->body, i->id) >= LAUNDER_FROM) i->hint = KL_LAUNDER;
    hint_launder(m, buf, &i->body);
    hint_launder(m, buf, &i->other);
  }
}

void kir_finish(Ctx *c, KModule *m, const KBuf *buf, KFunc *f)
{
  int n = 0;
  number(&f->body, &n);
  int *uses = NEWN(c, int, n + 1);
  count(&f->body, uses);
  sweep(&f->body, uses);
  kir_zip(c, m->target, buf, f);
  hint_reuse(&f->body, uses);
  n = 0;
  number(&f->body, &n);
  hint_launder(m, buf, &f->body);
}
