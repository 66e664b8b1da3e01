/* The reference interpreter: runs the equations of a graph as they stand, at any stage from expand to plan. The oracle: nothing is optimised.
 *   y[o, t] = b[o] + sum(c: (x[c, t - 1] or 0) * w[o, c])      slots o t c, of these c bound by the sum; code: + (b, sum(* (or (x, 0), w)))
 * Literal: what is not needed (the other side of a choice, the right of a false `&`) is not evaluated; sums are in double, left to right;
 * arithmetic on f16 and bf16 is done as f32; nothing is rounded but by conversions and stores. Kernels, trees, layouts and places in memory
 * are ignored. A stream's tensors hold all of time: each call adds its frames, and a place below 0 is outside, or holds Tensor.init. */
#include "scalar.h"
#include <string.h>

#define CONSTANT_WORK 0x1p36

/* A tensor's storage, row-major: places origin .. origin + ext - 1 of each dimension; sdim is the stream's. fixed: data is not ours. */
typedef struct Dim { int64_t ext, stride, origin; } Dim;
typedef struct Buf { Tensor *t; int sdim; Dim *dim; int64_t count; uint8_t *data; bool fixed; } Buf;

/* One place of a read or a write: c + sum of terms, or code. */
typedef struct Term { int slot; int64_t k; } Term;
typedef struct Code Code;
typedef struct Place { Code *code; int64_t c; Term *term; int nterm; } Place;

/* An equation compiled. Slots are its indices and the dimensions that it mentions, free indices first: lo <= at < hi. */
typedef struct Slot { const Index *index; int64_t lo, hi, at; } Slot;
typedef struct Prog {
  Interp *p; const Eq *e; Buf *out; Place *place; Code *rhs; VEC(Slot) slot;
  bool init, idle;                /* init: fills what precedes the first frame. idle: nothing to do in this call */
  const Code *outside;            /* the read that fell outside: the next `or` around it, inside the same reduction, takes the alternative */
  bool failed;
} Prog;

typedef Num EvalFn(Prog *g, const Code *c);
struct Code { EvalFn *eval; Type type, from; Convert mode; const Expr *expr; Num value; int slot; Code *arg[3]; Buf *buf; Place *place; };

struct Interp {
  Ctx *c; Graph *g; VEC(Buf *) buf; VEC(Prog *) prog, init; VEC(Circle) group;
  int64_t *dim, start, frames; bool begun;               /* start: frames of earlier calls */
};

/* ---- tensors */
static int stream_dim(const Tensor *t) {
  int d = t->rank - 1;
  while (d >= 0 && !(t->shape[d].dim && t->shape[d].dim->stream)) d--;
  return d;
}

static Buf *buf_of(Interp *p, Tensor *t) {
  for (int k = 0; k < p->buf.n; k++)
    if (p->buf.at[k]->t == t) return p->buf.at[k];
  bool fixed = t->data && (t->kind == TK_PARAM || t->kind == TK_CONST);
  Buf *b = NEW_AS(p->c, Buf, .t = t, .sdim = stream_dim(t), .dim = NEWN(p->c, Dim, t->rank), .fixed = fixed);
  PUSH(p->c, p->buf, b);
  return b;
}

/* In this call; of the stream: frames since the beginning. */
static int64_t interp_extent(const Interp *p, Extent e) {
  int64_t v = e.n;
  for (int k = 0; e.dim && k < p->g->ndim; k++)
    if (p->g->dim[k] == e.dim) v += e.dim->stream ? p->start + p->frames : p->dim[k];
  return v < 0 ? 0 : v;
}

/* Rows of frames (one of one, without a stream), and the bytes of a frame. */
typedef struct Rows { size_t n, frame; } Rows;
static Rows rows_of(const Buf *b) {
  Rows r = { 1, (size_t)type_bytes(b->t->type) };
  for (int d = 0; d < b->t->rank; d++)
    if (d != b->sdim) *(d < b->sdim ? &r.n : &r.frame) *= (size_t)b->dim[d].ext;
  return r;
}

