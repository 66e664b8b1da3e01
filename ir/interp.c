/* The reference interpreter: runs the equations of a graph as they stand, at any stage from expand to plan. The oracle: nothing is optimised.
 *
 *   Interp *p = interp_new(c, g);                        recurrences sorted, constants evaluated, the past of streams found
 *   interp_run(p, in, out, &frames);                     next call of a stream continues where this one ended
 *
 * From fuse on the equations are those of the kernels, in their order; trees, layouts and places in memory are ignored.
 */
#include "interp.h"
#include <string.h>

#define CONSTANT_WORK 0x1p36

/* ---- tensors */
Buf *interp_buf(Interp *p, const Tensor *t)
{
  for (int k = 0; k < p->buf.n; k++)
    if (p->buf.at[k]->t == t) return p->buf.at[k];
  Buf *b = NEW(p->c, Buf);
  *b = (Buf){ .t = (Tensor *)(uintptr_t)t, .sdim = tensor_stream_dim(t), .past = t->history, .ext = NEWN(p->c, int64_t, t->rank),
              .stride = NEWN(p->c, int64_t, t->rank), .lo = NEWN(p->c, int64_t, t->rank), .origin = NEWN(p->c, int64_t, t->rank) };
  b->fixed = t->data && (t->kind == TK_PARAM || t->kind == TK_CONST);
  PUSH(p->c, p->buf, b);
  return b;
}

int64_t interp_extent(const Interp *p, Extent e)
{
  int64_t v = e.n;
  for (int k = 0; e.dim && k < p->g->ndim; k++)
    if (p->g->dim[k] == e.dim) v += e.dim->stream ? p->start + p->frames : p->dim[k];
  return v < 0 ? 0 : v;
}

static bool buf_shape(Interp *p, Buf *b)
{
  int64_t n = 1;
  for (int d = b->t->rank - 1; d >= 0; d--) {
    b->ext[d] = d == b->sdim ? b->past + p->frames : interp_extent(p, b->t->shape[d]);
    b->origin[d] = d == b->sdim ? p->start - b->past : 0;
    b->lo[d] = b->t->history || b->origin[d] > 0 ? b->origin[d] : 0;
    b->stride[d] = n;
    if (__builtin_mul_overflow(n, b->ext[d], &n) || n > (int64_t)1 << 33) {
      diag_error(p->c, b->t->pos, "'%s' is too large for the interpreter", b->t->name);
      return false;
    }
  }
  b->count = n;
  return true;
}

static bool buf_size(Interp *p, Buf *b)
{
  if (!buf_shape(p, b)) return false;
  size_t bytes = (size_t)b->count * (size_t)type_bytes(b->t->type);
  if (b->fixed) b->data = (uint8_t *)(uintptr_t)b->t->data;
  else if (bytes > b->cap || !b->data) b->data = ctx_alloc(p->c, b->cap = bytes);
  return true;
}

/* ---- building */
static bool check_stream(Interp *p, const Tensor *t)
{
  int n = 0;
  for (int d = 0; d < t->rank; d++)
    if (t->shape[d].dim && t->shape[d].dim->stream) {
      n++;
      if (t->shape[d].n == 0) continue;
      diag_error(p->c, t->pos, "'%s' has a number of frames other than that of the call", t->name);
      return false;
    }
  if (n > 1) diag_error(p->c, t->pos, "'%s' has two stream dimensions", t->name);
  return n <= 1;
}

static bool check_data(Interp *p)
{
  int before = p->c->nerror;
  for (int k = 0; k < p->buf.n; k++) {
    const Buf *b = p->buf.at[k];
    check_stream(p, b->t);
    if (b->t->kind == TK_PARAM && !b->t->data) {
      diag_error(p->c, b->t->pos, "the parameter '%s' has no data", b->t->name);
      diag_help(p->c, "name the file that holds it: weights \"FILE\";");
    } else if ((b->t->kind == TK_TEMP || b->t->kind == TK_CONST || b->t->kind == TK_OUTPUT) && !b->written && !b->fixed) {
      diag_error(p->c, b->t->pos, "'%s' is read, but no equation computes it", b->t->name);
    }
  }
  return p->c->nerror == before;
}

