/* The interpreter over streams: what of the past a tensor must keep.
 *
 *   y[t] = x[t] + (x[t - 3] or 0)      x is read 3 frames back
 *
 *   call 1: frames 0..4      [ . . . | 0 1 2 3 4 ]      call 2: frames 5..6      [ 2 3 4 | 5 6 ]
 *
 * Frames are counted from the beginning of time, so a place below 0 is outside in every call alike (or holds Tensor.init, once the pass
 * `stream` has given the tensor a history). Nothing before a call but these frames is kept.
 */
#include "interp.h"
#include <string.h>

int tensor_stream_dim(const Tensor *t)
{
  for (int d = 0; d < t->rank; d++)
    if (t->shape[d].dim && t->shape[d].dim->stream) return d;
  return -1;
}

static bool over_stream(const Aff *a)
{
  for (int k = 0; k < a->n; k++)
    if (a->index[k]->is_dim ? a->index[k]->stream : a->index[k]->ext.dim && a->index[k]->ext.dim->stream) return true;
  return false;
}

/* The least (sign -1) or greatest (1) value, times sign. */
static double aff_most(const Aff *a, int sign)
{
  double v = sign * (double)a->c;
  for (int k = 0; k < a->n; k++) {
    double lo = a->index[k]->is_dim ? (double)a->index[k]->lo : 0;
    double hi = a->index[k]->is_dim ? (double)a->index[k]->hi : (double)extent_max(a->index[k]->ext) - 1;
    double m = sign * (double)a->k[k];
    v += m * (m > 0 ? hi : lo);
  }
  return v;
}

typedef struct Reach { Interp *p; const Eq *e; const Expr *own; bool ok; } Reach;
enum { REACH_MAX = 1 << 26 };

static void reach_error(Reach *r, const Expr *read, const char *why)
{
  r->ok = false;
  diag_error(r->p->c, read->pos.src ? read->pos : r->e->pos, "'%s' is a stream and %s", read->tensor->name, why);
}

static bool reach_read(const Expr *e, void *reach)
{
  Reach *r = reach;
  int d = e->kind == E_READ ? tensor_stream_dim(e->tensor) : -1;
  if (e->kind == E_REDUCE)
    for (int k = 0; k < e->nbound; k++)
      if (e->bound[k]->ext.dim && e->bound[k]->ext.dim->stream && r->ok) {
        r->ok = false;
        diag_error(r->p->c, e->pos.src ? e->pos : r->e->pos, "a reduction over all of the stream dimension '%s' has no end", e->bound[k]->ext.dim->name);
      }
  if (d < 0 || !r->ok) return true;
  Aff at, own;
  if (!r->own) reach_error(r, e, "is read by a tensor that has no frames");
  else if (!expr_affine(r->p->c, e->arg[d], &at) || !expr_affine(r->p->c, r->own, &own)) reach_error(r, e, "is read at a time that is not affine");
  else {
    Aff back = aff_sub(r->p->c, &own, &at);
    double most = aff_most(&back, 1);
    if (aff_most(&back, -1) > 0) r->p->ahead = e->tensor;
    if (over_stream(&back)) reach_error(r, e, "is read at a distance that grows with time");
    else if (most > REACH_MAX) reach_error(r, e, "is read too far in the past");
    else if (most > (double)interp_buf(r->p, e->tensor)->past) interp_buf(r->p, e->tensor)->past = (int64_t)most;
  }
  return true;
}

bool stream_reach(Interp *p, const Eq *e)
{
  int d = tensor_stream_dim(e->out);
  Reach r = { p, e, d < 0 ? NULL : e->place[d], true };
  if (p->sdim >= 0) expr_walk(e->rhs, reach_read, &r);
  return r.ok;
}

/* Rows of frames: how many there are, and the bytes of a frame in one. */
static void rows_of(const Buf *b, size_t *rows, size_t *frame)
{
  *rows = 1;
  *frame = (size_t)type_bytes(b->t->type);
  for (int d = 0; d < b->t->rank; d++)
    if (d != b->sdim) *(d < b->sdim ? rows : frame) *= (size_t)b->ext[d];
}

bool history_load(Interp *p, Buf *b)
{
  size_t rows, frame, past = (size_t)b->past;
  if (b->past == 0) return true;
  rows_of(b, &rows, &frame);
  size_t bytes = rows * frame * past, pitch = frame * (size_t)b->ext[b->sdim];
  if (bytes > b->history_cap) b->history = ctx_alloc(p->c, b->history_cap = bytes);
  if (p->begun && bytes != b->history_bytes) {
    diag_error(p->c, b->t->pos, "'%s' remembers %zu bytes, but with these dimensions it has %zu", b->t->name, b->history_bytes, bytes);
    return false;
  }
  b->history_bytes = bytes;
  for (size_t r = 0; r < rows; r++) memcpy(b->data + r * pitch, b->history + r * frame * past, frame * past);
  return true;
}

void history_save(Interp *p, Buf *b)
{
  size_t rows, frame, past = (size_t)b->past;
  if (b->past == 0) return;
  rows_of(b, &rows, &frame);
  size_t pitch = frame * (size_t)b->ext[b->sdim], from = frame * (size_t)p->frames;
  for (size_t r = 0; r < rows; r++) memcpy(b->history + r * frame * past, b->data + r * pitch + from, frame * past);
}
