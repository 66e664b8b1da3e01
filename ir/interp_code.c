/* Equations to Code: every index is a slot, every read a flat address where its places are affine, every conversion a node.
 *
 *   y[o, t] = b[o] + sum(c: x[c, t - 1] * w[o, c])      slots o t c; reads: b + 1*o, x + T*c + 1*t - 1 (time checked), w + C*o + 1*c
 *
 * Arithmetic on f16 and bf16 is done as f32. A double holds all floats; nothing is rounded but by conversions and stores.
 */
#include "interp.h"
#include <string.h>

typedef struct Build { Interp *p; Ctx *c; Prog *g; } Build;

static Code *code_of(Build *b, const Expr *e);

static int slot_add(Build *b, const Index *i)
{
  PUSH(b->c, b->g->index, i);
  return b->g->index.n - 1;
}

/* The latest first: a reduction that stands at two places has slots for each. */
static int slot_of(Build *b, const Index *i)
{
  for (int k = b->g->index.n - 1; k >= 0; k--)
    if (b->g->index.at[k] == i) return k;
  if (!i->is_dim) bug(b->c, "the index '%s' of '%s' is bound nowhere", i->name, b->g->e ? b->g->e->out->name : "?");
  return slot_add(b, i);
}

static Code *code_new(Build *b, EvalFn *eval, Type t, const Expr *e)
{
  Code *n = NEW(b->c, Code);
  n->eval = eval;
  n->type = t;
  n->expr = e;
  return n;
}

static Code *code_const(Build *b, Num v, Type t, const Expr *e)
{
  Code *n = code_new(b, eval_const, t, e);
  n->value = v;
  return n;
}

static Code *code_convert(Build *b, Code *a, Type to, Convert mode, const Expr *e)
{
  if (a->eval == eval_const) return code_const(b, convert_value(a->value, a->type, to, mode), to, e);
  Code *n = code_new(b, eval_convert, to, e);
  n->from = a->type;
  n->mode = mode;
  n->arg[n->narg++] = a;
  return n;
}

static bool same_number(Type a, Type b)
{
  return a == b || (type_is_float(a) && type_is_float(b) && type_bytes(b) >= type_bytes(a) && type_bytes(a) > 2) ||
         (a == T_F16 && (b == T_F32 || b == T_F64)) || (a == T_BF16 && (b == T_F32 || b == T_F64)) || (a == T_WINT && b == T_I64);
}

/* e as a number of type t. */
static Code *code_as(Build *b, const Expr *e, Type t)
{
  Code *n = code_of(b, e);
  return same_number(n->type, t) ? n : code_convert(b, n, t, CV_PLAIN, e);
}

static Type wide(Type t) { return t == T_F16 || t == T_BF16 ? T_F32 : t; }

static Type promoted(const Expr *e)
{
  Type t = e->arg[0]->type;
  for (int k = 1; k < e->n; k++) t = type_promote(t, e->arg[k]->type);
  return t;
}

static EvalFn *eval_for(Fn f, Type t)
{
  if (t == T_BOOL && f == FN_AND) return eval_and;
  if (!type_is_float(t)) return eval_fn;
  return f == FN_ADD ? eval_add : f == FN_SUB ? eval_sub : f == FN_MUL ? eval_mul : eval_fn;
}

static Code *code_fn(Build *b, const Expr *e)
{
  Type t = fn_compute_type(e->fn, wide(promoted(e)));
  Code *n = code_new(b, eval_for(e->fn, t), fn_result(e->fn, t), e);
  n->fn = e->fn;
  n->from = t;
  for (int k = 0; k < e->n; k++) n->arg[n->narg++] = code_as(b, e->arg[k], t);
  return n;
}

static void place_new(Build *b, const Expr *e, Place *out)
{
  Aff a;
  if (!expr_affine(b->c, e, &a)) {
    out->code = code_of(b, e);
    return;
  }
  out->c = a.c;
  out->nterm = a.n;
  out->term = NEWN(b->c, Term, a.n);
  for (int k = 0; k < a.n; k++) out->term[k] = (Term){ slot_of(b, a.index[k]), a.k[k] };
}

static Place *places_new(Build *b, Expr *const *at, int n)
{
  Place *p = NEWN(b->c, Place, n);
  for (int d = 0; d < n; d++) place_new(b, at[d], &p[d]);
  return p;
}