/* What runs: constants that have no data yet, then the kernels' equations, then those in no kernel, sorted. */
static Graph *runnable(Ctx *c, const Graph *g, bool only_constant)
{
  Graph *r = NEW(c, Graph);
  *r = *g;
  r->eq = NULL;
  r->neq = 0;
  VEC(Eq *) all = { 0 };
  for (int k = 0; k < g->neq; k++)
    if (g->eq[k]->constant && !g->eq[k]->out->data) PUSH(c, all, g->eq[k]);
  for (int k = 0; k < g->nkernel && !only_constant; k++)
    for (int j = 0; j < g->kernel[k]->neq; j++) PUSH(c, all, g->kernel[k]->eq[j]);
  for (int k = 0; k < g->neq && !only_constant; k++) {
    bool there = g->eq[k]->constant;
    for (int j = 0; j < all.n && !there; j++) there = all.at[j] == g->eq[k];
    if (!there) PUSH(c, all, g->eq[k]);
  }
  r->eq = all.at;
  r->neq = all.n;
  return graph_sort(c, r) ? r : NULL;
}

static bool uses_dim(const Prog *g)
{
  for (int k = 0; k < g->index.n; k++)
    if (g->index.at[k]->is_dim || g->index.at[k]->ext.dim) return true;
  return false;
}

/* Constants are computed while compiling: bad input must not make that endless. */
static bool check_constant(Interp *p, const Prog *g)
{
  double work = 1;
  for (int k = 0; k < g->index.n; k++) work *= (double)extent_max(g->index.at[k]->ext);
  if (uses_dim(g)) diag_error(p->c, g->e->pos, "the constant '%s' depends on a dimension that is only known at run time", g->e->out->name);
  else if (work > CONSTANT_WORK) diag_error(p->c, g->e->pos, "the constant '%s' takes %.0e steps to compute", g->e->out->name, work);
  else return true;
  return false;
}

static bool add_eq(Interp *p, const Eq *e)
{
  Prog *g = prog_new(p, e, false);
  g->out->written = true;
  PUSH(p->c, p->prog, g);
  return !e->constant || check_constant(p, g);
}

static bool add_init(Interp *p, Buf *b)
{
  const Tensor *t = b->t;
  if (!t->init) return true;
  Eq *e = NEW(p->c, Eq);
  *e = (Eq){ .out = b->t, .place = NEWN(p->c, Expr *, t->rank), .free = t->init_index, .nfree = t->rank, .rhs = t->init, .pos = t->pos };
  for (int d = 0; d < t->rank; d++) e->place[d] = expr_index(p->c, t->init_index[d]);
  Prog *g = prog_new(p, e, b->sdim >= 0);
  PUSH(p->c, p->init, g);
  return true;
}

static bool add_groups(Interp *p, const Graph *r)
{
  for (int k = 0; k < r->neq;) {
    Group g = { k, 1, { 0 } };
    if (!graph_circle(p->c, r, k, &g.circle)) return false;
    if (g.circle.n > 1) g.n = g.circle.n;
    PUSH(p->c, p->group, g);
    k += g.n;
  }
  return true;
}

static bool interp_build(Interp *p, const Graph *r)
{
  bool ok = add_groups(p, r);
  for (int k = 0; k < r->ndim; k++)
    if (r->dim[k]->stream) p->sdim = k;
  for (int k = 0; k < r->neq; k++) ok = add_eq(p, r->eq[k]) && stream_reach(p, r->eq[k]) && ok;
  for (int k = 0; k < r->nin; k++) interp_buf(p, r->in[k]);
  for (int k = 0; k < r->nout; k++) interp_buf(p, r->out[k]);
  for (int k = 0; k < p->buf.n; k++)
    if (p->buf.at[k]->t->next) interp_buf(p, p->buf.at[k]->t->next);
  for (int k = 0; k < p->buf.n; k++) ok &= add_init(p, p->buf.at[k]);
  return check_data(p) && ok;
}

