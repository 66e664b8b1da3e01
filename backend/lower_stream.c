/* Streams: a whole network by blocks of frames, with what it remembers.
 *
 *   loop v (T + 63) / 64 { n = min(64, T - 64 v)   ... the body, for frames 64 v .. 64 v + n - 1 ...   move histories on by n }
 *
 * A history of at most a block's frames (shift): rows of h + 64 columns, the last h move to the front. A longer one (ring): rows of len
 * columns, a position in the state, and the first 64 columns once more behind the last, so that every window of a block is contiguous.
 * Frames beyond n are computed into storage of the kernel's own, and overwritten by the next block.
 */
#include "lower.h"

static int64_t up_to(int64_t n, int64_t m) { return (n + m - 1) / m * m; }

/* ---- storage of a history */

/* Dimensions from outer to inner: as the layout says; else the stream innermost, unless the producer's lanes run along another. */
static int *dim_order(Lower *L, const LTensor *t, int *stream_at)
{
  const Tensor *x = t->t;
  int *o = NEWN(L->c, int, x->rank + 1), last = x->stream_dim, n = 0;
  const LayoutDim *l = t->let && t->let->layout ? t->let->layout : x->layout;
  const LEq *e = t->writer[0];
  for (int i = 0; i < e->leaf->nleaf; i++)
    for (int d = 0; d < x->rank && e->leaf->leaf[i].kind == LEAF_VECTOR; d++) {
      int k = eq_index(e, e->leaf->leaf[i].index);
      if (k >= 0 && k < e->nfree && e->place[d].uses >> k & 1) last = d;
    }
  for (int d = 0; d < x->rank; d++)
    if (l || d != last) o[n++] = l ? l[d].dim : d;
  if (!l) o[n++] = last;
  for (int d = 0; d < x->rank; d++)
    if (l && (l[d].div > 1 || l[d].mod)) tree_error(L, e->leaf->pos, e, "a tensor with a history has a layout without blocks");
  for (*stream_at = 0; o[*stream_at] != x->stream_dim; ++*stream_at) {}
  return o;
}

static int slot_of(Lower *L, int64_t len)
{
  for (int k = 0; k < L->lens.n; k++)
    if (L->lens.at[k] == len) return k;
  PUSH(L->c, L->lens, len);
  return L->lens.n - 1;
}

static void size_history(Lower *L, LHist *h, const int *order, int at)
{
  const Tensor *t = h->t->t;
  int bytes = type_bytes(t->type), w = target_lanes(L->t, bytes);
  h->inner = h->rows = 1;
  for (int d = 0; d < at; d++) h->rows *= extent_max(t->shape[order[d]]);
  for (int d = at + 1; d < t->rank; d++) h->inner *= extent_max(t->shape[order[d]]);
  h->h = t->history;
  h->ring = h->h > L->block;
  h->len = h->ring ? h->h + L->block + w : h->h;
  int64_t line = L->t->line > bytes ? L->t->line / bytes : 1;
  h->pitch = up_to((h->len + L->block) * h->inner + (h->ring ? w : 0), w);
  if (!L->t->little_ram && h->rows > 1) {                /* an odd number of lines: rows do not share cache sets */
    h->pitch = up_to(h->pitch, line);
    if (h->pitch / line % 2 == 0) h->pitch += line;
  }
  if (h->ring) h->slot = slot_of(L, h->len);
}

static void parts_history(Lower *L, LHist *h, LStore *s, const int *order, int at)
{
  const Tensor *t = h->t->t;
  int64_t stride = 1;
  s->npart = t->rank;
  s->part = NEWN(L->c, LPart, t->rank + 1);
  for (int d = t->rank - 1; d >= 0; d--) {
    s->part[d] = (LPart){ order[d], 1, 0, stride, NULL };
    stride = d == at ? h->pitch : stride * extent_max(t->shape[order[d]]);
  }
}

static void history_new(Lower *L, LTensor *t)
{
  LHist *h = NEW(L->c, LHist);
  LStore *s = NEW(L->c, LStore);
  int at, *order = dim_order(L, t, &at), bytes = type_bytes(t->t->type);
  h->t = t;
  h->store = s;
  size_history(L, h, order, at);
  s->t = t;
  s->hist = h;
  s->local = true;
  s->base = NEWN(L->c, LAff, t->t->rank + 1);
  s->ext = NEWN(L->c, int64_t, t->t->rank + 1);
  parts_history(L, h, s, order, at);
  if (!h->ring) {
    s->base[t->t->stream_dim] = L->block0;
    s->base[t->t->stream_dim].c -= h->h;
  }
  KBuf b = { .name = t->t->name, .kind = KB_STATE, .elem = mem_type(t->t->type), .arg = -1, .offset = up_to(L->state, 64) };
  b.bytes = (h->rows * h->pitch + target_lanes(L->t, bytes)) * bytes;
  L->state = b.offset + b.bytes + (L->t->little_ram ? 0 : 64 * (1 + 2 * (L->nalloc++ % 4)));
  s->buf = buf_add(L, b);
  t->store = s;
  PUSH(L->c, L->hists, h);
  PUSH(L->c, L->allhists, h);
}

