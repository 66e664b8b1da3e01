/* stream: reads of the past become reads of history.
 *   before                                                  after
 *     h[c, t] = f(x[c, t]);                                   h: f32[c < 8, t] with history of 6 frames that hold 0 at first
 *     y[c, t] = sum(k < 3: (h[c, t - 3 * k] or 0) * w[k]);    y[c, t] = sum(k < 3: h[c, t - 3 * k] * w[k]);
 * The alternative of `or` is what history holds before the first frame. Where it cannot be (it depends on the frame or on inputs, or stands for more
 * than one read), a tensor `seen` answers: seen[t] = true with a history of false, and (e or v) becomes seen[t - d] ? e : v. Inputs and outputs
 * that are read in the past get a copy: only temporaries have history.
 * needs   expand: every read of a stream tensor at t + (affine, bounded)
 * never   leaves an `or` for the stream dimension, a stream index as a number, or history on an argument */
#include "util.h"

/* One history: reads of `of` whose past begins with `init` (over `index`, one a dimension) read `as`. */
typedef struct Hist { Tensor *of, *as; Expr *init; Index **index; int64_t frames; } Hist;
typedef struct Stream {
  Ctx *c; Graph *g; Eq *eq; Index *t;                               /* the equation at hand, its stream index */
  Tensor *seen; VEC(Hist) hist; int n; bool failed;
  Map at; int64_t *lag; int64_t ahead; const Expr *worst; bool changed;    /* lag[at[tensor]]: frames that it was moved later (NULL: none was) */
} Stream;

/* ---- places in time: t + o with lo <= o <= hi */
typedef struct Offset { int64_t lo, hi; } Offset;
static bool place_offset(Ctx *c, const Expr *place, const Index *t, Offset *o) {
  Aff a;
  if (!expr_affine(c, place, &a) || aff_coef(&a, t) != 1) return false;
  *o = (Offset){ a.c, a.c };
  for (int k = 0; k < a.n; k++) {
    if (a.index[k] == t) continue;
    if (a.index[k]->is_dim || a.index[k]->ext.dim) return false;
    *(a.k[k] < 0 ? &o->lo : &o->hi) += a.k[k] * (a.index[k]->ext.n - 1);
  }
  return true;
}
static bool reads_frame(const Expr *e, const void *arg) { (void)arg; return e->kind == E_READ && e->tensor->stream_dim >= 0; }
static bool read_offset(Ctx *c, const Expr *e, const Index *t, Offset *o) {
  return reads_frame(e, NULL) && place_offset(c, e->arg[e->tensor->stream_dim], t, o);
}
static void stream_error(Stream *s, Pos p, const char *what, const char *name) { if (!s->failed) diag_error(s->c, p, what, name); s->failed = true; }

/* ---- reads ahead: y[t] = x[t - 1] + x[t] + x[t + 1] is causal one frame later. Every tensor gets the least lag that lets all its reads look back:
 * lag(y) >= lag(x) + h for each read of x by y at most h frames ahead; inputs have none, outputs the delay that the user granted (opt.delay). */
