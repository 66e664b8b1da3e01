/* The reference interpreter: runs the equations of a graph as they stand, at any stage from expand to plan. The oracle: literal, but for the
 * order of loops where sums are of products of plain reads.
 *   y[o, t] = b[o] + sum(c: (x[c, t - 1] or 0) * w[o, c])      slots o t, and c while the sum runs
 * Literal: what is not needed (the other side of a choice, the right of a false `&`) is not evaluated; sums are in double, left to right;
 * arithmetic on f16 and bf16 is done as f32; nothing is rounded but by conversions and stores. Kernels, trees, layouts and places in memory
 * are ignored. A stream's tensors hold all of time: each call adds its frames, and a place below 0 is outside, or holds Tensor.init. */
#include "lin.h"
#include "scalar.h"
#include <string.h>

#define CONSTANT_WORK 0x1p36

/* A tensor's storage, row-major: places origin .. origin + ext - 1 of each dimension; sdim is the stream's. */
typedef struct Dim { int64_t ext, stride, origin; } Dim;
typedef struct Buf { Tensor *t; int sdim; Dim *dim; int64_t count; uint8_t *data; } Buf;

/* An equation, the tensors that it reads, and the indices that are bound, its free ones first: lo <= at < hi. */
typedef struct Slot { const Index *index; int64_t lo, hi, at; } Slot;
typedef struct Prog {
  Interp *p; const Eq *e; Buf *out; Aff *place; VEC(Buf *) in; VEC(Slot) slot;
  bool init, idle, failed;        /* init: fills what precedes the first frame. idle: nothing to do in this call */
  const Expr *outside;            /* the read that fell outside: the next `or` around it, inside the same reduction, takes the alternative */
  double work; bool dims;         /* at most that many steps; it mentions a dimension */
} Prog;

struct Interp {
  Ctx *c; Graph *g; VEC(Buf *) buf; VEC(Prog *) prog, init; VEC(Circle) group;
  int64_t *dim, start, frames; bool begun;               /* start: frames of earlier calls */
};

/* ---- tensors */
static bool is_constant(const Tensor *t) { return t->kind == TK_PARAM || t->kind == TK_CONST; }

static Buf *buf_of(Interp *p, Tensor *t) {
  int d = t->rank - 1;
  for (int k = 0; k < p->buf.n; k++) if (p->buf.at[k]->t == t) return p->buf.at[k];
  while (d >= 0 && !(t->shape[d].dim && t->shape[d].dim->stream)) d--;
  PUSH(p->c, p->buf, NEW_AS(p->c, Buf, .t = t, .sdim = d, .dim = NEWN(p->c, Dim, t->rank))); return p->buf.at[p->buf.n - 1];
}

/* In this call; of the stream: frames since the beginning. */
static int64_t interp_extent(const Interp *p, Extent e) {
  int64_t v = e.n; int k = e.dim ? array_find(p->g->dim, p->g->ndim, e.dim) : -1;
  if (k >= 0) v += e.dim->stream ? p->start + p->frames : p->dim[k];
  return v < 0 ? 0 : v;
}

/* Rows of frames (one of one, without a stream), and the bytes of a frame. */
typedef struct Rows { size_t n, frame; } Rows;
static Rows rows_of(const Buf *b) {
  Rows r = { 1, (size_t)type_bytes(b->t->type) };
  for (int d = 0; d < b->t->rank; d++) if (d != b->sdim) *(d < b->sdim ? &r.n : &r.frame) *= (size_t)b->dim[d].ext;
  return r;
}

/* Room for this call; what there is of a stream stays. */
static bool buf_size(Interp *p, Buf *b) {
  const Tensor *t = b->t; const uint8_t *old = b->data; size_t had = b->sdim >= 0 ? (size_t)b->dim[b->sdim].ext : 1;
  b->count = 1;
  for (int d = t->rank - 1; d >= 0; d--) {
    int64_t past = d == b->sdim ? t->history : 0; b->dim[d] = (Dim){ past + interp_extent(p, t->shape[d]), b->count, -past };
    if (!__builtin_mul_overflow(b->count, b->dim[d].ext, &b->count) && b->count <= (int64_t)1 << 33) continue;
    diag_error(p->c, t->pos, "'%s' is too large for the interpreter", t->name); return false;
  }
  if (t->data && is_constant(t)) b->data = (uint8_t *)(uintptr_t)t->data;
  else if (!old || b->sdim >= 0) b->data = ctx_alloc(p->c, (size_t)b->count * (size_t)type_bytes(t->type));
  Rows r = rows_of(b);
  for (size_t k = 0; old && b->sdim >= 0 && k < r.n; k++)
    memcpy(b->data + k * r.frame * (size_t)b->dim[b->sdim].ext, old + k * r.frame * had, r.frame * had);
  return true;
}

