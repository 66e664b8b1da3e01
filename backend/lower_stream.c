/* Streams: a whole network by blocks of frames, with what it remembers.
 *
 *   loop v (T + 63) / 64 { n = min(64, T - 64 v)   ... the body, for frames 64 v .. 64 v + n - 1 ...   move histories on by n }
 *
 * A history of at most a block's frames (shift): rows of h + 64 columns, the last h move to the front. A longer one (ring): rows of len columns, a
 * position in the state, and the first 64 columns once more behind the last, so that every window of a block is contiguous. Frames beyond n are
 * computed into storage of the kernel's own, and overwritten by the next block. */
#include "lower.h"

/* ---- storage of a history */
/* Dimensions from outer to inner: as the layout says; else the stream innermost, unless the producer's lanes run along another. */
static int *dim_order(Lower *L, const LTensor *t) {
  const Tensor *x = t->t; int *o = NEWN(L->c, int, x->rank + 1), last = x->stream_dim, n = 0;
  const LayoutDim *l = t->let && t->let->layout ? t->let->layout : x->layout; const LEq *e = t->writer.at[0];
  for (int i = 0; i < e->leaf->nleaf; i++) {
    int k = e->leaf->leaf[i].kind == LEAF_VECTOR ? eq_index(e, e->leaf->leaf[i].index) : -1;
    for (int d = 0; d < x->rank && k >= 0 && k < e->nfree; d++) if (e->place[d].uses >> k & 1) last = d;
  }
  for (int d = 0; d < x->rank; d++) {
    if (l && (l[d].div > 1 || l[d].mod)) tree_error(L, e->leaf->pos, e, "a tensor with a history has a layout without blocks");
    if (l || d != last) o[n++] = l ? l[d].dim : d;
  }
  if (!l) o[n++] = last;
  return o;
}

static int slot_of(Lower *L, int64_t len) {
  for (int k = 0; k < L->lens.n; k++) if (L->lens.at[k] == len) return k;
  PUSH(L->c, L->lens, len); return L->lens.n - 1;
}

/* Sizes of a history whose stream dimension is at-th in the order. */
static void size_history(Lower *L, LHist *h, const int *order, int at) {
  const Tensor *t = h->t->t; int bytes = type_bytes(t->type), w = target_lanes(L->t, bytes);
  int64_t line = L->t->line > bytes ? L->t->line / bytes : 1;
  h->inner = h->rows = 1;
  for (int d = 0; d < t->rank; d++) if (d != at) *(d < at ? &h->rows : &h->inner) *= extent_max(t->shape[order[d]]);
  h->h = t->history; h->ring = h->h > L->block; h->len = h->ring ? h->h + L->block + w : L->t->little_ram ? h->h : up_to(h->h, w);
  h->pitch = up_to((h->len + L->block) * h->inner + (h->ring ? w : 0), w);
  if (!L->t->little_ram && h->rows > 1) h->pitch = (up_to(h->pitch, line) / line | 1) * line;          /* odd: rows do not share cache sets */
  if (h->ring) h->slot = slot_of(L, h->len);
}

static void history_new(Lower *L, LTensor *t) {
  LHist *h = NEW(L->c, LHist); LStore *s = t->store = NEW(L->c, LStore); const Tensor *x = t->t;
  int at = 0, *order = dim_order(L, t), bytes = type_bytes(x->type);
  while (order[at] != x->stream_dim) at++;
  *h = (LHist){ .t = t, .store = s }; size_history(L, h, order, at);
  *s = (LStore){ .t = t, .hist = h, .local = true, .box = whole_box(L, x), .npart = x->rank, .part = NEWN(L->c, LPart, x->rank + 1) };
  int64_t stride = 1;
  for (int d = x->rank - 1; d >= 0; d--) {
    s->part[d] = (LPart){ order[d], 1, 0, stride, NULL }; stride = d == at ? h->pitch : stride * extent_max(x->shape[order[d]]);
  }
  if (!h->ring) s->box[x->stream_dim].base = laff_plus(L->block0, -h->len);
  int64_t size = (h->rows * h->pitch + target_lanes(L->t, bytes)) * bytes, gap = L->t->little_ram ? 0 : 64 * (1 + 2 * (L->s.nalloc++ % 4));
  s->buf = buf_of(L, x, KB_STATE, -1, l_take(&L->s.state, size + gap), size);
  PUSH(L->c, L->hists, h); PUSH(L->c, L->s.hists, h);
}