static int64_t *lag_at(Stream *s, const Tensor *t) { return &s->lag[pmap_get(&s->at, t)]; }
static int64_t lag_of(Stream *s, const Tensor *t) { return s->lag && pmap_get(&s->at, t) >= 0 ? *lag_at(s, t) : 0; }
static void relax_reads(Stream *s, const Eq *e, const Expr *x, const Index *t) {
  Offset o;
  for (int k = 0; k < x->n; k++) relax_reads(s, e, x->arg[k], t);
  if (!read_offset(s->c, x, t, &o)) return;
  int64_t need = *lag_at(s, x->tensor) + o.hi, *lag = lag_at(s, e->out);
  if (o.hi > s->ahead) { s->ahead = o.hi; s->worst = x; }
  if (need > *lag) { *lag = need; s->changed = true; }
}
static Expr *shift_read(Ctx *c, Expr *e, void *arg) {
  int64_t lag = reads_frame(e, NULL) ? *lag_at(arg, e->tensor) : 0;
  if (!lag) return e;
  Expr **at = ctx_copy(c, e->arg, sizeof *at * (size_t)e->n), **t = &at[e->tensor->stream_dim];
  *t = expr_fn2(c, FN_ADD, *t, expr_int(c, lag)); return expr_read(c, e->tensor, at, e->pos);
}
/* y[t] := what y[t - lag] was. */
static void shift_eq(Stream *s, Eq *e) {
  Index *t = eq_stream(e); int64_t lag = *lag_at(s, e->out);
  if (!t) return;
  Expr *then = expr_fn2(s->c, FN_SUB, expr_index(s->c, t), expr_int(s->c, lag));
  e->rhs = expr_map(s->c, lag ? expr_subst(s->c, e->rhs, &t, &then, 1) : e->rhs, shift_read, s);
}
/* Moves tensors later in time until nothing reads ahead. An error if opt.delay does not suffice. */
static bool retime(Stream *s) {
  Ctx *c = s->c; Graph *g = s->g; int64_t need = 0; int round = 0; s->lag = NEWN(c, int64_t, g->ntensor);
  for (int k = 0; k < g->ntensor; k++) pmap_set(c, &s->at, g->tensor[k], k);
  do {
    s->changed = false;
    EQS(e, g) if (eq_stream(e)) relax_reads(s, e, e->rhs, eq_stream(e));
  } while (s->changed && ++round <= g->ntensor + 1);
  Pos p = s->worst ? s->worst->pos : g->pos; const char *name = s->worst ? s->worst->tensor->name : g->name;
  if (s->changed) { diag_error(c, p, "a recurrence reads its own future: `%s`", name); return false; }
  for (int k = 0; k < g->nout; k++) need = *lag_at(s, g->out[k]) > need ? *lag_at(s, g->out[k]) : need;
  if (need > c->opt.delay) {
    diag_error(c, p, "`%s` is read %lld frame%s ahead of time", name, (long long)s->ahead, s->ahead == 1 ? "" : "s");
    diag_help(c, "--delay=%lld makes the graph causal: its outputs come %lld frame%s later", (long long)need, (long long)need, need == 1 ? "" : "s");
    return false;
  }
  if (!need && !c->opt.delay && !s->ahead) { s->lag = NULL; return true; }
  for (int k = 0; k < g->nout; k++) *lag_at(s, g->out[k]) = c->opt.delay;
  EQS(e, g) shift_eq(s, e);
  ledger_add(c, "stream", g->name, true, 0, "outputs come %d frames later", c->opt.delay); return true;
}

/* ---- histories: v over the history's own indices: every index of it must stand bare in a place of the read. NULL if it cannot be a constant. */
static Expr *init_of_read(Stream *s, const Expr *read, Expr *v, Index **index) {
  const Tensor *t = read->tensor;
  if (expr_has(v, E_REDUCE) || !const_force(s->c, s->g, v)) return NULL;
  Expr *e = expr_subst_bare(s->c, v, read->arg, index_exprs(s->c, index, t->rank), t->rank);
  for (int k = 0; k < s->eq->nfree; k++) if (expr_has_index(e, s->eq->free[k])) return NULL;
  return expr_constant(e) ? expr_convert(s->c, CV_PLAIN, t->type, expr_simplify(s->c, e), v->pos) : NULL;
}
static bool init_zero(const Expr *e) { return !e || expr_number(e) == 0; }
/* Are two starts equal? Over different index lists of the same tensor. */
static bool init_equal(Stream *s, const Hist *h, Expr *init, Index **index) {
  if (init_zero(h->init) || init_zero(init)) return init_zero(h->init) && init_zero(init);
  return expr_equal(h->init, expr_subst(s->c, init, index, index_exprs(s->c, h->index, h->of->rank), h->of->rank));
}
/* The history of t that begins with init over index (no index: any will do), at least `frames` long. */
static Tensor *history_get(Stream *s, Tensor *t, Expr *init, Index **index, int64_t frames) {
  bool taken = t->kind != TK_TEMP || graph_is_out(s->g, t); Eq *copy;         /* only a temporary without a history carries it itself, else a copy */
  for (Hist *h = s->hist.at; h < s->hist.at + s->hist.n; h++) {
    taken |= h->as == t;
    if (h->of != t || (index && !init_equal(s, h, init, index))) continue;
    h->frames = frames > h->frames ? frames : h->frames; return h->as;
  }
  Tensor *as = taken ? tensor_copy(s->c, s->g, t, ctx_printf(s->c, "%s_past", t->name), &copy) : t;
  PUSH(s->c, s->hist, ((Hist){ t, as, init_zero(init) ? NULL : init, index, frames })); s->n += taken; return as;
}