static bool buf_shape(Interp *p, Buf *b) {
  b->count = 1;
  for (int d = b->t->rank - 1; d >= 0; d--) {
    int64_t past = d == b->sdim ? b->t->history : 0;
    b->dim[d] = (Dim){ past + interp_extent(p, b->t->shape[d]), b->count, -past };
    if (!__builtin_mul_overflow(b->count, b->dim[d].ext, &b->count) && b->count <= (int64_t)1 << 33) continue;
    diag_error(p->c, b->t->pos, "'%s' is too large for the interpreter", b->t->name);
    return false;
  }
  return true;
}

static bool buf_size(Interp *p, Buf *b) {
  size_t had = b->sdim >= 0 ? (size_t)b->dim[b->sdim].ext : 1;
  const uint8_t *old = b->data;
  if (!buf_shape(p, b)) return false;
  if (b->fixed) b->data = (uint8_t *)(uintptr_t)b->t->data;
  if (b->fixed || (old && b->sdim < 0)) return true;
  Rows r = rows_of(b);
  b->data = ctx_alloc(p->c, (size_t)b->count * (size_t)type_bytes(b->t->type));
  for (size_t k = 0; old && k < r.n; k++) memcpy(b->data + k * r.frame * (size_t)b->dim[b->sdim].ext, old + k * r.frame * had, r.frame * had);
  return true;
}

/* Copies the frames of the call (all, without a stream) out of or into b. */
static void copy_frames(const Interp *p, const Buf *b, void *array, bool in) {
  bool s = b->sdim >= 0;
  Rows r = rows_of(b);
  size_t all = r.frame * (size_t)(s ? b->dim[b->sdim].ext : 1), bytes = r.frame * (size_t)(s ? p->frames : 1);
  for (size_t k = 0; b->count && k < r.n; k++) {
    uint8_t *here = b->data + (k + 1) * all - bytes, *there = (uint8_t *)array + k * bytes;
    memcpy(in ? here : there, in ? there : here, bytes);
  }
}

/* ---- the value of a Code at the present place of all slots */
static Num eval(Prog *g, const Code *c) { return c->eval(g, c); }
static Num eval_const(Prog *g, const Code *c) { (void)g; return c->value; }
static Num eval_index(Prog *g, const Code *c) { return (Num){ .i = g->slot.at[c->slot].at }; }

/* Arithmetic on places is modulo 2^64: what does not fit is outside. */
static int64_t place_value(Prog *g, const Place *p) {
  if (p->code) return eval(g, p->code).i;
  uint64_t v = (uint64_t)p->c;
  for (int k = 0; k < p->nterm; k++) v += (uint64_t)p->term[k].k * (uint64_t)g->slot.at[p->term[k].slot].at;
  return (int64_t)v;
}

/* The element of b at these places; -1 if dimension *d is outside. */
static int64_t address(Prog *g, const Buf *b, const Place *place, int *d) {
  int64_t a = 0;
  for (*d = 0; *d < b->t->rank; ++*d) {
    const Dim *dim = &b->dim[*d];
    int64_t v = place_value(g, &place[*d]);
    if (v < dim->origin || v >= dim->origin + dim->ext) return -1;
    a += (v - dim->origin) * dim->stride;
  }
  return a;
}

static Num eval_read(Prog *g, const Code *c) {
  int d;
  int64_t a = address(g, c->buf, c->place, &d);
  if (a < 0 && !g->outside) g->outside = c;
  return a < 0 ? (Num){ .i = 0 } : value_load(c->buf->data, c->type, a);
}

static Num eval_fn(Prog *g, const Code *c) {
  Num a = eval(g, c->arg[0]), b = c->arg[1] ? eval(g, c->arg[1]) : (Num){ .i = 0 };
  return fn_eval(c->expr->fn, a, b, c->from);
}