static KAddr slot_addr(Lower *L, int slot) { return (KAddr){ .buf = L->posbuf, .c = slot, .term = NEWN(L->c, KTerm, 1) }; }
static void positions_load(Lower *L) {
  L->pos = NEWN(L->c, KInst *, L->lens.n + 1);
  if (!L->lens.n) return;
  int64_t bytes = 4 * L->lens.n; L->posbuf = buf_add(L, (KBuf){ "positions", KB_STATE, T_I32, -1, l_take(&L->s.state, bytes), bytes, false, false });
  for (int k = 0; k < L->lens.n; k++) {
    KInst *v = k_emit(&L->b, (KInst){ .op = K_LOAD, .type = { T_I32, 1 }, .addr = slot_addr(L, k) });
    L->pos[k] = k_emit(&L->b, (KInst){ .op = K_CAST, .type = { T_WINT, 1 }, .a = { v }, .imm = L->lens.at[k] - 1 });
  }
}

static void positions_store(Lower *L) {
  for (int k = 0; k < L->lens.n; k++) {
    int64_t len = L->lens.at[k]; KInst *p = l_fn(L, KF_ADD, L->pos[k], L->frames), *q = l_fn(L, KF_SUB, p, l_int(L, len));
    p = l_known(l_select(L, l_fn(L, KF_GE, p, l_int(L, len)), q, p), 0, len - 1);
    KInst *v = k_emit(&L->b, (KInst){ .op = K_CAST, .type = { T_I32, 1 }, .a = { p } });
    k_emit(&L->b, (KInst){ .op = K_STORE, .type = { T_I32, 1 }, .a = { NULL, v, NULL }, .addr = slot_addr(L, k) });
  }
}

/* The column of frame time + shift, shift <= 0. The start of the window wraps, what lies in the block follows on. */
LAff ring_place(Lower *L, LStore *s, LAff time, LAff shift) {
  LHist *h = s->hist; LAff local = laff_add(L, time, L->block0, -1), at = laff_var(L->pos[h->slot], 1); LRange r = laff_range(L, &shift);
  if (r.hi > 0 || r.lo < -h->h) bug(L->c, "%s is read outside of its history", h->t->t->name);
  if (shift.n || shift.c) {
    KSave save = { 0 };
    if (!shift.n) save = k_goto(&L->b, &L->hoist->side, L->hoist->scope);
    KInst *q = laff_inst(L, laff_add(L, at, shift, 1)), *w = l_fn(L, KF_ADD, q, l_int(L, h->len));
    q = l_known(l_select(L, l_fn(L, KF_LT, q, l_int(L, 0)), w, q), 0, h->len - 1);
    if (!shift.n) k_back(&L->b, save);
    at = laff_var(q, 1);
  }
  return laff_add(L, local, at, 1);
}

typedef struct Span { KInst *from, *to, *n; } Span;       /* columns */

static void rows_copy(Lower *L, const LHist *h, Span s) {
  LAff row = laff_var(loop_begin(L, l_int(L, h->rows), h->rows, KL_SERIAL), h->pitch);
  LAff from = laff_add(L, row, laff_var(s.from, h->inner), 1), to = laff_add(L, row, laff_var(s.to, h->inner), 1);
  copy_run(L, h->store->buf, to, from, l_fn(L, KF_MUL, s.n, l_int(L, h->inner))); loop_end(L);
}
static void rows_copy_if(Lower *L, const LHist *h, Span s) {
  KSave save = if_begin(L, l_fn(L, KF_GT, s.n, l_int(L, 0)));
  l_known(s.n, 0, L->block); rows_copy(L, h, s); k_back(&L->b, save);
}