static Code *code_read(Build *b, const Expr *e)
{
  Code *n = code_new(b, e->tensor->type == T_F32 ? eval_read_f32 : eval_read, e->tensor->type, e);
  n->buf = interp_buf(b->p, e->tensor);
  n->rank = e->n;
  n->place = places_new(b, e->arg, e->n);
  return n;
}

static Type element_type(const Expr *e)
{
  Type t = wide(e->arg[0]->type);
  switch (e->red) {
  case RED_ANY:
  case RED_ALL: return T_BOOL;
  case RED_ARGMAX:
  case RED_ARGMIN: return t;
  case RED_MEAN: return T_F64;
  default: return wide(e->type);
  }
}

static Code *code_reduce(Build *b, const Expr *e)
{
  Type t = element_type(e);
  bool plain = e->red == RED_SUM && type_is_float(t) && e->n == 1;
  bool places = e->red == RED_ARGMAX || e->red == RED_ARGMIN;
  Code *n = code_new(b, plain ? eval_sum : eval_reduce, places ? T_I64 : e->red == RED_MEAN ? wide(e->type) : t, e);
  n->red = e->red;
  n->from = t;
  n->nbound = e->nbound;
  n->bound = NEWN(b->c, int, e->nbound);
  for (int k = 0; k < e->nbound; k++) n->bound[k] = slot_add(b, e->bound[k]);
  n->arg[n->narg++] = code_as(b, e->arg[0], t);
  if (e->n == 2) n->arg[n->narg++] = code_as(b, e->arg[1], T_BOOL);
  return n;
}

/* One of two values: select and or, whose type is that of the node. */
static Code *code_either(Build *b, const Expr *e, EvalFn *eval, const Expr *cond, const Expr *x, const Expr *y)
{
  Type t = wide(e->type);
  Code *n = code_new(b, eval, t, e);
  n->arg[n->narg++] = code_as(b, x, t);
  n->arg[n->narg++] = code_as(b, y, t);
  if (cond) n->arg[n->narg++] = code_as(b, cond, T_BOOL);
  return n;
}

static Code *code_of(Build *b, const Expr *e)
{
  Code *n;
  switch (e->kind) {
  case E_CONST: return code_const(b, type_is_float(e->type) ? (Num){ .f = e->f } : (Num){ .i = e->i }, e->type, e);
  case E_INDEX:
    n = code_new(b, eval_index, T_WINT, e);
    n->slot = slot_of(b, e->index);
    return n;
  case E_READ: return code_read(b, e);
  case E_FN: return code_fn(b, e);
  case E_CONVERT: return e->mode == CV_PLAIN ? code_as(b, e->arg[0], e->type) : code_convert(b, code_of(b, e->arg[0]), e->type, e->mode, e);
  case E_SELECT: return code_either(b, e, eval_select, e->arg[0], e->arg[1], e->arg[2]);
  case E_OR: return code_either(b, e, eval_or, NULL, e->arg[0], e->arg[1]);
  case E_REDUCE: return code_reduce(b, e);
  }
  bug(b->c, "an expression of kind %d", (int)e->kind);
}

Prog *prog_new(Interp *p, const Eq *e, bool init)
{
  Prog *g = NEW(p->c, Prog);
  Build b = { p, p->c, g };
  g->e = e;
  g->init = init;
  g->out = interp_buf(p, e->out);
  g->nfree = e->nfree;
  for (int k = 0; k < e->nfree; k++) slot_add(&b, e->free[k]);
  g->place = places_new(&b, e->place, e->out->rank);
  g->rhs = code_as(&b, e->rhs, e->out->type);
  g->lo = NEWN(p->c, int64_t, g->index.n);
  g->hi = NEWN(p->c, int64_t, g->index.n);
  g->at = NEWN(p->c, int64_t, g->index.n);
  return g;
}

/* ---- addresses for the extents of a call */
/* Least and greatest value of an affine place; false if they do not fit. */
static bool place_range(const Prog *g, const Place *p, int64_t *lo, int64_t *hi)
{
  *lo = *hi = p->c;
  for (int k = 0; k < p->nterm; k++) {
    int64_t at[2] = { g->lo[p->term[k].slot], g->hi[p->term[k].slot] - 1 }, v[2];
    if (at[1] < at[0]) at[1] = at[0];
    for (int j = 0; j < 2; j++)
      if (__builtin_mul_overflow(at[j], p->term[k].k, &v[j])) return false;
    bool up = v[0] <= v[1];
    if (__builtin_add_overflow(*lo, v[!up], lo) || __builtin_add_overflow(*hi, v[up], hi)) return false;
  }
  return true;
}