static Num eval_float(Prog *g, const Code *c) {
  double a = eval(g, c->arg[0]).f, b = c->arg[1] ? eval(g, c->arg[1]).f : 0;
  return (Num){ .f = c->expr->fn == FN_MUL ? a * b : c->expr->fn == FN_ADD ? a + b : fn_eval_f(c->expr->fn, a, b) };
}

static Num eval_and(Prog *g, const Code *c) { Num a = eval(g, c->arg[0]); return a.i ? eval(g, c->arg[1]) : a; }
static Num eval_convert(Prog *g, const Code *c) { return convert_value(eval(g, c->arg[0]), c->from, c->type, c->mode); }
static Num eval_select(Prog *g, const Code *c) { return eval(g, eval(g, c->arg[0]).i ? c->arg[1] : c->arg[2]); }

static Num eval_or(Prog *g, const Code *c) {
  const Code *before = g->outside; g->outside = NULL;
  Num v = eval(g, c->arg[0]); bool out = g->outside != NULL;
  g->outside = before;
  return out ? eval(g, c->arg[1]) : v;
}

/* A read outside that no `or` takes. */
static void outside_error(Prog *g) {
  const Code *c = g->outside; Ctx *x = g->p->c;
  Text places = { .c = x };
  if (g->failed) return;
  g->failed = true;
  for (int d = 0; d < c->expr->n; d++) text_add(&places, "%s%lld", d ? ", " : "", (long long)place_value(g, &c->place[d]));
  diag_error(x, c->expr->pos.src ? c->expr->pos : g->e->pos, "'%s' is read outside, at [%s], for an element of '%s'", c->buf->t->name,
             places.s ? places.s : "", g->out->t->name);
}

/* ---- reductions */
static bool slots_first(Slot *s, int n) {
  bool some = true;
  for (int k = 0; k < n; k++) s[k].at = s[k].lo, some &= s[k].lo < s[k].hi;
  return some;
}

static bool slots_next(Slot *s, int n) {
  for (int k = n - 1; k >= 0; s[k].at = s[k].lo, k--)
    if (++s[k].at < s[k].hi) return true;
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
  default: if (!a->admitted || fn_eval(r == RED_ARGMAX ? FN_GT : FN_LT, v, a->v, t).i) a->v = v, a->best = at;
  }
  a->admitted++;
}

/* Reads inside a reduction are settled inside it. */
static Num eval_reduce(Prog *g, const Code *c) {
  const Code *cond = c->arg[1], *before = g->outside;
  const Expr *e = c->expr;
  Slot *bound = &g->slot.at[c->slot];
  Acc a = { .v = e->red == RED_MEAN ? (Num){ .i = 0 } : red_identity(e->red, c->from) };
  int64_t at = 0;
  g->outside = NULL;
  for (bool more = slots_first(bound, e->nbound); more; at++) {
    if (!cond || eval(g, cond).i) acc_add(&a, e->red, eval(g, c->arg[0]), c->from, at);
    more = !g->outside && slots_next(bound, e->nbound);
  }
  if (g->outside) outside_error(g);
  g->outside = before;
  if (red_is_place(e->red)) return (Num){ .i = a.best };
  if (e->red == RED_MEAN) return (Num){ .f = a.v.f / (double)a.admitted };
  return type_is_float(c->type) ? (Num){ .f = a.v.f } : (Num){ .i = value_wrap(a.v.i, c->type) };
}

/* ---- expressions to Code */
static Code *code_of(Prog *g, const Expr *e);

static int slot_add(Prog *g, const Index *i) { PUSH(g->p->c, g->slot, (Slot){ .index = i }); return g->slot.n - 1; }