/* Has frame `place` come yet? place is t + offset; true at once if it is never before the beginning. */
static Expr *seen_at(Stream *s, Expr *place) {
  Ctx *c = s->c; Offset o;
  if (!place_offset(c, place, s->t, &o) || o.lo >= 0) return expr_const(c, T_BOOL, 0, 1);
  if (!s->seen) {
    s->seen = tensor_new(c, s->g, "seen", T_BOOL, 1, &s->t->ext, s->eq->pos);
    eq_new(c, s->g, s->seen, (Index *[]){ index_new(c, s->t->ext.dim->name, s->t->ext) }, 1, expr_const(c, T_BOOL, 0, 1), NULL); s->n++;
  }
  return expr_read(c, history_get(s, s->seen, NULL, NULL, -o.lo), &place, s->eq->pos);
}

/* ---- rewriting */
static Expr *rewrite(Stream *s, Expr *e);
/* A read, its places rewritten; `init` over index is what stood before the beginning, no index where a condition keeps it from being looked at. */
static Expr *rewrite_read(Stream *s, Expr *e, Expr *init, Index **index) {
  Tensor *t = e->tensor; Expr **arg = NEWN(s->c, Expr *, e->n); Offset o = { 0, 0 };
  for (int d = 0; d < t->rank; d++) arg[d] = d == t->stream_dim ? e->arg[d] : rewrite(s, e->arg[d]);
  if (t->stream_dim >= 0 && !place_offset(s->c, arg[t->stream_dim], s->t, &o)) {
    stream_error(s, e->pos, "`%s` is read at a frame that is not the present one plus a bounded offset", t->name); return e;
  }
  return expr_read(s->c, o.lo < 0 ? history_get(s, t, init, index, -o.lo) : t, arg, e->pos);
}

/* The reads that an `or` settles: not those inside reductions or of an inner `or`'s guarded side. */
static void guarded_reads(Stream *s, Expr *e, Exprs *out) {
  if (e->kind == E_REDUCE) return;
  if (e->kind == E_READ) PUSH(s->c, *out, e);
  for (int k = e->kind == E_OR; k < e->n; k++) guarded_reads(s, e->arg[k], out);
}
static bool read_past(Stream *s, const Expr *e) { Offset o; return read_offset(s->c, e, s->t, &o) && o.lo - lag_of(s, e->tensor) < 0; }
/* `seen` at every past place of the reads; NULL if there is none. */
static Expr *all_seen(Stream *s, const Exprs *reads) {
  Expr *cond = NULL;
  EACH(Expr, r, *reads) {
    if (!read_past(s, r)) continue;
    Expr *at = expr_fn2(s->c, FN_SUB, r->arg[r->tensor->stream_dim], expr_int(s->c, lag_of(s, r->tensor)));
    Expr *one = seen_at(s, expr_simplify(s->c, at)); cond = !cond ? one : expr_equal(cond, one) ? cond : expr_fn2(s->c, FN_AND, cond, one);
  }
  return cond;
}

/* keep: a place other than the stream's may lie outside, so the `or` stays. */
static Expr *rewrite_or(Stream *s, Expr *e) {
  Expr *v = rewrite(s, e->arg[1]), *a = e->arg[0], *cond = NULL, *init = NULL;
  Exprs reads = { 0 }; Index **index = NULL; bool keep = false; guarded_reads(s, a, &reads);
  EACH(Expr, r, reads) for (int d = 0; d < r->n; d++) keep |= d != r->tensor->stream_dim && !dim_inside(s->c, r, d);
  bool one = reads.n == 1 && a->kind == E_READ && read_past(s, a) && !lag_of(s, a->tensor);
  if (one) init = init_of_read(s, a, v, index = tensor_indices(s->c, a->tensor));
  if (!init) cond = all_seen(s, &reads);
  a = init ? rewrite_read(s, a, init, index) : rewrite(s, a); Pos p = cond ? e->arg[0]->pos : e->pos;
  if (keep) a = expr_or(s->c, a, v, p);
  return cond ? expr_select(s->c, cond, a, v, p) : a;
}

