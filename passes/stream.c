/* stream: reads of the past become reads of history.
 *
 *   before                                                  after
 *     h[c, t] = f(x[c, t]);                                   h: f32[c < 8, t] with history of 6 frames that hold 0 at first
 *     y[c, t] = sum(k < 3: (h[c, t - 3 * k] or 0) * w[k]);    y[c, t] = sum(k < 3: h[c, t - 3 * k] * w[k]);
 *
 * The alternative of `or` is what history holds before the first frame. Where it cannot be (it depends on the frame or on inputs, or
 * stands for more than one read), a tensor `seen` answers instead: seen[t] = true with a history of false, and (e or v) becomes
 * seen[t - d] ? e : v. Inputs and outputs that are read in the past get a copy, so that only temporaries have history; so does a
 * tensor of a recurrence that is also read far back (far reads are none of the recurrence's steps). retime.c has cured reads ahead.
 *
 * needs   expand: every read of a stream tensor at t + (affine, bounded)
 * keeps   meaning of every frame
 * never   leaves an `or` for the stream dimension, a stream index as a number, or history on an argument
 */
#include "stream.h"
#include <string.h>

/* One history: reads of `of` whose past begins with `init` (over of->init_index of that history) read `as`. */
typedef struct Hist { Tensor *of, *as; Expr *init; Index **index; int64_t frames; } Hist;
typedef struct Stream { Ctx *c; Graph *g; Eq *eq; Index *t; Tensor *seen; VEC(Hist) hist; const int64_t *lag; Map lags; int n; bool failed; } Stream;

/* ---- places in time */

bool stream_offset(Ctx *c, const Expr *place, const Index *t, Offset *out)
{
  Aff a;
  *out = (Offset){ 0, 0 };
  if (!expr_affine(c, place, &a) || aff_coef(&a, t) != 1) return false;
  out->lo = out->hi = a.c;
  for (int k = 0; k < a.n; k++) {
    if (a.index[k] == t) continue;
    if (a.index[k]->is_dim || a.index[k]->ext.dim) return false;
    int64_t far = a.k[k] * (a.index[k]->ext.n - 1);
    out->lo += far < 0 ? far : 0;
    out->hi += far > 0 ? far : 0;
  }
  return true;
}

static void stream_error(Stream *s, Pos p, const char *what, const char *name)
{
  if (!s->failed) diag_error(s->c, p, what, name);
  s->failed = true;
}

static bool read_streams(const Expr *e)
{
  return e->kind == E_READ && e->tensor->stream_dim >= 0;
}

/* ---- histories */
static Index **history_indices(Ctx *c, const Tensor *t)
{
  Index **i = NEWN(c, Index *, t->rank);
  for (int d = 0; d < t->rank; d++)
    i[d] = index_new(c, d == t->stream_dim ? t->shape[d].dim->name : ctx_intern(c, ctx_printf(c, "i%d", d)), t->shape[d]);
  return i;
}

/* v over the history's own indices: every index of it must stand bare in a place of the read. False if it cannot be a constant. */
static bool init_of_read(Stream *s, const Expr *read, Expr *v, Index **index, Expr **out)
{
  const Tensor *t = read->tensor;
  Index *from[16];
  Expr *to[16];
  int n = 0;
  for (int d = 0; d < t->rank && n < 16; d++) {
    Index *i = expr_bare(read->arg[d]);
    if (!i || d == t->stream_dim) continue;
    from[n] = i;
    to[n++] = expr_index(s->c, index[d]);
  }
  if (expr_has(v, E_REDUCE) || !const_force(s->c, s->g, v)) return false;
  Expr *e = expr_subst(s->c, v, from, to, n);
  for (int k = 0; k < s->eq->nfree; k++)
    if (expr_has_index(e, s->eq->free[k])) return false;
  if (!expr_constant(e)) return false;
  *out = expr_convert(s->c, CV_PLAIN, t->type, expr_simplify(s->c, e), v->pos);
  return true;
}

static bool init_zero(const Expr *e)
{
  return !e || (expr_is_const(e) && expr_number(e) == 0);
}

/* Are two starts equal? Over different index lists of the same tensor. */
static bool init_equal(Stream *s, const Hist *h, Expr *init, Index **index)
{
  Expr *to[16];
  if (init_zero(h->init) || init_zero(init)) return init_zero(h->init) && init_zero(init);
  int n = h->of->rank < 16 ? h->of->rank : 16;
  for (int d = 0; d < n; d++) to[d] = expr_index(s->c, h->index[d]);
  return expr_equal(h->init, expr_subst(s->c, init, index, to, n));
}

