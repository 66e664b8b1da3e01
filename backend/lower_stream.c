/* Streams: a whole network by blocks of frames, with what it remembers.
 *   loop v (T + 63) / 64 { n = min(64, T - 64 v)   ... the body, for frames 64 v .. 64 v + n - 1 ...   move histories on by n }
 * A history is rows of len columns of the past and room for blocks. The present stands at a position that moves on by n; where no room for a block
 * is left, the last len columns go to the front. Frames beyond n are computed into storage of the kernel's own, and overwritten by the next block. */
#include "lower.h"

enum { ROOM_LEAST = 4 };           /* blocks */

/* ---- storage of a history */
/* Dimensions from outer to inner: as the layout says; else the stream innermost, unless the producer's lanes run along another. */
int *dim_order(Lower *L, const LTensor *t) {
  const Tensor *x = t->t; int *o = NEWN(L->c, int, x->rank + 1), last = x->stream_dim < 0 ? x->rank - 1 : x->stream_dim, n = 0;
  const LayoutDim *l = t->let && t->let->layout ? t->let->layout : x->layout; const LEq *e = t->writer.at[0];
  for (int i = 0; i < e->leaf->nleaf; i++) {
    int k = e->leaf->leaf[i].kind == LEAF_VECTOR ? eq_index(e, e->leaf->leaf[i].index) : -1;
    for (int d = 0; d < x->rank && k >= 0 && k < e->nfree; d++) if (e->place[d].uses >> k & 1) last = d;
  }
  for (int d = 0; d < x->rank; d++) {
    if (l && (l[d].div > 1 || l[d].mod)) tree_error(L, e->leaf->pos, e, "a tensor of a stream has a layout without blocks");
    if (l || d != last) o[n++] = l ? l[d].dim : d;
  }
  if (!l && x->rank) o[n++] = last;
  return o;
}

/* Sizes of a history whose stream dimension is at-th in the order. */
static void size_history(Lower *L, LHist *h, const int *order, int at) {
  const Tensor *t = h->t->t; int bytes = type_bytes(t->type), w = target_lanes(L->t, bytes); bool little = L->t->little_ram;
  int64_t line = L->t->line > bytes ? L->t->line / bytes : 1, past = t->history, least = (little ? 1 : ROOM_LEAST) * L->block;
  h->inner = h->rows = 1; h->room = up_to(little ? past / 4 : 4 * past, L->block); h->slot = L->hists.n;
  for (int d = 0; d < t->rank; d++) if (d != at) *(d < at ? &h->rows : &h->inner) *= extent_max(t->shape[order[d]]);
  h->h = past; h->len = little ? past : up_to(past, w); h->room = h->room < least ? least : h->room;
  h->pitch = up_to((h->len + h->room) * h->inner, w);
  if (!little && h->rows > 1) h->pitch = (up_to(h->pitch, line) / line | 1) * line;          /* odd: rows do not share cache sets */
}