/* Comparisons of the frame's number with constants: `t >= d` is "has frame t - d come", `t < frames` holds. NULL: not of that kind. */
static Expr *rewrite_compare(Stream *s, const Expr *e) {
  Ctx *c = s->c; Aff a, b;
  if (e->kind != E_FN || e->n != 2 || e->fn < FN_EQ || e->fn > FN_GE) return NULL;
  if (!expr_affine(c, e->arg[0], &a) || !expr_affine(c, e->arg[1], &b)) return NULL;
  Aff f = aff_sub(c, &a, &b); int64_t kt = aff_coef(&f, s->t), kd = aff_coef(&f, s->t->ext.dim);
  if (kt == 1 && kd == -1 && f.n == 2 && f.c <= 0) return expr_const(c, T_BOOL, 0, e->fn == FN_LT || e->fn == FN_NE || e->fn == FN_LE);
  if ((kt != 1 && kt != -1) || kd) return NULL;
  if (kt < 0) f = aff_sub(c, &(Aff){ 0 }, &f);                      /* t + ... against 0, turned round if t stood on the right */
  if (e->fn == FN_EQ || e->fn == FN_NE) {
    Expr *at = aff_expr(c, &f), *next = expr_fn2(c, FN_SUB, at, expr_int(c, 1)), *now = seen_at(s, at);
    Expr *is = expr_fn2(c, FN_AND, now, expr_fn1(c, FN_NOT, seen_at(s, next))); return e->fn == FN_EQ ? is : expr_fn1(c, FN_NOT, is);
  }
  bool less = (e->fn == FN_LT || e->fn == FN_LE) == (kt > 0), strict = e->fn == FN_LT || e->fn == FN_GT;
  f.c -= less ? !strict : strict;                                   /* t <= d is !(t - d - 1 >= 0), t > d is t - d - 1 >= 0 */
  Expr *seen = seen_at(s, aff_expr(c, &f)); return less ? expr_fn1(c, FN_NOT, seen) : seen;
}
static Expr *rewrite(Stream *s, Expr *e) {
  Expr *cmp = rewrite_compare(s, e);
  if (cmp) return cmp;
  if (e->kind == E_OR) return rewrite_or(s, e);
  if (e->kind == E_READ) return rewrite_read(s, e, NULL, NULL);
  if (e->kind == E_INDEX && e->index == s->t)
    stream_error(s, e->pos, "the number of the frame is used as a value in `%s`: a stream has no beginning that every call knows", s->eq->out->name);
  else if (e->kind == E_INDEX && e->index->is_dim && e->index->stream)
    stream_error(s, e->pos, "the number of frames is used as a value in `%s`", s->eq->out->name);
  Expr **arg = NEWN(s->c, Expr *, e->n);
  for (int k = 0; k < e->n; k++) arg[k] = rewrite(s, e->arg[k]);
  return expr_with(s->c, e, arg);
}

/* ---- equations: one error for each */
static void eq_rewrite(Stream *s, Eq *e) {
  const Tensor *t = e->out; s->eq = e; s->t = eq_stream(e); s->failed = false;
  if (!s->t && expr_some(e->rhs, reads_frame, NULL)) stream_error(s, e->pos, "`%s` needs all frames of a stream at once", t->name);
  if (s->t && (t->stream_dim < 0 || expr_bare(e->place[t->stream_dim]) != s->t))
    stream_error(s, e->pos, "`%s` does not define one frame for each frame of the stream", t->name);
  for (const Extent *x = t->shape; x < t->shape + t->rank; x++)
    if (x->dim && x->dim->stream && x->n) stream_error(s, t->pos, "`%s` has another number of frames than the stream", t->name);
  if (!s->failed && s->t) e->rhs = rewrite(s, e->rhs);
}

/* ---- outputs that are read: y becomes a copy of a temporary that the others read and that may have history */
static void output_split(Ctx *c, Graph *g, Tensor *t) {
  Eq *copy; Tensor *now = tensor_copy(c, g, t, ctx_printf(c, "%s_now", t->name), &copy);
  EQS(e, g) { e->rhs = expr_reread(c, e->rhs, t, now); e->out = e->out == t ? now : e->out; }
  copy->out = t;
}
/* Is t read in the past, or, if outputs are delayed, at all? */
static bool output_read(Ctx *c, Uses *u, const Tensor *t) {
  const UseList *l = uses_get(u, t); Offset o;
  for (int k = 0; l && k < l->read.n; k++) {
    const Index *i = eq_stream(l->read.at[k].eq);
    if (c->opt.delay > 0 || (i && read_offset(c, l->read.at[k].read, i, &o) && o.lo < 0)) return true;
  }
  return false;
}