/* Makes the tensor that carries a new history of t: t itself if it is a temporary without one, else a copy. */
static Tensor *history_carrier(Stream *s, Tensor *t)
{
  bool taken = t->kind != TK_TEMP || graph_is_out(s->g, t);
  for (int k = 0; k < s->hist.n; k++) taken |= s->hist.at[k].as == t;
  if (!taken) return t;
  Eq *copy;
  s->n++;
  return tensor_copy(s->c, s->g, t, ctx_printf(s->c, "%s_past", t->name), &copy);
}

/* The history of t that begins with init (NULL: any will do), at least `frames` long. */
static Tensor *history_get(Stream *s, Tensor *t, Expr *init, Index **index, bool any, int64_t frames)
{
  for (int k = 0; k < s->hist.n; k++) {
    Hist *h = &s->hist.at[k];
    if (h->of != t || !(any || init_equal(s, h, init, index))) continue;
    if (frames > h->frames) h->frames = frames;
    return h->as;
  }
  Hist h = { t, history_carrier(s, t), init_zero(init) ? NULL : init, index, frames };
  PUSH(s->c, s->hist, h);
  return h.as;
}

static Tensor *seen_get(Stream *s, int64_t frames)
{
  if (!s->seen) {
    Extent x[1] = { s->t->ext };
    s->seen = tensor_new(s->c, s->g, "seen", T_BOOL, 1, x, s->eq->pos);
    Index *i[1] = { index_new(s->c, s->t->ext.dim->name, s->t->ext) };
    eq_new(s->c, s->g, s->seen, i, 1, expr_const(s->c, T_BOOL, 0, 1), NULL);
    s->n++;
  }
  return history_get(s, s->seen, NULL, history_indices(s->c, s->seen), true, frames);
}

/* Has frame `place` come yet? place is t + offset; true at once if it is never before the beginning. */
static Expr *seen_at(Stream *s, Expr *place)
{
  Offset o;
  if (!stream_offset(s->c, place, s->t, &o)) return expr_const(s->c, T_BOOL, 0, 1);
  if (o.lo >= 0) return expr_const(s->c, T_BOOL, 0, 1);
  Expr *at[1] = { place };
  return expr_read(s->c, seen_get(s, -o.lo), at, s->eq->pos);
}

/* ---- rewriting */
static Expr *rewrite(Stream *s, Expr *e);

static int64_t lag_of(Stream *s, const Tensor *t)
{
  int k = pmap_get(&s->lags, t);
  return k < 0 || !s->lag ? 0 : s->lag[k];
}

static Expr **rewrite_args(Stream *s, const Expr *e)
{
  Expr **arg = NEWN(s->c, Expr *, e->n);
  for (int k = 0; k < e->n; k++) arg[k] = rewrite(s, e->arg[k]);
  return arg;
}

/* A read, its places rewritten; `init` is what stood before the beginning, NULL where a condition keeps it from being looked at. */
static Expr *rewrite_read(Stream *s, Expr *e, Expr *init, Index **index)
{
  Tensor *t = e->tensor;
  Expr **arg = NEWN(s->c, Expr *, e->n);
  Offset o;
  for (int d = 0; d < t->rank; d++) arg[d] = d == t->stream_dim ? e->arg[d] : rewrite(s, e->arg[d]);
  if (t->stream_dim < 0) return expr_read(s->c, t, arg, e->pos);
  if (!stream_offset(s->c, arg[t->stream_dim], s->t, &o)) {
    stream_error(s, e->pos, "`%s` is read at a frame that is not the present one plus a bounded offset", t->name);
    return e;
  }
  if (o.lo < 0) t = history_get(s, t, init, index, !index, -o.lo);
  return expr_read(s->c, t, arg, e->pos);
}

/* The reads that an `or` settles: not those inside reductions or of an inner `or`'s guarded side. */
static void guarded_reads(Stream *s, Expr *e, Exprs *out)
{
  if (e->kind == E_REDUCE) return;
  if (e->kind == E_READ) PUSH(s->c, *out, e);
  for (int k = e->kind == E_OR; k < e->n; k++) guarded_reads(s, e->arg[k], out);
}

static bool read_past(Stream *s, const Expr *e)
{
  Offset o;
  return read_streams(e) && stream_offset(s->c, e->arg[e->tensor->stream_dim], s->t, &o) && o.lo - lag_of(s, e->tensor) < 0;
}

/* May any place but the stream's lie outside? Then the `or` stays for those. */
static bool outside_elsewhere(Stream *s, const Exprs *reads)
{
  for (int k = 0; k < reads->n; k++) {
    const Expr *r = reads->at[k];
    for (int d = 0; d < r->n; d++)
      if (d != r->tensor->stream_dim && (!place_static(r->arg[d]) || !place_inside(s->c, r->arg[d], r->tensor->shape[d]))) return true;
  }
  return false;
}