/* The latest first: a reduction that stands at two places has slots for each. */
static int slot_of(Prog *g, const Index *i) {
  for (int k = g->slot.n - 1; k >= 0; k--)
    if (g->slot.at[k].index == i) return k;
  if (!i->is_dim) bug(g->p->c, "the index '%s' of '%s' is bound nowhere", i->name, g->out->t->name);
  return slot_add(g, i);
}

static Code *code_new(Prog *g, const Expr *e, Code as) { as.expr = e; return ctx_copy(g->p->c, &as, sizeof as); }

static Code *code_convert(Prog *g, Code *a, Type to, Convert mode, const Expr *e) {
  if (a->eval != eval_const) return code_new(g, e, (Code){ .eval = eval_convert, .type = to, .from = a->type, .mode = mode, .arg = { a } });
  return code_new(g, e, (Code){ .eval = eval_const, .type = to, .value = convert_value(a->value, a->type, to, mode) });
}

static Type wide(Type t) { return t == T_F16 || t == T_BF16 ? T_F32 : t; }

/* Is every number of type a represented alike in b? */
static bool same_number(Type a, Type b) {
  if (a == b || (a == T_WINT && b == T_I64)) return true;
  return type_is_float(a) && type_is_float(b) && a != T_WFLOAT && type_bytes(b) >= type_bytes(wide(a));
}

/* e as a number of type t. */
static Code *code_as(Prog *g, const Expr *e, Type t) {
  Code *n = code_of(g, e);
  return same_number(n->type, t) ? n : code_convert(g, n, t, CV_PLAIN, e);
}

/* Gives n its arguments: numbers of type t, but number cond is a truth value. */
static Code *code_args(Prog *g, Code *n, Type t, int cond) {
  for (int k = 0; k < n->expr->n; k++) n->arg[k] = code_as(g, n->expr->arg[k], k == cond ? T_BOOL : t);
  return n;
}

static Code *code_fn(Prog *g, const Expr *e) {
  Type t = fn_compute_type(e->fn, wide(fn_promoted(e->fn, e->arg))), r = fn_result(e->fn, t);
  EvalFn *eval = e->fn == FN_AND && t == T_BOOL ? eval_and : type_is_float(t) && r != T_BOOL ? eval_float : eval_fn;
  return code_args(g, code_new(g, e, (Code){ .eval = eval, .type = r, .from = t }), t, -1);
}

static Place *places_new(Prog *g, Expr *const *at, int n) {
  Place *p = NEWN(g->p->c, Place, n);
  for (int d = 0; d < n; d++) {
    Aff a;
    if (!expr_affine(g->p->c, at[d], &a)) { p[d].code = code_of(g, at[d]); continue; }
    p[d] = (Place){ .c = a.c, .nterm = a.n, .term = NEWN(g->p->c, Term, a.n) };
    for (int k = 0; k < a.n; k++) p[d].term[k] = (Term){ slot_of(g, a.index[k]), a.k[k] };
  }
  return p;
}

static Code *code_read(Prog *g, const Expr *e) {
  return code_new(g, e, (Code){ .eval = eval_read, .type = e->tensor->type, .buf = buf_of(g->p, e->tensor), .place = places_new(g, e->arg, e->n) });
}

static Code *code_reduce(Prog *g, const Expr *e) {
  bool test = e->red == RED_ANY || e->red == RED_ALL, place = red_is_place(e->red), mean = e->red == RED_MEAN;
  Type t = test ? T_BOOL : place ? wide(e->arg[0]->type) : mean ? T_F64 : wide(e->type), r = place ? T_I64 : mean ? wide(e->type) : t;
  Code *n = code_new(g, e, (Code){ .eval = eval_reduce, .type = r, .from = t, .slot = g->slot.n });
  for (int k = 0; k < e->nbound; k++) slot_add(g, e->bound[k]);
  return code_args(g, n, t, 1);
}