/* ---- positions of rings */

static KAddr slot_addr(Lower *L, int slot) { return (KAddr){ .buf = L->posbuf, .c = slot, .term = NEWN(L->c, KTerm, 1) }; }

static void positions_load(Lower *L)
{
  L->pos = NEWN(L->c, KInst *, L->lens.n + 1);
  if (!L->lens.n) return;
  KBuf b = { .name = "positions", .kind = KB_STATE, .elem = T_I32, .arg = -1, .offset = up_to(L->state, 64), .bytes = 4 * L->lens.n };
  L->posbuf = buf_add(L, b);
  L->state = b.offset + b.bytes;
  for (int k = 0; k < L->lens.n; k++) {
    KInst *v = k_emit(&L->b, (KInst){ .op = K_LOAD, .type = { T_I32, 1 }, .addr = slot_addr(L, k) });
    L->pos[k] = k_emit(&L->b, (KInst){ .op = K_CAST, .type = { T_WINT, 1 }, .a = { v }, .imm = L->lens.at[k] - 1 });
  }
}

static KInst *select_index(Lower *L, KInst *c, KInst *x, KInst *y, int64_t hi)
{
  KInst *v = k_put(&L->b, (KInst){ .op = K_FN, .fn = KF_SELECT, .type = { T_WINT, 1 }, .a = { c, x, y } });
  v->imm = hi;
  return v;
}

static void positions_store(Lower *L)
{
  KBuild *b = &L->b;
  for (int k = 0; k < L->lens.n; k++) {
    int64_t len = L->lens.at[k];
    KInst *p = k_ifn(b, KF_ADD, L->pos[k], L->frames), *q = k_ifn(b, KF_SUB, p, k_int(b, len));
    p = select_index(L, k_fn(b, KF_GE, p, k_int(b, len), NULL), q, p, len - 1);
    KInst *v = k_emit(b, (KInst){ .op = K_CAST, .type = { T_I32, 1 }, .a = { p } });
    k_emit(b, (KInst){ .op = K_STORE, .type = { T_I32, 1 }, .a = { NULL, v, NULL }, .addr = slot_addr(L, k) });
  }
}

/* The column of frame time + shift, shift <= 0. The start of the window wraps, what lies in the block follows on. */
LAff ring_place(Lower *L, LStore *s, const LAff *time, const LAff *shift)
{
  LHist *h = s->hist;
  KBuild *b = &L->b;
  LAff local = laff_sum(L, time, &L->block0, -1), at = laff_var(L->pos[h->slot], 1);
  int64_t lo, hi;
  laff_range(L, shift, &lo, &hi);
  if (hi > 0 || lo < -h->h) bug(L->c, "%s is read outside of its history", h->t->t->name);
  if (shift->n || shift->c) {
    bool fixed = shift->n == 0;
    KSave save = { 0 };
    if (fixed) save = k_goto(b, &L->hoist->side, L->hoist->scope);
    laff_add(L, &at, shift, 1);
    KInst *q = laff_inst(L, &at), *w = k_ifn(b, KF_ADD, q, k_int(b, h->len));
    q = select_index(L, k_fn(b, KF_LT, q, k_int(b, 0), NULL), w, q, h->len - 1);
    if (fixed) k_back(b, save);
    at = laff_var(q, 1);
  }
  return laff_sum(L, &local, &at, 1);
}

/* ---- moving columns */

typedef struct Span { KInst *from, *to, *n; } Span;     /* columns */

static void rows_copy(Lower *L, const LHist *h, Span s)
{
  KSave save;
  KInst *row = loop_begin(L, k_int(&L->b, h->rows), h->rows, KL_SERIAL, &save);
  LAff to = laff_var(row, h->pitch), from = to, x = laff_var(s.from, h->inner), y = laff_var(s.to, h->inner);
  laff_add(L, &from, &x, 1);
  laff_add(L, &to, &y, 1);
  copy_run(L, h->store->buf, &to, &from, k_ifn(&L->b, KF_MUL, s.n, k_int(&L->b, h->inner)));
  loop_end(L, row, save);
}

static void rows_copy_if(Lower *L, const LHist *h, Span s, int64_t most)
{
  KBuild *b = &L->b;
  KInst *f = k_emit(b, (KInst){ .op = K_IF, .a = { k_fn(b, KF_GT, s.n, k_int(b, 0), NULL) } });
  if (s.n->op == K_FN) s.n->f = 0, s.n->imm = most;
  KSave save = k_into(b, &f->body);
  rows_copy(L, h, s);
  k_back(b, save);
}

