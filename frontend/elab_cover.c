/* The pieces of a tensor, as boxes, cover it without overlap. With symbolic dimensions this is looked at for their least and largest values
 * (all bounds are `dimension + number`, so what holds at both ends holds between). Places that skip (2 * q + r) are marked one by one.
 */
#include "elab.h"
#include <stdlib.h>
#include <string.h>

typedef struct Box { int64_t *lo, *hi; const Piece *p; bool empty; } Box;
typedef struct Cover { Elab *el; const Group *g; bool large; Box *box; } Cover;

static int64_t at_end(const Cover *c, Extent e) { return c->large ? extent_max(e) : extent_min(e); }

/* Does a place take every value between its least and its largest? */
static bool is_dense(const Cover *c, const Aff *a)
{
  int64_t k = 1;
  for (int done = 0; done < a->n;) {
    int j = 0;
    while (j < a->n && (llabs(a->k[j]) != k || at_end(c, a->index[j]->ext) < 2)) j++;
    if (j < a->n) k *= at_end(c, a->index[j]->ext);
    int small = 0;
    for (int i = 0; i < a->n; i++) small += llabs(a->k[i]) < k || at_end(c, a->index[i]->ext) < 2;
    if (small <= done) return false;
    done = small;
  }
  return true;
}

static bool box_dim(const Cover *c, Box *b, int d)
{
  Aff a;
  if (!expr_affine(c->el->c, b->p->place[d], &a)) return false;
  b->lo[d] = b->hi[d] = a.c;
  for (int i = 0; i < a.n; i++) {
    int64_t reach = a.k[i] * (at_end(c, a.index[i]->ext) - 1);
    b->empty |= at_end(c, a.index[i]->ext) <= 0;
    if (reach < 0) b->lo[d] += reach;
    else b->hi[d] += reach;
  }
  b->hi[d]++;
  return is_dense(c, &a);
}

static bool overlap(const Box *a, const Box *b, int rank)
{
  if (a->empty || b->empty) return false;
  for (int d = 0; d < rank; d++)
    if (a->lo[d] >= b->hi[d] || b->lo[d] >= a->hi[d]) return false;
  return true;
}

static double volume(const Box *b, int rank)
{
  double v = b->empty ? 0 : 1;
  for (int d = 0; d < rank; d++) v *= (double)(b->hi[d] - b->lo[d]);
  return v;
}

static void fail_overlap(const Cover *c, const Piece *p) { fail_at(c->el, p->st->pos, "two pieces of '%s' overlap", c->g->name); }

static void fail_gap(const Cover *c)
{
  const Tensor *t = c->g->t;
  fail_at(c->el, c->g->piece.at[0]->st->pos, "the pieces of '%s' %s do not cover it", c->g->name, ext_print(c->el, t->shape, t->rank));
}

/* ---- marking element by element */
typedef struct Mark { const Cover *c; unsigned char *seen; int64_t *stride, count; const Piece *p; Aff *aff; int64_t *value; } Mark;

static int64_t mark_place(const Mark *m)
{
  int64_t at = 0;
  for (int d = 0; d < m->c->g->t->rank; d++) {
    int64_t v = m->aff[d].c;
    for (int i = 0; i < m->aff[d].n; i++)
      for (int q = 0; q < m->p->nfree; q++)
        if (m->p->free[q] == m->aff[d].index[i]) v += m->aff[d].k[i] * m->value[q];
    at += v * m->stride[d];
  }
  return at;
}

static void mark_piece(Mark *m, const Piece *p)
{
  Ctx *c = m->c->el->c;
  int rank = m->c->g->t->rank;
  m->p = p;
  m->aff = NEWN(c, Aff, rank + 1);
  m->value = NEWN(c, int64_t, p->nfree + 1);
  for (int d = 0; d < rank; d++) expr_affine(c, p->place[d], &m->aff[d]);
  for (int q = 0; q < p->nfree; q++)
    if (at_end(m->c, p->free[q]->ext) <= 0) return;
  for (;;) {
    int64_t at = mark_place(m);
    if (m->seen[at]) fail_overlap(m->c, p);
    m->seen[at] = 1;
    m->count++;
    int q = p->nfree - 1;
    while (q >= 0 && ++m->value[q] == at_end(m->c, p->free[q]->ext)) m->value[q--] = 0;
    if (q < 0) return;
  }
}

static void mark_all(const Cover *c)
{
  const Tensor *t = c->g->t;
  int64_t n = 1, *stride = NEWN(c->el->c, int64_t, t->rank + 1);
  for (int d = t->rank - 1; d >= 0; d--) {
    stride[d] = n;
    n *= at_end(c, t->shape[d]);
    if (n > 1 << 24) {
      if (c->el->dump) return;
      fail_at(c->el, c->g->piece.at[0]->st->pos, "whether the pieces of '%s' cover it is not seen: write them as boxes", c->g->name);
    }
  }
  Mark m = { .c = c, .seen = ctx_alloc(c->el->c, (size_t)n + 1), .stride = stride };
  for (int i = 0; i < c->g->piece.n; i++) mark_piece(&m, c->g->piece.at[i]);
  if (m.count != n) fail_gap(c);
}

/* ---- boxes */
static void cover_once(Cover *c)
{
  const Group *g = c->g;
  int rank = g->t->rank, n = g->piece.n;
  double vol = 0, want = 1;
  bool dense = true;
  c->box = NEWN(c->el->c, Box, n);
  for (int i = 0; i < n; i++) {
    c->box[i] = (Box){ NEWN(c->el->c, int64_t, rank + 1), NEWN(c->el->c, int64_t, rank + 1), g->piece.at[i], false };
    for (int d = 0; d < rank; d++) dense &= box_dim(c, &c->box[i], d);
    vol += volume(&c->box[i], rank);
  }
  for (int d = 0; d < rank; d++) want *= (double)at_end(c, g->t->shape[d]);
  if (!dense) {
    mark_all(c);
    return;
  }
  for (int i = 0; i < n; i++)
    for (int j = 0; j < i; j++)
      if (overlap(&c->box[i], &c->box[j], rank)) {
        fail_also(c->el, g->piece.at[j]->st->pos, "the other piece");
        fail_overlap(c, g->piece.at[i]);
      }
  if (vol != want) fail_gap(c);
}

static void cover_both(Elab *el, const Group *g)
{
  bool symbolic = false;
  for (int d = 0; d < g->t->rank; d++) symbolic |= g->t->shape[d].dim != NULL;
  Cover c = { el, g, true, NULL };
  cover_once(&c);
  c.large = false;
  if (symbolic) cover_once(&c);
}

void cover_check(Elab *el, const Group *g)
{
  Catch k;
  if (el->ncall) {
    cover_both(el, g);
    return;
  }
  if (catch_begin(el, &k)) cover_both(el, g);
  catch_end(el);
}