/* Copies the frames of the call (all, without a stream) out of or into b. */
static void copy_frames(const Interp *p, const Buf *b, void *array, bool in) {
  bool s = b->sdim >= 0; Rows r = rows_of(b);
  size_t all = r.frame * (size_t)(s ? b->dim[b->sdim].ext : 1), bytes = r.frame * (size_t)(s ? p->frames : 1);
  for (size_t k = 0; b->count && k < r.n; k++) {
    uint8_t *here = b->data + (k + 1) * all - bytes, *there = (uint8_t *)array + k * bytes; memcpy(in ? here : there, in ? there : here, bytes);
  }
}

/* ---- the value of an expression at the present place of all slots: a number of number_type */
static Num eval(Prog *g, const Expr *e);

static Type wide(Type t) { return t == T_F16 || t == T_BF16 ? T_F32 : t; }
static Type number_type(const Expr *e) { return e->kind >= E_FN && e->kind != E_CONVERT ? wide(e->type) : e->type; }

/* e as a number of type t. */
static Num eval_as(Prog *g, const Expr *e, Type t) {
  Type from = number_type(e); Num v = eval(g, e); return from == t || (from == T_WINT && t == T_I64) ? v : convert_value(v, from, t, CV_PLAIN);
}

/* The innermost: a reduction may stand at two places. */
static int64_t index_value(const Prog *g, const Index *i) {
  for (int k = g->slot.n - 1; k >= 0; k--) if (g->slot.at[k].index == i) return g->slot.at[k].at;
  if (!i->is_dim) bug(g->p->c, "the index '%s' of '%s' is bound nowhere", i->name, g->out->t->name);
  return interp_extent(g->p, (Extent){ (Index *)(uintptr_t)i, 0 });
}

/* The element of b at these places; -1 if dimension *d is outside. Arithmetic on places is modulo 2^64: what does not fit is outside. */
static int64_t address(Prog *g, const Buf *b, Expr *const *place, int *d) {
  int64_t a = 0;
  for (*d = 0; *d < b->t->rank; ++*d) {
    const Dim *dim = &b->dim[*d]; int64_t v = eval(g, place[*d]).i; if (v < dim->origin || v >= dim->origin + dim->ext) return -1;
    a += (v - dim->origin) * dim->stride;
  }
  return a;
}

static Num eval_read(Prog *g, const Expr *e) {
  int d, k = 0;
  while (g->in.at[k]->t != e->tensor) k++;
  int64_t a = address(g, g->in.at[k], e->arg, &d);
  if (a < 0 && !g->outside) g->outside = e;
  return a < 0 ? (Num){ .i = 0 } : value_load(g->in.at[k]->data, e->type, a);
}

static Num eval_fn(Prog *g, const Expr *e) {
  Type t = fn_compute_type(e->fn, wide(fn_promoted(e->fn, e->arg)));
  Num a = eval_as(g, e->arg[0], t), b = e->n < 2 || (is_both(e) && !a.i) ? (Num){ .i = 0 } : eval_as(g, e->arg[1], t);
  if (!type_is_float(t)) return (Num){ .i = fn_eval_i(e->fn, a.i, b.i, t) };
  return e->fn == FN_MUL ? (Num){ .f = a.f * b.f } : fn_eval(e->fn, a, b, t);
}

static Num eval_or(Prog *g, const Expr *e) {
  const Expr *before = g->outside; g->outside = NULL; Num v = eval_as(g, e->arg[0], wide(e->type)); bool out = g->outside != NULL;
  g->outside = before; return out ? eval_as(g, e->arg[1], wide(e->type)) : v;
}