/* Columns a .. a + n - 1 were written: those past the end also to the front, those at the front also past the end. */
static void mirror(Lower *L, LHist *h, const LDim *d) {
  LAff a = laff_add(L, laff_add(L, d->base, L->block0, -1), laff_var(L->pos[h->slot], 1), 1);
  KInst *len = l_int(L, h->len), *at = laff_inst(L, a), *end = l_fn(L, KF_ADD, at, dim_count(L, d)), *past = l_fn(L, KF_MAX, at, len);
  rows_copy_if(L, h, (Span){ past, l_fn(L, KF_SUB, past, len), l_fn(L, KF_SUB, end, past) });
  KInst *first = l_fn(L, KF_MIN, end, l_int(L, L->block));
  rows_copy_if(L, h, (Span){ at, l_fn(L, KF_ADD, at, len), l_fn(L, KF_SUB, first, at) });
}

/* After an item of a body: rings that it wrote and that others than it read. */
void stream_mirror(Lower *L, const Tree *body, const Tree *item, const LRegions *r) {
  EACH(LHist, h, L->hists) {
    const LEq *w = h->t->writer.at[0]; bool needed = body == L->streambody;
    if (!h->ring || (h->mirrored && h->mirrored != body) || !tree_holds(item, w, false)) continue;
    EACH(LEq, e, h->t->reader) needed |= tree_holds(body, e, true) && !tree_holds(item, e, false);
    if (!needed) continue;
    h->mirrored = body;
    for (int i = 0; i < w->nfree; i++) if (w->place[h->t->t->stream_dim].uses >> i & 1) mirror(L, h, &r->reg[w->id][i]);
  }
}

static void open_histories(Lower *L, const Tree *f) {
  EACH(LEq, e, L->eq) EACH(LRead, r, e->read) {
    LTensor *t = r->t;
    if (!t->hist) continue;
    if (!t->writer.n) tree_error(L, f->pos, e, "it reads the past of %s, which another kernel computes: they must share one stream loop", t->t->name);
    if (t->external) bug(L->c, "%s has a history and is no temporary", t->t->name);
    if (!t->store) history_new(L, t);
  }
}

void lower_stream(Lower *L, const Tree *f, LDim *const *reg) {
  int d = 0;
  while (d < L->g->ndim && !L->g->dim[d]->stream) d++;
  if (d == L->g->ndim) tree_error(L, f->pos, NULL, "for %s stream: the graph has no stream dimension", f->name);
  L->block = f->step > 0 ? f->step : L->t->block;
  KInst *t = L->param[d], *size = l_int(L, L->block), *count = l_fn(L, KF_DIV, l_fn(L, KF_ADD, t, l_int(L, L->block - 1)), size);
  L->block0 = laff_var(loop_begin(L, count, (L->g->dim[d]->hi + L->block - 1) / L->block, KL_SERIAL), L->block);
  L->frames = l_known(l_fn(L, KF_MIN, laff_inst(L, laff_add(L, laff_var(t, 1), L->block0, -1)), size), 1, L->block);
  open_histories(L, f); positions_load(L); L->hoist = mark_open(L); L->streambody = f->body;
  LDim **bound = NEWN(L->c, LDim *, L->eq.n + 1); LEqs eqs = tree_eqs(L, f->body, true);
  for (int k = 0; k < eqs.n; k++) {
    LEq *e = eqs.at[k]; int x = eq_index(e, f->name);
    if (x >= e->nfree) tree_error(L, f->pos, e, "for %s stream: it reduces over the stream", f->name);
    if (is_root(eqs, k)) bound[e->id] = dims_copy(L, reg[e->id], e->n);
    if (is_root(eqs, k) && x >= 0) bound[e->id][x] = (LDim){ .base = L->block0, .ext = L->block, .dyn = true, .cnt = laff_var(L->frames, 1) };
  }
  lower_body(L, f->body, bound, false);
  EACH(LHist, h, L->hists) if (!h->ring) rows_copy(L, h, (Span){ L->frames, l_int(L, 0), l_int(L, h->len) });
  positions_store(L); mark_close(L, L->hoist); loop_end(L); L->block = 0;
  EACH(LHist, h, L->hists) h->t->store = NULL;
}