/* ---- running */
static bool run_circle(Interp *p, const Group *g)
{
  const Circle *c = &g->circle;
  int64_t lo = INT64_MAX, hi = INT64_MIN;
  for (int k = 0; k < g->n; k++) {
    const Buf *b = p->prog.at[g->first + k]->out;
    int64_t from = b->origin[c->dim[k]] + (c->dim[k] == b->sdim ? b->past : 0), to = b->origin[c->dim[k]] + b->ext[c->dim[k]];
    if (from < lo) lo = from;
    if (to > hi) hi = to;
  }
  for (int64_t j = 0; j < hi - lo; j++)
    for (int k = 0; k < g->n; k++)
      if (!prog_step(p, p->prog.at[g->first + k], c->dim[k], c->dir < 0 ? lo + j : hi - 1 - j)) return false;
  return true;
}

static bool run_group(Interp *p, const Group *g)
{
  for (int k = 0; k < g->n; k++)
    if (!prog_bind(p, p->prog.at[g->first + k])) return false;
  return g->circle.dir ? run_circle(p, g) : prog_run(p, p->prog.at[g->first]);
}

static bool run_groups(Interp *p, bool constant)
{
  for (int k = 0; k < p->group.n; k++) {
    const Group *g = &p->group.at[k];
    if (p->prog.at[g->first]->e->constant == constant && !run_group(p, g)) return false;
  }
  return true;
}

static bool is_state(const Buf *b) { return b->t->kind == TK_STATE && b->sdim < 0; }

static bool is_constant(const Buf *b) { return b->t->kind == TK_PARAM || b->t->kind == TK_CONST; }

static bool run_constants(Interp *p)
{
  for (int k = 0; k < p->buf.n; k++)
    if (is_constant(p->buf.at[k]) && !buf_size(p, p->buf.at[k])) return false;
  return run_groups(p, true);
}

static Interp *interp_make(Ctx *c, const Graph *g, bool only_constant)
{
  Graph *r = runnable(c, g, only_constant);
  if (!r) return NULL;
  if (only_constant) r->nin = r->nout = r->ndim = 0;
  Interp *p = NEW(c, Interp);
  *p = (Interp){ .c = c, .g = r, .sdim = -1, .dim = NEWN(c, int64_t, r->ndim) };
  return interp_build(p, r) && run_constants(p) ? p : NULL;
}

Interp *interp_new(Ctx *c, const Graph *g) { return interp_make(c, g, false); }

static bool set_dims(Interp *p, const int64_t *dims)
{
  if (p->begun && p->ahead) {
    diag_error(p->c, p->ahead->pos, "'%s' is read in the future: all frames must be given in one call", p->ahead->name);
    return false;
  }
  for (int k = 0; k < p->g->ndim; k++) {
    const Index *d = p->g->dim[k];
    p->dim[k] = dims[k];
    if (dims[k] >= d->lo && dims[k] <= d->hi) continue;
    diag_error(p->c, p->g->pos, "%s = %lld is outside %lld..%lld", d->name, (long long)dims[k], (long long)d->lo, (long long)d->hi);
    return false;
  }
  p->frames = p->sdim >= 0 ? p->dim[p->sdim] : 0;
  return true;
}

static bool prepare(Interp *p)
{
  for (int k = 0; k < p->buf.n; k++) {
    Buf *b = p->buf.at[k];
    int64_t count = b->count;
    if (is_constant(b)) continue;
    if (!buf_size(p, b)) return false;
    if (is_state(b) && p->begun && b->count != count) {
      diag_error(p->c, b->t->pos, "the state '%s' has another size in this call", b->t->name);
      return false;
    }
    if (!history_load(p, b)) return false;
  }
  for (int k = 0; k < p->init.n && !p->begun; k++)
    if (!prog_bind(p, p->init.at[k]) || !prog_run(p, p->init.at[k])) return false;
  return true;
}