/* (e or v) by conditions: seen at every past place of e. */
static Expr *rewrite_by_seen(Stream *s, Expr *e, const Exprs *reads, Expr *v, bool keep)
{
  Expr *cond = NULL;
  for (int k = 0; k < reads->n; k++) {
    const Expr *r = reads->at[k];
    if (!read_past(s, r)) continue;
    Expr *at = expr_fn2(s->c, FN_SUB, r->arg[r->tensor->stream_dim], expr_int(s->c, lag_of(s, r->tensor)));
    Expr *one = seen_at(s, expr_simplify(s->c, at));
    if (!cond) cond = one;
    else if (!expr_equal(cond, one)) cond = expr_fn2(s->c, FN_AND, cond, one);
  }
  Expr *inside = rewrite(s, e);
  if (keep) inside = expr_or(s->c, inside, v, e->pos);
  return cond ? expr_select(s->c, cond, inside, v, e->pos) : inside;
}

static Expr *rewrite_or(Stream *s, Expr *e)
{
  Exprs reads = { 0 };
  Expr *v = rewrite(s, e->arg[1]), *init, *a = e->arg[0];
  int past = 0;
  guarded_reads(s, a, &reads);
  for (int k = 0; k < reads.n; k++) past += read_past(s, reads.at[k]);
  bool keep = outside_elsewhere(s, &reads);
  if (past == 1 && reads.n == 1 && a->kind == E_READ && !lag_of(s, a->tensor)) {
    Index **index = history_indices(s->c, a->tensor);
    if (init_of_read(s, a, v, index, &init)) {
      Expr *r = rewrite_read(s, a, init, index);
      return keep ? expr_or(s->c, r, v, e->pos) : r;
    }
  }
  if (past) return rewrite_by_seen(s, a, &reads, v, keep);
  a = rewrite(s, a);
  return keep ? expr_or(s->c, a, v, e->pos) : a;
}

/* Comparisons of the frame's number with constants: `t >= d` is "has frame t - d come", `t < frames` holds. NULL: not of that kind. */
static Expr *rewrite_compare(Stream *s, const Expr *e)
{
  Aff a, b;
  if (e->kind != E_FN || e->n != 2 || e->fn < FN_EQ || e->fn > FN_GE) return NULL;
  if (!expr_affine(s->c, e->arg[0], &a) || !expr_affine(s->c, e->arg[1], &b)) return NULL;
  Aff f = aff_sub(s->c, &a, &b);
  int64_t kt = aff_coef(&f, s->t), kd = aff_coef(&f, s->t->ext.dim);
  if (kt == 1 && kd == -1 && f.n == 2 && f.c <= 0) return expr_const(s->c, T_BOOL, 0, e->fn == FN_LT || e->fn == FN_NE || e->fn == FN_LE);
  if ((kt != 1 && kt != -1) || kd) return NULL;
  if (e->fn == FN_EQ || e->fn == FN_NE) {
    Aff g = f;
    if (kt < 0) g = aff_sub(s->c, &(Aff){ 0 }, &f);
    Expr *at = aff_expr(s->c, &g), *next = expr_fn2(s->c, FN_SUB, at, expr_int(s->c, 1));
    Expr *is = expr_fn2(s->c, FN_AND, seen_at(s, at), expr_fn1(s->c, FN_NOT, seen_at(s, next)));
    return e->fn == FN_EQ ? is : expr_fn1(s->c, FN_NOT, is);
  }
  bool swap = kt < 0, less = e->fn == FN_LT || e->fn == FN_LE, strict = e->fn == FN_LT || e->fn == FN_GT;
  Aff g = swap ? aff_sub(s->c, &(Aff){ 0 }, &f) : f;                /* t + ... against 0, turned round if t stood on the right */
  if (swap) less = !less;
  g.c -= less ? !strict : strict;                                   /* t <= d is !(t - d - 1 >= 0), t > d is t - d - 1 >= 0 */
  Expr *seen = seen_at(s, aff_expr(s->c, &g));
  return less ? expr_fn1(s->c, FN_NOT, seen) : seen;
}

static Expr *rewrite(Stream *s, Expr *e)
{
  Expr *cmp = rewrite_compare(s, e);
  if (cmp) return cmp;
  switch (e->kind) {
  case E_CONST: return e;
  case E_INDEX:
    if (e->index == s->t) stream_error(s, e->pos, "the number of the frame is used as a value in `%s`: a stream has no beginning that every call knows", s->eq->out->name);
    else if (e->index->is_dim && e->index->stream) stream_error(s, e->pos, "the number of frames is used as a value in `%s`", s->eq->out->name);
    return e;
  case E_OR:   return rewrite_or(s, e);
  case E_READ: return rewrite_read(s, e, NULL, NULL);
  default:     return expr_rebuild(s->c, e, rewrite_args(s, e));
  }
}