/* A read outside that no `or` takes. */
static void outside_error(Prog *g) {
  const Expr *e = g->outside; Text places = { .c = g->p->c };
  if (g->failed) return;
  g->failed = true;
  for (int d = 0; d < e->n; d++) text_add(&places, "%s%lld", d ? ", " : "", (long long)eval(g, e->arg[d]).i);
  diag_error(g->p->c, e->pos.src ? e->pos : g->e->pos, "'%s' is read outside, at [%s], for an element of '%s'", e->tensor->name,
             places.s ? places.s : "", g->out->t->name);
}

/* ---- reductions */
static bool slots_first(Slot *s, int n) {
  bool some = true;
  for (int k = 0; k < n; k++) s[k].at = s[k].lo, some &= s[k].lo < s[k].hi;
  return some;
}

static bool slots_next(Slot *s, int n) {
  for (int k = n - 1; k >= 0; s[k].at = s[k].lo, k--) if (++s[k].at < s[k].hi) return true;
  return false;
}

typedef struct Acc { Num v; int64_t admitted, best; } Acc;

static void acc_add(Acc *a, Red r, Num v, Type t, int64_t at) {
  switch (r) {
  case RED_SUM: case RED_MEAN: a->v.f += v.f; a->v.i = (int64_t)((uint64_t)a->v.i + (uint64_t)v.i); break;
  case RED_PROD: a->v.f *= v.f; a->v.i = (int64_t)((uint64_t)a->v.i * (uint64_t)v.i); break;
  case RED_MAX: a->v = fn_eval(FN_MAX, a->v, v, t); break;
  case RED_MIN: a->v = fn_eval(FN_MIN, a->v, v, t); break;
  case RED_ANY: a->v.i |= v.i; break;
  case RED_ALL: a->v.i &= v.i; break;
  default: if (v.f != v.f) v = red_identity(r == RED_ARGMAX ? RED_MAX : RED_MIN, t);
    if (!a->admitted || fn_eval(r == RED_ARGMAX ? FN_GT : FN_LT, v, a->v, t).i) a->v = v, a->best = at;
  }
  a->admitted++;
}

static void slot_add(Prog *g, const Index *i) { PUSH(g->p->c, g->slot, ((Slot){ .index = i, .hi = interp_extent(g->p, i->ext) })); }

/* Reads inside a reduction are settled inside it. */
static Num eval_reduce(Prog *g, const Expr *e) {
  const Expr *before = g->outside; int outer = g->slot.n, n = e->nbound;
  bool mean = e->red == RED_MEAN, place = red_is_place(e->red), test = e->red == RED_ANY || e->red == RED_ALL;
  Type t = test ? T_BOOL : place ? wide(e->arg[0]->type) : mean ? T_F64 : wide(e->type);
  Acc a = { .v = mean ? (Num){ .i = 0 } : red_identity(e->red, t) }; int64_t at = 0;
  g->outside = NULL;
  for (int k = 0; k < n; k++) slot_add(g, e->bound[k]);
  for (bool more = slots_first(g->slot.at + outer, n); more; at++) {
    if (e->n < 2 || eval_as(g, e->arg[1], T_BOOL).i) acc_add(&a, e->red, eval_as(g, e->arg[0], t), t, at);
    more = !g->outside && slots_next(g->slot.at + outer, n);
  }
  if (g->outside) outside_error(g);
  g->outside = before; g->slot.n = outer;
  if (place) return (Num){ .i = a.best };
  if (mean) return (Num){ .f = a.v.f / (double)a.admitted };
  return type_is_float(t) ? (Num){ .f = a.v.f } : (Num){ .i = value_wrap(a.v.i, t) };
}
static Num eval(Prog *g, const Expr *e) {
  switch (e->kind) {
  case E_CONST: return const_num(e);       case E_INDEX: return (Num){ .i = index_value(g, e->index) };
  case E_READ: return eval_read(g, e);     case E_FN: return eval_fn(g, e);
  case E_CONVERT:
    if (e->mode == CV_PLAIN) return eval_as(g, e->arg[0], e->type);
    return convert_value(eval(g, e->arg[0]), number_type(e->arg[0]), e->type, e->mode);
  case E_SELECT: return eval_as(g, e->arg[eval_as(g, e->arg[0], T_BOOL).i ? 1 : 2], wide(e->type));
  case E_OR: return eval_or(g, e);     case E_REDUCE: return eval_reduce(g, e);
  }
  bug(g->p->c, "an expression of kind %d", (int)e->kind);
}