static Code *code_of(Prog *g, const Expr *e) {
  Type t = wide(e->type);
  switch (e->kind) {
  case E_CONST: return code_new(g, e, (Code){ .eval = eval_const, .type = e->type, .value = const_num(e) });
  case E_INDEX: return code_new(g, e, (Code){ .eval = eval_index, .type = T_WINT, .slot = slot_of(g, e->index) });
  case E_READ: return code_read(g, e);
  case E_FN: return code_fn(g, e);
  case E_CONVERT: return e->mode == CV_PLAIN ? code_as(g, e->arg[0], e->type) : code_convert(g, code_of(g, e->arg[0]), e->type, e->mode, e);
  case E_SELECT: return code_args(g, code_new(g, e, (Code){ .eval = eval_select, .type = t }), t, 0);
  case E_OR: return code_args(g, code_new(g, e, (Code){ .eval = eval_or, .type = t }), t, -1);
  case E_REDUCE: return code_reduce(g, e);
  }
  bug(g->p->c, "an expression of kind %d", (int)e->kind);
}

static Prog *prog_new(Interp *p, const Eq *e, bool init) {
  Prog *g = NEW_AS(p->c, Prog, .p = p, .e = e, .init = init, .out = buf_of(p, e->out));
  for (int k = 0; k < e->nfree; k++) slot_add(g, e->free[k]);
  g->place = places_new(g, e->place, e->out->rank);
  g->rhs = code_as(g, e->rhs, e->out->type);
  return g;
}

/* ---- equations */
static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

/* Restricts the index that runs over the frames to those of this call. */
static void bind_frames(Prog *g) {
  const Place *q = &g->place[g->out->sdim];
  int64_t from = g->init ? -g->out->t->history : g->p->start, to = g->init ? 0 : g->p->start + g->p->frames;
  bool follows = !q->code && (q->nterm == 0 || (q->nterm == 1 && q->term->k > 0));
  if (!follows) bug(g->p->c, "the frames of '%s' are written at places that do not follow one index", g->out->t->name);
  if (q->nterm == 0) { g->idle = q->c < from || q->c >= to; return; }
  Slot *s = &g->slot.at[q->term->slot];
  int64_t lo = -floor_div(q->c - from, q->term->k), hi = floor_div(to - 1 - q->c, q->term->k) + 1;
  if (g->init || s->lo < lo) s->lo = lo;
  if (g->init || s->hi > hi) s->hi = hi;
}

/* Sets the ranges of this call. */
static void prog_bind(Prog *g) {
  g->idle = false;
  for (int s = 0; s < g->slot.n; s++) {
    const Index *i = g->slot.at[s].index;
    int64_t n = interp_extent(g->p, i->is_dim ? (Extent){ (Index *)(uintptr_t)i, 0 } : i->ext);
    g->slot.at[s] = i->is_dim ? (Slot){ i, n, n + 1, n } : (Slot){ i, 0, n, 0 };
  }
  if (g->out->sdim >= 0) bind_frames(g);
}

static void store(Prog *g) {
  int d;
  int64_t a = address(g, g->out, g->place, &d);
  if (a < 0) { diag_error(g->p->c, g->e->pos, "'%s' is written outside in dimension %d", g->out->t->name, d); g->failed = true; return; }
  Num v = eval(g, g->rhs);
  if (g->outside) outside_error(g);
  else value_store(g->out->data, g->out->t->type, a, v);
}

static bool prog_run(Prog *g) {
  bool more = !g->idle && slots_first(g->slot.at, g->e->nfree);
  for (; more && !g->failed; more = slots_next(g->slot.at, g->e->nfree)) store(g);
  return !g->failed;
}

/* Only the elements whose place in dimension d is at. */
static bool prog_step(Prog *g, int d, int64_t at) {
  const Place *q = &g->place[d];
  if (q->nterm == 0) return q->c != at || prog_run(g);
  Slot *s = &g->slot.at[q->term->slot], all = *s;
  int64_t i = (at - q->c) / q->term->k;
  if (at < q->c || (at - q->c) % q->term->k || i < s->lo || i >= s->hi) return true;
  s->lo = i; s->hi = i + 1;
  bool ok = prog_run(g);
  s->lo = all.lo; s->hi = all.hi;
  return ok;
}