/* ---- recurrences with a long memory: y[t] = x[t] + a * y[t - 1] + b * y[t - 4800]. The steps of a recurrence go frame by frame; what lies a block
 * or more back is no part of them, so those reads read a copy, y_far[t] = y[t], that has the history. */
typedef struct Far { Ctx *c; Graph *g; int block; Tensor *of, *copy; int64_t near, far; const Index *t; } Far;

/* How far back the reads of f->of go: those within a block (near) and the others, which read the copy if there is one. */
static Expr *far_read(Ctx *c, Expr *e, void *arg) {
  Far *f = arg; Offset o;
  if (e->kind != E_READ || e->tensor != f->of || !read_offset(c, e, f->t, &o)) return e;
  bool far = o.hi <= -f->block; int64_t *most = far ? &f->far : &f->near;
  if (-o.lo > *most) *most = -o.lo;
  return far && f->copy ? expr_read(c, f->copy, e->arg, e->pos) : e;
}
static void far_reads(Far *f) {
  f->near = f->far = 0;
  EQS(e, f->g) if ((f->t = eq_stream(e)) && e->out != f->copy) e->rhs = expr_map(f->c, e->rhs, far_read, f);
}
/* Does `from` depend on f->of by reads within a block? Depth first; seen by tensor. */
static bool near_circle(Far *f, Uses *u, const Tensor *from, Map *seen) {
  const UseList *l = uses_get(u, from); Offset o;
  EACH(Eq, e, l->writer) {
    const Index *t = eq_stream(e);
    if (t) READS(r, f->c, e->rhs) {
      if (!read_offset(f->c, r, t, &o) || o.hi <= -f->block || pmap_get(seen, r->tensor) >= 0) continue;
      pmap_set(f->c, seen, r->tensor, 1);
      if (r->tensor == f->of || near_circle(f, u, r->tensor, seen)) return true;
    }
  }
  return false;
}

/* The number of copies, -1 after an error. */
static int copy_far(Ctx *c, Graph *g, int block) {
  int n = 0, ntensor = g->ntensor;
  for (int k = 0; k < ntensor; k++) {
    Tensor *t = g->tensor[k]; Eq *copy; Far f = { .c = c, .g = g, .block = block, .of = t };
    if (t->history <= block) continue;
    Uses u = uses_find(c, g);
    if (near_circle(&f, &u, t, &(Map){ 0 })) far_reads(&f);
    if (!f.far) continue;
    f.copy = tensor_copy(c, g, t, ctx_printf(c, "%s_far", t->name), &copy);
    f.copy->history = f.far; f.copy->init = t->init; f.copy->init_index = t->init_index; far_reads(&f); t->history = f.near; n++;
    ledger_add(c, "stream", t->name, true, 0, "read up to %lld frames back inside its recurrence: a copy keeps them", (long long)f.far);
  }
  return n && !graph_sort(c, g) ? -1 : n;
}
int pass_stream(Ctx *c, Graph *g, const Target *target) {
  Stream s = { .c = c, .g = g }; int nerror = c->nerror;
  if (!graph_streams(g)) return 0;
  for (int k = 0; k < g->ntensor; k++) tensor_find_stream(g->tensor[k]);
  Uses u = uses_find(c, g);
  for (int k = 0; k < g->nout; k++)
    if (g->out[k]->stream_dim >= 0 && output_read(c, &u, g->out[k])) { output_split(c, g, g->out[k]); s.n++; }
  if (!retime(&s)) return -1;
  EQS(e, g) eq_rewrite(&s, e);                                      /* equations that are made on the way need no rewriting */
  if (c->nerror > nerror) return -1;
  for (Hist *h = s.hist.at; s.hist.n && h < s.hist.at + s.hist.n; h++, s.n++) {
    h->as->history = h->frames; h->as->init = h->init; h->as->init_index = h->index ? h->index : tensor_indices(c, h->as);
    ledger_add(c, "stream", h->as->name, true, 0, "%lld frames of history%s", (long long)h->frames, h->init ? " that begin with a constant" : "");
  }
  int far = graph_sort(c, g) ? copy_far(c, g, target->block) : -1; return far < 0 ? -1 : s.n + far;
}