/* ---- equations */
static void look_index(Prog *g, const Index *i) { g->work *= (double)extent_max(i->ext); g->dims |= i->ext.dim != NULL; }

static bool look(const Expr *e, void *prog) {
  Prog *g = prog; g->dims |= e->kind == E_INDEX && e->index->is_dim;
  if (e->kind == E_READ) PUSH(g->p->c, g->in, buf_of(g->p, e->tensor));
  for (int k = 0; e->kind == E_REDUCE && k < e->nbound; k++) look_index(g, e->bound[k]);
  return true;
}
static Prog *prog_new(Interp *p, const Eq *e, bool init) {
  int rank = e->out->rank;
  Prog *g = NEW_AS(p->c, Prog, .p = p, .e = e, .init = init, .out = buf_of(p, e->out), .place = NEWN(p->c, Aff, rank), .work = 1);
  for (int k = 0; k < e->nfree; k++) look_index(g, e->free[k]);
  for (int d = 0; d < rank; d++) {
    if (!expr_affine(p->c, e->place[d], &g->place[d])) g->place[d].n = -1;
    expr_walk(e->place[d], look, g);
  }
  expr_walk(e->rhs, look, g); return g;
}

static Slot *slot_of(Prog *g, const Index *i) { return &g->slot.at[array_find(g->e->free, g->e->nfree, i)]; }

/* Restricts the index that runs over the frames to those of this call. */
static void bind_frames(Prog *g) {
  const Aff *q = &g->place[g->out->sdim]; int64_t from = g->init ? -g->out->t->history : g->p->start, to = g->init ? 0 : g->p->start + g->p->frames;
  bool follows = q->n == 0 || (q->n == 1 && q->k[0] > 0 && !q->index[0]->is_dim);
  if (!follows) bug(g->p->c, "the frames of '%s' are written at places that do not follow one index", g->out->t->name);
  if (q->n == 0) { g->idle = q->c < from || q->c >= to; return; }
  Slot *s = slot_of(g, q->index[0]); int64_t lo = -div_floor(q->c - from, q->k[0]), hi = div_floor(to - 1 - q->c, q->k[0]) + 1;
  if (g->init || s->lo < lo) s->lo = lo;
  if (g->init || s->hi > hi) s->hi = hi;
}

/* Sets the ranges of this call. */
static void prog_bind(Prog *g) {
  g->idle = false; g->slot.n = 0;
  for (int k = 0; k < g->e->nfree; k++) slot_add(g, g->e->free[k]);
  if (g->out->sdim >= 0) bind_frames(g);
}

static void store(Prog *g) {
  int d; int64_t a = address(g, g->out, g->e->place, &d);
  if (a < 0) { diag_error(g->p->c, g->e->pos, "'%s' is written outside in dimension %d", g->out->t->name, d); g->failed = true; return; }
  Num v = eval_as(g, g->e->rhs, g->out->t->type);
  if (g->outside) outside_error(g);
  else value_store(g->out->data, g->out->t->type, a, v);
}
static bool prog_run(Prog *g) {
  bool more = !g->idle && slots_first(g->slot.at, g->e->nfree);
  for (; more && !g->failed; more = slots_next(g->slot.at, g->e->nfree)) store(g);
  return !g->failed;
}

/* ---- what constants are made of, by the million: sums of products of reads that stay inside go by rows and strides, each sum in the same order.
 *   U[a, e, c, o] = sum(v: G[e, v] * H[a, v, c, o])         for every row along o: one v after the other
 * at: of the element where all slots are 0. */
enum { FAR = 1 << 28 };
typedef struct Walk { const Buf *b; int64_t at, *stride; } Walk;
/* of: the operands, then the result; row: a row of each. e: the product, or the sum, of type f64 or what is its type. */
typedef struct Products { const Expr *e, *read[2]; int n, sums; Walk of[3]; double *row[3]; } Products;