/* ---- equations */
static bool reads_stream(const Expr *e)
{
  if (read_streams(e)) return true;
  for (int k = 0; k < e->n; k++)
    if (reads_stream(e->arg[k])) return true;
  return false;
}

static bool eq_checks(Stream *s, const Eq *e)
{
  const Tensor *t = e->out;
  if (!s->t && reads_stream(e->rhs)) stream_error(s, e->pos, "`%s` needs all frames of a stream at once", t->name);
  if (s->t && (t->stream_dim < 0 || expr_bare(e->place[t->stream_dim]) != s->t))
    stream_error(s, e->pos, "`%s` does not define one frame for each frame of the stream", t->name);
  for (int d = 0; d < t->rank; d++)
    if (t->shape[d].dim && t->shape[d].dim->stream && t->shape[d].n)
      stream_error(s, t->pos, "`%s` has another number of frames than the stream", t->name);
  return !s->failed;
}

static void eq_rewrite(Stream *s, Eq *e)
{
  s->eq = e;
  s->t = eq_stream(e);
  bool before = s->failed;
  s->failed = false;
  if (eq_checks(s, e) && s->t) e->rhs = rewrite(s, e->rhs);
  s->failed |= before;
}

static void history_set(Stream *s)
{
  for (int k = 0; k < s->hist.n; k++) {
    Hist *h = &s->hist.at[k];
    h->as->history = h->frames;
    h->as->init = h->init;
    h->as->init_index = h->index ? h->index : history_indices(s->c, h->as);
    ledger_add(s->c, "stream", h->as->name, true, 0, "%lld frames of history%s", (long long)h->frames, h->init ? " that begin with a constant" : "");
    s->n++;
  }
}

static void stream_dims(Graph *g)
{
  for (int k = 0; k < g->ntensor; k++) {
    Tensor *t = g->tensor[k];
    t->stream_dim = -1;
    for (int d = 0; d < t->rank; d++)
      if (t->shape[d].dim && t->shape[d].dim->stream) t->stream_dim = d;
  }
}

/* ---- outputs that are read */
typedef struct Swap { Tensor *from, *to; } Swap;

static Expr *swap_read(Ctx *c, Expr *e, void *arg)
{
  const Swap *w = arg;
  return e->kind == E_READ && e->tensor == w->from ? expr_read(c, w->to, e->arg, e->pos) : e;
}

/* y, read by others, becomes a copy of a temporary that the others read and that may have history. */
static void output_split(Ctx *c, Graph *g, Tensor *t)
{
  Eq *copy;
  Swap w = { t, tensor_copy(c, g, t, ctx_printf(c, "%s_now", t->name), &copy) };
  for (int k = 0; k < g->neq; k++) {
    Eq *e = g->eq[k];
    if (e != copy) e->rhs = expr_map(c, e->rhs, swap_read, &w);
    if (e != copy && e->out == t) e->out = w.to;
  }
  copy->out = t;
  copy->rhs = expr_map(c, copy->rhs, swap_read, &w);
}

/* Is t read in the past, or (any) at all? */
static bool output_read(Ctx *c, Uses *u, const Tensor *t, bool any)
{
  const UseList *l = uses_get(u, t);
  for (int k = 0; l && k < l->read.n; k++) {
    const Index *i = eq_stream(l->read.at[k].eq);
    Offset o;
    if (any || (i && stream_offset(c, l->read.at[k].read->arg[t->stream_dim], i, &o) && o.lo < 0)) return true;
  }
  return false;
}

static int outputs_split(Ctx *c, Graph *g)
{
  int n = 0;
  Uses u = uses_find(c, g);
  for (int k = 0; k < g->nout; k++) {
    if (g->out[k]->stream_dim < 0 || !output_read(c, &u, g->out[k], c->opt.delay > 0)) continue;
    output_split(c, g, g->out[k]);
    n++;
  }
  return n;
}

static bool graph_streams(const Graph *g)
{
  for (int k = 0; k < g->ndim; k++)
    if (g->dim[k]->stream) return true;
  return false;
}

int pass_stream(Ctx *c, Graph *g, const Target *target)
{
  Stream s = { .c = c, .g = g };
  if (!graph_streams(g)) return 0;
  stream_dims(g);
  s.n = outputs_split(c, g);
  if (!stream_retime(c, g, &s.lags, &s.lag)) return -1;
  int n = g->neq;                                                   /* equations that are made on the way need no rewriting */
  Eq **all = NEWN(c, Eq *, n);
  memcpy(all, g->eq, sizeof *all * (size_t)n);
  for (int k = 0; k < n; k++) eq_rewrite(&s, all[k]);
  if (s.failed) return -1;
  history_set(&s);
  if (!graph_sort(c, g)) return -1;
  return s.n + stream_far(c, g, target->block);
}