/* Columns a .. a + n - 1 were written: those past the end also to the front, those at the front also past the end. */
static void mirror(Lower *L, LHist *h, const LDim *d)
{
  KBuild *b = &L->b;
  LAff a = laff_sum(L, &d->base, &L->block0, -1), p = laff_var(L->pos[h->slot], 1);
  laff_add(L, &a, &p, 1);
  KInst *len = k_int(b, h->len), *at = laff_inst(L, &a), *end = k_ifn(b, KF_ADD, at, dim_count(L, d));
  KInst *past = k_ifn(b, KF_MAX, at, len);
  rows_copy_if(L, h, (Span){ past, k_ifn(b, KF_SUB, past, len), k_ifn(b, KF_SUB, end, past) }, L->block);
  KInst *first = k_ifn(b, KF_MIN, end, k_int(b, L->block));
  rows_copy_if(L, h, (Span){ at, k_ifn(b, KF_ADD, at, len), k_ifn(b, KF_SUB, first, at) }, L->block);
}

/* After an item of a body: rings that it wrote and that others than it read. */
void stream_mirror(Lower *L, const Tree *body, const Tree *item, const LRegions *r)
{
  for (int k = 0; k < L->hists.n; k++) {
    LHist *h = L->hists.at[k];
    const LEq *w = h->t->writer[0];
    bool needed = body == L->streambody;
    if (!h->ring || (h->mirrored && h->mirrored != body) || !tree_holds(item, w, false)) continue;
    for (int i = 0; i < h->t->nreader; i++) needed |= tree_holds(body, h->t->reader[i], true) && !tree_holds(item, h->t->reader[i], false);
    if (!needed) continue;
    h->mirrored = body;
    for (int i = 0; i < w->nfree; i++)
      if (w->place[h->t->t->stream_dim].uses >> i & 1) mirror(L, h, &r->reg[w->id][i]);
  }
}

static void shift_all(Lower *L)
{
  for (int k = 0; k < L->hists.n; k++) {
    LHist *h = L->hists.at[k];
    if (!h->ring) rows_copy(L, h, (Span){ L->frames, k_int(&L->b, 0), k_int(&L->b, h->h) });
  }
}

/* ---- the loop */

static void bind_block(Lower *L, const Tree *f, LDim *const *reg, LDim **bound)
{
  LEq **eqs = NEWN(L->c, LEq *, L->neq + 1);
  int n = 0;
  tree_eqs(L, f->body, true, &eqs, &n);
  for (int k = 0; k < n; k++) {
    LEq *e = eqs[k];
    int x = eq_index(e, f->name);
    if (x >= e->nfree) tree_error(L, f->pos, e, ctx_printf(L->c, "for %s stream: it reduces over the stream", f->name));
    if (!is_root(eqs, n, k)) continue;
    LDim *d = bound[e->id] = NEWN(L->c, LDim, e->n + 1);
    for (int i = 0; i < e->n; i++) d[i] = reg[e->id][i];
    if (x >= 0) d[x] = (LDim){ .base = L->block0, .ext = L->block, .dyn = true, .cnt = laff_var(L->frames, 1) };
  }
}

static Index *stream_dim(Lower *L, const Tree *f, int *number)
{
  for (*number = 0; *number < L->g->ndim; ++*number)
    if (L->g->dim[*number]->stream) return L->g->dim[*number];
  tree_error(L, f->pos, NULL, ctx_printf(L->c, "for %s stream: the graph has no stream dimension", f->name));
}

static void check_histories(Lower *L, const Tree *f)
{
  for (int k = 0; k < L->neq; k++)
    for (int i = 0; i < L->eq[k]->nread; i++) {
      LTensor *t = L->eq[k]->read[i]->t;
      if (!t->hist) continue;
      if (!t->nwriter) tree_error(L, f->pos, L->eq[k], ctx_printf(L->c, "it reads the past of %s, which another kernel computes: they must share one stream loop", t->t->name));
      if (t->external) bug(L->c, "%s has a history and is no temporary", t->t->name);
      if (!t->store) history_new(L, t);
    }
}

void lower_stream(Lower *L, const Tree *f, LDim *const *reg)
{
  KBuild *b = &L->b;
  int number;
  Index *dim = stream_dim(L, f, &number);
  LDim **bound = NEWN(L->c, LDim *, L->neq + 1);
  L->block = f->step > 0 ? f->step : L->t->block;
  KInst *t = L->param[number], *size = k_int(b, L->block);
  KInst *count = k_ifn(b, KF_DIV, k_ifn(b, KF_ADD, t, k_int(b, L->block - 1)), size);
  KSave s;
  KInst *v = loop_begin(L, count, (dim->hi + L->block - 1) / L->block, KL_SERIAL, &s);
  L->block0 = laff_var(v, L->block);
  LAff left = laff_var(t, 1);
  laff_add(L, &left, &L->block0, -1);
  L->frames = k_ifn(b, KF_MIN, laff_inst(L, &left), size);
  if (L->frames->op == K_FN) L->frames->f = 1, L->frames->imm = L->block;
  check_histories(L, f);
  positions_load(L);
  L->hoist = mark_open(L);
  L->streambody = f->body;
  bind_block(L, f, reg, bound);
  lower_body(L, f->body, bound, false);
  shift_all(L);
  positions_store(L);
  mark_close(L, L->hoist);
  loop_end(L, v, s);
  L->block = 0;
  for (int k = 0; k < L->hists.n; k++) L->hists.at[k]->t->store = NULL;
}