static bool walk_of(Prog *g, const Buf *b, Expr *const *place, Walk *w) {
  *w = (Walk){ b, 0, NEWN(g->p->c, int64_t, g->slot.n) };
  for (int d = 0; d < b->t->rank; d++) {
    Aff a; const Dim *dim = &b->dim[d]; if (!expr_affine(g->p->c, place[d], &a) || a.c < -FAR || a.c > FAR) return false;
    int64_t lo = a.c - dim->origin, hi = lo; w->at += lo * dim->stride;
    for (int k = 0, j; k < a.n; k++) {
      const Slot *s = g->slot.at; for (j = g->slot.n - 1; j >= 0 && s[j].index != a.index[k];) j--;
      if (j < 0 || s[j].hi <= s[j].lo || a.k[k] < -FAR || a.k[k] > FAR) return false;
      int64_t x = a.k[k] * s[j].lo, y = a.k[k] * (s[j].hi - 1); lo += x < y ? x : y; hi += x < y ? y : x; w->stride[j] += a.k[k] * dim->stride;
    }
    if (lo < 0 || hi >= dim->ext) return false;
  }
  return true;
}
static int64_t walk_at(const Prog *g, const Walk *w) {
  int64_t at = w->at; for (int k = 0; k < g->slot.n; k++) at += w->stride[k] * g->slot.at[k].at;
  return at;
}

/* n elements along slot j, the first where the slots are. */
static void walk_row(const Prog *g, const Walk *w, int j, int64_t n, double *out) {
  int64_t at = walk_at(g, w), step = w->stride[j]; Type t = w->b->t->type;
  if (!step) for (int64_t i = 0; i < n; i++) out[i] = i ? out[0] : value_load(w->b->data, t, at).f;
  else if (t != T_F32) for (int64_t i = 0; i < n; i++) out[i] = value_load(w->b->data, t, at + i * step).f;
  else for (int64_t i = 0; i < n; i++) { float v; memcpy(&v, w->b->data + 4 * (at + i * step), 4); out[i] = (double)v; }
}

/* A read of floats, perhaps as a wider type; or NULL. */
static const Expr *factor_of(const Expr *e) {
  if (e->kind == E_CONVERT && e->mode == CV_PLAIN && type_is_float(e->type) && type_bytes(e->type) > type_bytes(e->arg[0]->type)) e = e->arg[0];
  return e->kind == E_READ && type_is_float(e->type) ? e : NULL;
}
static bool products_of(const Eq *q, Products *r) {
  const Expr *e = q->rhs; if (e->kind == E_CONVERT && e->mode == CV_PLAIN && e->type == q->out->type) e = e->arg[0];
  bool sum = e->kind == E_REDUCE && e->red == RED_SUM && e->n == 1; const Expr *b = sum ? e->arg[0] : e;
  bool two = b->kind == E_FN && b->fn == FN_MUL;
  *r = (Products){ .e = e, .n = 1 + two, .sums = sum ? e->nbound : 0, .read = { factor_of(two ? b->arg[0] : b), two ? factor_of(b->arg[1]) : NULL } };
  return q->nfree && type_is_float(e->type) && r->read[0] && (!two || r->read[1]) && !expr_reads(e, q->out);
}

static void row_run(Prog *g, Products *r, int j, int64_t n) {
  const Walk *w = &r->of[2]; double *a = r->row[0], *b = r->row[1], *sum = r->row[2], zero = r->sums ? red_identity(RED_SUM, r->e->type).f : -0.0;
  Slot *bound = g->slot.at + g->e->nfree; Type t = w->b->t->type; int64_t at = walk_at(g, w), step = w->stride[j];
  for (int64_t i = 0; i < n; i++) sum[i] = zero;
  for (bool more = slots_first(bound, r->sums); more; more = slots_next(bound, r->sums)) {
    for (int k = 0; k < r->n; k++) walk_row(g, &r->of[k], j, n, r->row[k]);
    for (int64_t i = 0; i < n; i++) sum[i] += r->n > 1 ? a[i] * b[i] : a[i];
  }
  for (int64_t i = 0; i < n; i++, at += step) {
    float v = (float)sum[i];
    if (t == T_F32) memcpy(w->b->data + 4 * at, &v, 4);
    else value_store(w->b->data, t, at, convert_value((Num){ .f = sum[i] }, number_type(r->e), t, CV_PLAIN));
  }
}