static void history_new(Lower *L, LTensor *t) {
  EACH(LHist, o, L->hists) if (o->t->t == t->t) {          /* the other tree made it */
    LStore *s = t->store = NEW_AS(L->c, LStore, .t = t); *s = *o->store; s->t = t; s->hist = NEW(L->c, LHist); *s->hist = *o;
    s->hist->t = t; s->hist->store = s; PUSH(L->c, L->others, s->hist); return;
  }
  LHist *h = NEW(L->c, LHist); LStore *s = t->store = NEW(L->c, LStore); const Tensor *x = t->t;
  int at = 0, *order = dim_order(L, t), bytes = type_bytes(x->type);
  while (order[at] != x->stream_dim) at++;
  *h = (LHist){ .t = t, .store = s }; size_history(L, h, order, at);
  *s = (LStore){ .t = t, .hist = h, .local = true, .box = whole_box(L, x), .npart = x->rank, .part = NEWN(L->c, LPart, x->rank + 1) };
  int64_t stride = 1;
  for (int d = x->rank - 1; d >= 0; d--) {
    s->part[d] = (LPart){ order[d], 1, 0, stride, NULL }; stride = d == at ? h->pitch : stride * extent_max(x->shape[order[d]]);
  }
  int64_t size = (h->rows * h->pitch + target_lanes(L->t, bytes)) * bytes, gap = L->t->little_ram ? 0 : 64 * (1 + 2 * (L->s.nalloc++ % 4));
  s->buf = buf_of(L, x, KB_STATE, -1, l_take(&L->s.state, size + gap), size); PUSH(L->c, L->hists, h); PUSH(L->c, L->s.hists, h);
}
static KAddr slot_addr(Lower *L, int slot) { return (KAddr){ .buf = L->posbuf, .c = slot, .term = NEWN(L->c, KTerm, 1) }; }
/* An item of the stream's body has a scope and positions of its own, so that equal layers become equal code (kir_share.c). */
KSave item_begin(Lower *L) {
  KSave s = k_goto(&L->b, L->b.block, k_scope(&L->b, ((KMemo *)L->b.memo)->scope));
  EACH(LHist, h, L->hists) {
    KInst *v = k_emit(&L->b, (KInst){ .op = K_LOAD, .type = { T_I32, 1 }, .addr = slot_addr(L, h->slot) });
    h->pos = k_emit(&L->b, (KInst){ .op = K_CAST, .type = { T_WINT, 1 }, .a = { v }, .imm = h->room - L->block });
    h->store->box[h->t->t->stream_dim].base = laff_plus(laff_add(L, L->block0, laff_var(h->pos, 1), -1), -h->len);
  }
  return s;
}
static void rows_move(Lower *L, const LHist *h, KInst *from) {
  LAff row = laff_var(loop_begin(L, l_int(L, h->rows), h->rows, KL_SERIAL), h->pitch);
  copy_run(L, h->store->buf, row, laff_add(L, row, laff_var(from, h->inner), 1), l_int(L, h->len * h->inner)); loop_end(L);
}
/* Positions move on; where no room for a block is left, the last frames go to the front. */
static void positions_store(Lower *L) {
  KSave s = item_begin(L);
  EACH(LHist, h, L->hists) {
    KInst *p = l_fn(L, KF_ADD, h->pos, L->frames), *full = l_fn(L, KF_GT, p, l_int(L, h->room - L->block)); KSave in = if_begin(L, full);
    rows_move(L, h, p); k_back(&L->b, in); p = l_select(L, full, l_int(L, 0), p);
    KInst *v = k_emit(&L->b, (KInst){ .op = K_CAST, .type = { T_I32, 1 }, .a = { p } });
    k_emit(&L->b, (KInst){ .op = K_STORE, .type = { T_I32, 1 }, .a = { NULL, v, NULL }, .addr = slot_addr(L, h->slot) });
  }
  k_back(&L->b, s);
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

/* The body of f for the frames of this block, at most ext. */
static void frames(Lower *L, const Tree *f, LDim *const *reg, int64_t ext) {
  LDim **bound = NEWN(L->c, LDim *, L->eq.n + 1); LEqs eqs = tree_eqs(L, f->body, true); L->streambody = f->body;
  for (int k = 0; k < eqs.n; k++) {
    LEq *e = eqs.at[k]; int x = eq_index(e, f->name);
    if (x >= e->nfree) tree_error(L, f->pos, e, "for %s stream: it reduces over the stream", f->name);
    if (is_root(eqs, k)) bound[e->id] = dims_copy(L, reg[e->id], e->n);
    if (is_root(eqs, k) && x >= 0) bound[e->id][x] = (LDim){ .base = L->block0, .ext = ext, .dyn = true, .cnt = laff_var(L->frames, 1) };
  }
  lower_body(L, f->body, bound, false);
}

/* if n is 8, or 3 and less { the body of `for t/8 stream` } else { that of `for t/64 stream` }: the same equations, resolved once more, and the
 * same histories. (What is left of whole steps runs frame by frame, so it must be little.) */
static void few_frames(Lower *L, const Tree *f, LDim *const *reg) {
  const Tree *g = L->small; int64_t step = g->step > 0 ? g->step : 1; KInst *n = L->frames, *left = l_fn(L, KF_MOD, n, l_int(L, step));
  KInst *many = l_fn(L, KF_OR, l_fn(L, KF_GT, n, l_int(L, step)), l_fn(L, KF_GT, left, l_int(L, (step - 1) / 2)));
  KInst *either = k_emit(&L->b, (KInst){ .op = K_IF, .a = { many } });
  KSave s = k_into(&L->b, &either->body); frames(L, f, reg, L->block); k_back(&L->b, s);
  Lower was = *L; L->tensors = L->reads = L->ors = (Map){ 0 }; memset(&L->all, 0, sizeof L->all); memset(&L->opened, 0, sizeof L->opened);
  s = k_into(&L->b, &either->other); L->frames = l_fn(L, KF_MIN, n, l_int(L, step));
  if (lower_tree(L, g)) { open_histories(L, g); L->hists = L->others; frames(L, g, infer(L, tree_eqs(L, g, true), NULL, true).reg, step); }
  k_back(&L->b, s); L->tensors = was.tensors; L->reads = was.reads; L->ors = was.ors; L->all = was.all; L->opened = was.opened;
  L->eq = was.eq; L->open = was.open; L->hists = was.hists; L->frames = n;
}

void lower_stream(Lower *L, const Tree *f, LDim *const *reg) {
  int d = 0;
  while (d < L->g->ndim && !L->g->dim[d]->stream) d++;
  if (d == L->g->ndim) tree_error(L, f->pos, NULL, "for %s stream: the graph has no stream dimension", f->name);
  L->block = f->step > 0 ? f->step : L->t->block;
  KInst *t = L->param[d], *size = l_int(L, L->block), *count = l_fn(L, KF_DIV, l_fn(L, KF_ADD, t, l_int(L, L->block - 1)), size);
  L->block0 = laff_var(L->f->stream = loop_begin(L, count, (L->g->dim[d]->hi + L->block - 1) / L->block, KL_SERIAL), L->block);
  L->frames = l_known(l_fn(L, KF_MIN, laff_inst(L, laff_add(L, laff_var(t, 1), L->block0, -1)), size), 1, L->block);
  open_histories(L, f); int64_t bytes = 4 * L->hists.n;
  if (bytes) L->posbuf = buf_add(L, (KBuf){ "positions", KB_STATE, T_I32, -1, l_take(&L->s.state, bytes), bytes, false, false });
  if (L->small) few_frames(L, f, reg); else frames(L, f, reg, L->block);
  positions_store(L); loop_end(L); L->block = 0;
  EACH(LHist, h, L->hists) h->t->store = NULL;
}