/* Copies the frames of the call (all, without a stream) out of or into b. */
static void copy_frames(const Buf *b, void *array, bool in)
{
  size_t rows = 1, frame = (size_t)type_bytes(b->t->type), skip = 0, bytes, pitch;
  if (b->count == 0) return;
  for (int d = 0; d < b->t->rank; d++) *(d < b->sdim ? &rows : &frame) *= (size_t)(d == b->sdim ? 1 : b->ext[d]);
  bytes = pitch = frame;
  if (b->sdim >= 0) {
    skip = frame * (size_t)b->past;
    pitch = frame * (size_t)b->ext[b->sdim];
    bytes = pitch - skip;
  }
  for (size_t r = 0; r < rows; r++) {
    uint8_t *here = b->data + r * pitch + skip, *there = (uint8_t *)array + r * bytes;
    if (in) memcpy(here, there, bytes);
    else memcpy(there, here, bytes);
  }
}

static bool give_inputs(Interp *p, const void *const *in)
{
  for (int k = 0; k < p->g->nin; k++) {
    Buf *b = interp_buf(p, p->g->in[k]);
    if (!in[k] && b->count) {
      diag_error(p->c, b->t->pos, "the input '%s' is missing", b->t->name);
      return false;
    }
    if (in[k]) copy_frames(b, (void *)(uintptr_t)in[k], true);
  }
  return true;
}

static size_t buf_bytes(const Buf *b) { return (size_t)b->count * (size_t)type_bytes(b->t->type); }

/* All states take their next values at once. */
static void next_states(Interp *p)
{
  for (int pass = 0; pass < 2; pass++)
    for (int k = 0; k < p->buf.n; k++) {
      Buf *b = p->buf.at[k];
      if (!is_state(b) || !b->t->next) continue;
      if (buf_bytes(b) > b->view_cap) b->view = ctx_alloc(p->c, b->view_cap = buf_bytes(b));
      const Buf *from = interp_buf(p, b->t->next);
      if (pass == 0 && buf_bytes(b)) memcpy(b->view, from->data, buf_bytes(b) < buf_bytes(from) ? buf_bytes(b) : buf_bytes(from));
      if (pass == 1 && buf_bytes(b)) memcpy(b->data, b->view, buf_bytes(b));
    }
}

bool interp_run(Interp *p, const void *const *in, void *const *out, const int64_t *dims)
{
  if (!set_dims(p, dims) || !prepare(p) || !give_inputs(p, in) || !run_groups(p, false)) return false;
  for (int k = 0; k < p->g->nout; k++)
    if (out[k]) copy_frames(interp_buf(p, p->g->out[k]), out[k], false);
  next_states(p);
  for (int k = 0; k < p->buf.n; k++) history_save(p, p->buf.at[k]);
  p->start += p->frames;
  p->begun = true;
  return true;
}

const void *interp_tensor(Interp *p, const Tensor *t)
{
  for (int k = 0; k < p->buf.n; k++) {
    Buf *b = p->buf.at[k];
    if (b->t != t) continue;
    if (b->past == 0 || b->sdim < 0) return b->data;
    if (buf_bytes(b) > b->view_cap) b->view = ctx_alloc(p->c, b->view_cap = buf_bytes(b));
    copy_frames(b, b->view, false);
    return b->view;
  }
  return NULL;
}

bool graph_eval_constants(Ctx *c, Graph *g)
{
  Interp *p = interp_make(c, g, true);
  if (!p) return false;
  for (int k = 0; k < p->buf.n; k++) {
    Buf *b = p->buf.at[k];
    if (b->written && b->t->kind == TK_CONST) b->t->data = b->data;
  }
  return true;
}