/* false: it is nothing of that kind. */
static bool run_rows(Prog *g) {
  Products r; int j = g->e->nfree - 1; bool ok = !g->idle && products_of(g->e, &r); if (!ok) return false;
  int64_t n = g->slot.at[j].hi - g->slot.at[j].lo;
  for (int k = 0; k < r.sums; k++) slot_add(g, r.e->bound[k]);
  for (int k = 0; k < 3 && ok; k++) {
    if (k == 2) ok = walk_of(g, g->out, g->e->place, &r.of[k]);
    else if (r.read[k]) ok = walk_of(g, buf_of(g->p, r.read[k]->tensor), r.read[k]->arg, &r.of[k]);
    if (ok) r.row[k] = NEWN(g->p->c, double, n);
  }
  for (bool more = ok && slots_first(g->slot.at, j + 1); more; more = slots_next(g->slot.at, j)) row_run(g, &r, j, n);
  g->slot.n = j + 1; return ok;
}

/* Only the elements whose place in dimension d is at. */
static bool prog_step(Prog *g, int d, int64_t at) {
  const Aff *q = &g->place[d]; if (q->n == 0) return q->c != at || prog_run(g);
  Slot *s = slot_of(g, q->index[0]), all = *s; int64_t i = (at - q->c) / q->k[0];
  if (at < q->c || (at - q->c) % q->k[0] || i < s->lo || i >= s->hi) return true;
  s->lo = i; s->hi = i + 1; bool ok = prog_run(g);
  s->lo = all.lo; s->hi = all.hi; return ok;
}

/* A circle of a recurrence takes one step of its dimension after the other. */
static bool run_circle(Interp *p, const Circle *g) {
  int64_t lo = INT64_MAX, hi = INT64_MIN;
  for (int k = 0; k < g->n; k++) {
    const Buf *b = p->prog.at[g->first + k]->out; const Dim *d = &b->dim[g->dim[k]]; int64_t from = g->dim[k] == b->sdim ? p->start : d->origin;
    if (from < lo) lo = from;
    if (d->origin + d->ext > hi) hi = d->origin + d->ext;
  }
  for (int64_t j = 0; j < hi - lo; j++)
    for (int k = 0; k < g->n; k++) if (!prog_step(p->prog.at[g->first + k], g->dim[k], g->dir < 0 ? lo + j : hi - 1 - j)) return false;
  return true;
}
static bool run_groups(Interp *p, bool constant) {
  for (int k = 0; k < p->group.n; k++) {
    const Circle *g = &p->group.at[k]; if (p->prog.at[g->first]->e->constant != constant) continue;
    for (int j = 0; j < g->n; j++) prog_bind(p->prog.at[g->first + j]);
    if (!(g->dir ? run_circle(p, g) : run_rows(p->prog.at[g->first]) || prog_run(p->prog.at[g->first]))) return false;
  }
  return true;
}

/* ---- building */
static bool check_data(Interp *p) {
  bool ok = true;
  for (int k = 0; k < p->buf.n; k++) {
    const Tensor *t = p->buf.at[k]->t; if (t->kind != TK_PARAM || t->data) continue;
    diag_error(p->c, t->pos, "the parameter '%s' has no data", t->name); ok = false;
    diag_help(p->c, "name the file that holds it: weights \"FILE\";");
  }
  return ok;
}

/* Constants are computed while compiling: bad input must not make that endless. */
static bool check_constant(Interp *p, const Prog *g) {
  bool ok = !g->dims && g->work <= CONSTANT_WORK;
  if (g->dims) diag_error(p->c, g->e->pos, "the constant '%s' depends on a dimension that is only known at run time", g->out->t->name);
  else if (!ok) diag_error(p->c, g->e->pos, "the constant '%s' takes %.0e steps to compute", g->out->t->name, g->work);
  return ok;
}