static void flat_add(Code *n, int slot, uint64_t k)
{
  for (int j = 0; j < n->nflat; j++)
    if (n->flat[j].slot == slot) {
      n->flat[j].k = (int64_t)((uint64_t)n->flat[j].k + k);
      return;
    }
  n->flat[n->nflat++] = (Term){ slot, (int64_t)k };
}

static void bind_read(Interp *p, const Prog *g, Code *n)
{
  uint64_t base = 0;
  if (!n->flat) {
    n->flat = NEWN(p->c, Term, g->index.n);
    n->checked = NEWN(p->c, const Place *, n->rank);
  }
  n->nflat = n->nchecked = 0;
  n->data = n->buf->data;
  for (int d = 0; d < n->rank; d++) {
    Place *q = &n->place[d];
    const Buf *b = n->buf;
    int64_t lo, hi;
    q->lo = b->lo[d], q->hi = b->origin[d] + b->ext[d], q->stride = b->stride[d], q->origin = b->origin[d];
    base += ((uint64_t)q->c - (uint64_t)q->origin) * (uint64_t)q->stride;
    for (int k = 0; k < q->nterm; k++) flat_add(n, q->term[k].slot, (uint64_t)q->term[k].k * (uint64_t)q->stride);
    q->check = q->code || !place_range(g, q, &lo, &hi) || lo < q->lo || hi >= q->hi;
    if (q->check) n->checked[n->nchecked++] = q;
  }
  n->base = (int64_t)base;
}

static void bind_code(Interp *p, const Prog *g, Code *n)
{
  for (int k = 0; k < n->narg; k++) bind_code(p, g, n->arg[k]);
  for (int d = 0; d < n->rank; d++)
    if (n->place[d].code) bind_code(p, g, n->place[d].code);
  if (n->buf) bind_read(p, g, n);
}

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

/* The frames of this call: restricts the index that runs over them. */
static bool bind_frames(Interp *p, Prog *g)
{
  int d = g->out->sdim;
  if (d < 0) return true;
  Place *q = &g->place[d];
  int64_t from = g->init ? p->start - g->out->past : p->start, to = g->init ? p->start : p->start + p->frames;
  if (q->code || q->nterm > 1 || (q->nterm && (q->term[0].k < 1 || g->index.at[q->term[0].slot]->is_dim))) {
    diag_error(p->c, g->e->pos, "the frames of '%s' are written at places that do not follow one index", g->out->t->name);
    return false;
  }
  if (q->nterm == 0) {
    g->idle |= q->c < from || q->c >= to;
    return true;
  }
  int s = q->term[0].slot;
  int64_t lo = -floor_div(q->c - from, q->term[0].k), hi = floor_div(to - 1 - q->c, q->term[0].k) + 1;
  if (g->init || g->lo[s] < lo) g->lo[s] = lo;
  if (g->init || g->hi[s] > hi) g->hi[s] = hi;
  return true;
}

static bool bind_out(Interp *p, Prog *g)
{
  for (int d = 0; d < g->out->t->rank; d++) {
    Place *q = &g->place[d];
    int64_t lo, hi;
    q->stride = g->out->stride[d], q->origin = g->out->origin[d];
    if (!q->code && place_range(g, q, &lo, &hi) && lo >= q->origin && hi < q->origin + g->out->ext[d]) continue;
    if (g->idle) continue;
    diag_error(p->c, g->e->pos, "'%s' is written outside in dimension %d", g->out->t->name, d);
    return false;
  }
  return true;
}

bool prog_bind(Interp *p, Prog *g)
{
  g->idle = false;
  for (int s = 0; s < g->index.n; s++) {
    const Index *i = g->index.at[s];
    int64_t n = interp_extent(p, i->is_dim ? (Extent){ (Index *)(uintptr_t)i, 0 } : i->ext);
    g->lo[s] = i->is_dim ? n : 0;
    g->hi[s] = i->is_dim ? n + 1 : n;
  }
  if (!bind_frames(p, g)) return false;
  for (int k = 0; k < g->nfree; k++) g->idle |= g->hi[k] <= g->lo[k];
  if (!bind_out(p, g)) return false;
  if (!g->idle) bind_code(p, g, g->rhs);
  memcpy(g->at, g->lo, sizeof *g->at * (size_t)g->index.n);
  return true;
}