/* A circle of a recurrence takes one step of its dimension after the other. */
static bool run_circle(Interp *p, const Circle *g) {
  int64_t lo = INT64_MAX, hi = INT64_MIN;
  for (int k = 0; k < g->n; k++) {
    const Buf *b = p->prog.at[g->first + k]->out;
    const Dim *d = &b->dim[g->dim[k]];
    int64_t from = g->dim[k] == b->sdim ? p->start : d->origin;
    if (from < lo) lo = from;
    if (d->origin + d->ext > hi) hi = d->origin + d->ext;
  }
  for (int64_t j = 0; j < hi - lo; j++)
    for (int k = 0; k < g->n; k++)
      if (!prog_step(p->prog.at[g->first + k], g->dim[k], g->dir < 0 ? lo + j : hi - 1 - j)) return false;
  return true;
}

static bool run_groups(Interp *p, bool constant) {
  for (int k = 0; k < p->group.n; k++) {
    const Circle *g = &p->group.at[k];
    if (p->prog.at[g->first]->e->constant != constant) continue;
    for (int j = 0; j < g->n; j++) prog_bind(p->prog.at[g->first + j]);
    if (!(g->dir ? run_circle(p, g) : prog_run(p->prog.at[g->first]))) return false;
  }
  return true;
}

/* ---- building */
static bool is_constant(const Buf *b) { return b->t->kind == TK_PARAM || b->t->kind == TK_CONST; }

static bool check_data(Interp *p) {
  bool ok = true;
  for (int k = 0; k < p->buf.n; k++) {
    const Tensor *t = p->buf.at[k]->t;
    if (t->kind != TK_PARAM || t->data) continue;
    diag_error(p->c, t->pos, "the parameter '%s' has no data", t->name);
    diag_help(p->c, "name the file that holds it: weights \"FILE\";");
    ok = false;
  }
  return ok;
}

/* Constants are computed while compiling: bad input must not make that endless. */
static bool check_constant(Interp *p, const Prog *g) {
  double work = 1; bool dims = false;
  for (int k = 0; k < g->slot.n; k++) {
    work *= (double)extent_max(g->slot.at[k].index->ext);
    dims |= g->slot.at[k].index->is_dim || g->slot.at[k].index->ext.dim;
  }
  if (dims) diag_error(p->c, g->e->pos, "the constant '%s' depends on a dimension that is only known at run time", g->e->out->name);
  else if (work > CONSTANT_WORK) diag_error(p->c, g->e->pos, "the constant '%s' takes %.0e steps to compute", g->e->out->name, work);
  return !dims && work <= CONSTANT_WORK;
}

static void add_init(Interp *p, const Buf *b) {
  const Tensor *t = b->t;
  if (!t->init) return;
  Expr **at = NEWN(p->c, Expr *, t->rank);
  Eq *e = NEW_AS(p->c, Eq, .out = b->t, .place = at, .free = t->init_index, .nfree = t->rank, .rhs = t->init, .pos = t->pos);
  for (int d = 0; d < t->rank; d++) at[d] = expr_index(p->c, t->init_index[d]);
  PUSH(p->c, p->init, prog_new(p, e, b->sdim >= 0));
}

static bool add_groups(Interp *p, const Graph *r) {
  Circle g;
  for (int k = 0; k < r->neq; k += g.n) {
    if (!graph_circle(p->c, r, k, &g)) return false;
    PUSH(p->c, p->group, g);
  }
  return true;
}