static void add_init(Interp *p, const Buf *b) {
  const Tensor *t = b->t; Expr **at = NEWN(p->c, Expr *, t->rank); if (!t->init) return;
  for (int d = 0; d < t->rank; d++) at[d] = expr_index(p->c, t->init_index[d]);
  Eq *e = NEW_AS(p->c, Eq, .out = b->t, .place = at, .free = t->init_index, .nfree = t->rank, .rhs = t->init, .pos = t->pos);
  PUSH(p->c, p->init, prog_new(p, e, b->sdim >= 0));
}
static bool interp_build(Interp *p, const Graph *r) {
  bool ok = true; Circle g;
  for (int k = 0; k < r->neq; k += g.n) {
    if (!graph_circle(p->c, r, k, &g)) return false;
    PUSH(p->c, p->group, g);
  }
  for (int k = 0; k < r->neq; k++) {
    PUSH(p->c, p->prog, prog_new(p, r->eq[k], false)); ok &= !r->eq[k]->constant || check_constant(p, p->prog.at[k]);
  }
  for (int k = 0; k < r->nin; k++) buf_of(p, r->in[k]);
  for (int k = 0; k < r->nout; k++) buf_of(p, r->out[k]);
  for (int k = 0; k < p->buf.n; k++) if (p->buf.at[k]->t->next) buf_of(p, p->buf.at[k]->t->next);
  for (int k = 0; k < p->buf.n; k++) add_init(p, p->buf.at[k]);
  if (!check_data(p) || !ok) return false;
  for (int k = 0; k < p->buf.n; k++) if (is_constant(p->buf.at[k]->t) && !buf_size(p, p->buf.at[k])) return false;
  return run_groups(p, true);
}

/* What runs: constants that have no data yet, and all else if it is not for constants only; sorted. */
static Interp *interp_make(Ctx *c, const Graph *g, bool only_constant) {
  Graph *r = ctx_copy(c, g, sizeof *g); r->eq = NEWN(c, Eq *, g->neq); r->neq = 0;
  for (int k = 0; k < g->neq; k++) if (g->eq[k]->constant ? !g->eq[k]->out->data : !only_constant) r->eq[r->neq++] = g->eq[k];
  if (!graph_sort(c, r)) return NULL;
  if (only_constant) r->nin = r->nout = r->ndim = 0;
  Interp *p = NEW_AS(c, Interp, .c = c, .g = r, .dim = NEWN(c, int64_t, r->ndim)); return interp_build(p, r) ? p : NULL;
}
Interp *interp_new(Ctx *c, const Graph *g) { return interp_make(c, g, false); }

bool graph_eval_constants(Ctx *c, Graph *g) {
  Interp *p = interp_make(c, g, true);
  for (int k = 0; p && k < p->buf.n; k++) if (p->buf.at[k]->t->kind == TK_CONST) p->buf.at[k]->t->data = p->buf.at[k]->data;
  return p != NULL;
}

/* ---- running */
static bool set_dims(Interp *p, const int64_t *dims) {
  for (int k = 0; k < p->g->ndim; k++) {
    const Index *d = p->g->dim[k]; bool changed = p->begun && !d->stream && dims[k] != p->dim[k]; p->dim[k] = dims[k];
    if (d->stream) p->frames = dims[k];
    if (dims[k] >= d->lo && dims[k] <= d->hi && !changed) continue;
    if (changed) diag_error(p->c, p->g->pos, "%s is another number than in the first call", d->name);
    else diag_error(p->c, p->g->pos, "%s = %lld is outside %lld..%lld", d->name, (long long)dims[k], (long long)d->lo, (long long)d->hi);
    return false;
  }
  return true;
}

/* All states take their next values at once. */
static void next_states(Interp *p) {
  uint8_t **next = NEWN(p->c, uint8_t *, p->buf.n);
  for (int k = 0; k < p->buf.n; k++) {
    const Tensor *t = p->buf.at[k]->t;
    if (t->next) next[k] = ctx_copy(p->c, buf_of(p, t->next)->data, (size_t)p->buf.at[k]->count * (size_t)type_bytes(t->type));
  }
  for (int k = 0; k < p->buf.n; k++) if (next[k]) p->buf.at[k]->data = next[k];
}
bool interp_run(Interp *p, const void *const *in, void *const *out, const int64_t *dims) {
  if (!set_dims(p, dims)) return false;
  for (int k = 0; k < p->buf.n; k++) if (!is_constant(p->buf.at[k]->t) && !buf_size(p, p->buf.at[k])) return false;
  for (int k = 0; k < p->init.n && !p->begun; k++) {
    prog_bind(p->init.at[k]);
    if (!prog_run(p->init.at[k])) return false;
  }
  for (int k = 0; k < p->g->nin; k++) copy_frames(p, buf_of(p, p->g->in[k]), (void *)(uintptr_t)in[k], true);
  if (!run_groups(p, false)) return false;
  for (int k = 0; k < p->g->nout; k++) if (out[k]) copy_frames(p, buf_of(p, p->g->out[k]), out[k], false);
  next_states(p); p->start += p->frames; p->begun = true; return true;
}