static bool interp_build(Interp *p, const Graph *r) {
  bool ok = add_groups(p, r);
  for (int k = 0; k < r->neq; k++) {
    PUSH(p->c, p->prog, prog_new(p, r->eq[k], false));
    if (r->eq[k]->constant) ok &= check_constant(p, p->prog.at[k]);
  }
  for (int k = 0; k < r->nin; k++) buf_of(p, r->in[k]);
  for (int k = 0; k < r->nout; k++) buf_of(p, r->out[k]);
  for (int k = 0; k < p->buf.n; k++)
    if (p->buf.at[k]->t->next) buf_of(p, p->buf.at[k]->t->next);
  for (int k = 0; k < p->buf.n; k++) add_init(p, p->buf.at[k]);
  if (!check_data(p) || !ok) return false;
  for (int k = 0; k < p->buf.n; k++)
    if (is_constant(p->buf.at[k]) && !buf_size(p, p->buf.at[k])) return false;
  return run_groups(p, true);
}

/* What runs: constants that have no data yet, and all else if it is not for constants only; sorted. */
static Interp *interp_make(Ctx *c, const Graph *g, bool only_constant) {
  Graph *r = ctx_copy(c, g, sizeof *g);
  r->eq = NEWN(c, Eq *, g->neq); r->neq = 0;
  for (int k = 0; k < g->neq; k++)
    if (g->eq[k]->constant ? !g->eq[k]->out->data : !only_constant) r->eq[r->neq++] = g->eq[k];
  if (!graph_sort(c, r)) return NULL;
  if (only_constant) r->nin = r->nout = r->ndim = 0;
  Interp *p = NEW_AS(c, Interp, .c = c, .g = r, .dim = NEWN(c, int64_t, r->ndim));
  return interp_build(p, r) ? p : NULL;
}

Interp *interp_new(Ctx *c, const Graph *g) { return interp_make(c, g, false); }

bool graph_eval_constants(Ctx *c, Graph *g) {
  Interp *p = interp_make(c, g, true);
  for (int k = 0; p && k < p->buf.n; k++)
    if (p->buf.at[k]->t->kind == TK_CONST) p->buf.at[k]->t->data = p->buf.at[k]->data;
  return p != NULL;
}

/* ---- running */
static bool set_dims(Interp *p, const int64_t *dims) {
  for (int k = 0; k < p->g->ndim; k++) {
    const Index *d = p->g->dim[k];
    bool changed = p->begun && !d->stream && dims[k] != p->dim[k];
    p->dim[k] = dims[k];
    if (d->stream) p->frames = dims[k];
    if (dims[k] >= d->lo && dims[k] <= d->hi && !changed) continue;
    if (changed) diag_error(p->c, p->g->pos, "%s is another number than in the first call", d->name);
    else diag_error(p->c, p->g->pos, "%s = %lld is outside %lld..%lld", d->name, (long long)dims[k], (long long)d->lo, (long long)d->hi);
    return false;
  }
  return true;
}

static bool prepare(Interp *p) {
  for (int k = 0; k < p->buf.n; k++)
    if (!is_constant(p->buf.at[k]) && !buf_size(p, p->buf.at[k])) return false;
  for (int k = 0; k < p->init.n && !p->begun; k++) {
    prog_bind(p->init.at[k]);
    if (!prog_run(p->init.at[k])) return false;
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
  for (int k = 0; k < p->buf.n; k++)
    if (next[k]) p->buf.at[k]->data = next[k];
}

bool interp_run(Interp *p, const void *const *in, void *const *out, const int64_t *dims) {
  if (!set_dims(p, dims) || !prepare(p)) return false;
  for (int k = 0; k < p->g->nin; k++) copy_frames(p, buf_of(p, p->g->in[k]), (void *)(uintptr_t)in[k], true);
  if (!run_groups(p, false)) return false;
  for (int k = 0; k < p->g->nout; k++)
    if (out[k]) copy_frames(p, buf_of(p, p->g->out[k]), out[k], false);
  next_states(p);
  p->start += p->frames; p->begun = true;
  return true;
}
