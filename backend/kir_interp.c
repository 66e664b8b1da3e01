/* Runs a module on plain memory: the test oracle for schedules without a compiler.
 *
 * Every value has a cell a lane: a double for floats (rounded to the type after each function), an int64_t in canonical form otherwise.
 * Each access is checked against its buffer, so a schedule that leaves its storage is found here.
 */
#include "lower.h"
#include "../ir/scalar.h"
#include <math.h>
#include <string.h>

typedef union Cell { double f; int64_t i; } Cell;
typedef struct Run {
  Ctx *c; const KModule *m; const KFunc *f; void *const *args; uint8_t *state, *scratch; const int64_t *dims; Cell **value; int64_t *bytes; int error;
} Run;

static bool is_float(Type t) { return t == T_WFLOAT || (t != T_WINT && type_is_float(t)); }
static int lanes(const KInst *i) { return i->type.lanes < 1 ? 1 : i->type.lanes; }

static Cell *cells(Run *r, const KInst *i)
{
  if (!r->value[i->id]) r->value[i->id] = NEWN(r->c, Cell, lanes(i));
  return r->value[i->id];
}

/* ---- functions of one lane */

static double round_elem(double v, Type t) { return t == T_F32 ? (double)(float)v : value_round(v, t); }

/* 1/a with so many bits. */
static double estimate(double a, int bits)
{
  int e;
  double m = frexp(1 / a, &e);
  if (bits <= 0 || !isfinite(m)) return 1 / a;
  return ldexp(nearbyint(ldexp(m, bits)), e - bits);
}

static double fused(const Run *r, Type t, double a, double b, double c)
{
  if (!r->m->target->fma) return round_elem(a * b, t) + c;
  return t == T_F64 ? fma(a, b, c) : (double)fmaf((float)a, (float)b, (float)c);
}

static double float_fn(const Run *r, const KInst *i, double x, double y, double z)
{
  static const Fn same[KF_COUNT] = { [KF_ADD] = FN_ADD, [KF_SUB] = FN_SUB, [KF_MUL] = FN_MUL, [KF_DIV] = FN_DIV, [KF_MOD] = FN_MOD, [KF_QUO] = FN_QUO,
    [KF_REM] = FN_REM, [KF_MIN] = FN_MIN, [KF_MAX] = FN_MAX, [KF_NEG] = FN_NEG, [KF_SQRT] = FN_SQRT, [KF_FLOOR] = FN_FLOOR, [KF_TRUNC] = FN_TRUNC, [KF_ROUND] = FN_ROUND };
  switch (i->fn) {
  case KF_FMA: return fused(r, i->type.elem, x, y, z);
  case KF_FNMA: return fused(r, i->type.elem, -x, y, z);
  case KF_RCPE: return estimate(x, r->m->target->rcp_bits);
  case KF_SCALE2: return fabs(y) < 2000 ? ldexp(x, (int)y) : x * exp2(y);
  default: return fn_eval_f(same[i->fn], x, y);
  }
}

static int64_t int_fn(const KInst *i, int64_t x, int64_t y, int64_t z)
{
  static const Fn same[KF_COUNT] = { [KF_ADD] = FN_ADD, [KF_SUB] = FN_SUB, [KF_MUL] = FN_MUL, [KF_DIV] = FN_DIV, [KF_MOD] = FN_MOD, [KF_QUO] = FN_QUO,
    [KF_REM] = FN_REM, [KF_AND] = FN_AND, [KF_OR] = FN_OR, [KF_XOR] = FN_XOR, [KF_SHL] = FN_SHL, [KF_SHR] = FN_SHR, [KF_MIN] = FN_MIN, [KF_MAX] = FN_MAX,
    [KF_NEG] = FN_NEG, [KF_NOT] = FN_NOT };
  Type t = i->type.elem;
  if (i->fn == KF_FMA) return value_wrap((int64_t)((uint64_t)x * (uint64_t)y + (uint64_t)z), t);
  if (i->fn == KF_FNMA) return value_wrap((int64_t)((uint64_t)z - (uint64_t)x * (uint64_t)y), t);
  return fn_eval_i(same[i->fn], x, y, t);
}

static Cell lane_fn(const Run *r, const KInst *i, Cell x, Cell y, Cell z)
{
  static const Fn test[KF_COUNT] = { [KF_EQ] = FN_EQ, [KF_NE] = FN_NE, [KF_LT] = FN_LT, [KF_LE] = FN_LE, [KF_GT] = FN_GT, [KF_GE] = FN_GE, [KF_ISNAN] = FN_ISNAN };
  Type t = i->a[0]->type.elem;
  if (i->fn == KF_SELECT) return x.i ? y : z;
  if (test[i->fn]) return (Cell){ .i = is_float(t) ? fn_test_f(test[i->fn], x.f, y.f) : fn_test_i(test[i->fn], x.i, y.i, t) };
  if (is_float(t)) return (Cell){ .f = round_elem(float_fn(r, i, x.f, y.f, z.f), t) };
  return (Cell){ .i = int_fn(i, x.i, y.i, z.i) };
}

static void run_fn(Run *r, const KInst *i, Cell *out)
{
  int n = kfn_info[i->fn].arity;
  const Cell *x = cells(r, i->a[0]), *y = n > 1 ? cells(r, i->a[1]) : x, *z = n > 2 ? cells(r, i->a[2]) : x;
  for (int l = 0; l < lanes(i); l++) out[l] = lane_fn(r, i, x[l], y[l], z[l]);
}

static Num num_of(Cell c, Type t) { return is_float(t) ? (Num){ c.f, 0 } : (Num){ 0, c.i }; }
static Cell cell_of(Num n, Type t) { return is_float(t) ? (Cell){ .f = n.f } : (Cell){ .i = n.i }; }

static void run_cast(Run *r, const KInst *i, Cell *out)
{
  Type from = i->a[0]->type.elem, to = i->type.elem;
  const Cell *x = cells(r, i->a[0]);
  for (int l = 0; l < lanes(i); l++) {
    Num v = convert_value(num_of(x[l], from), from, to, i->mode);
    if (is_float(to)) v.f = value_round(v.f, to);
    out[l] = cell_of(v, to);
  }
}

/* Halves against halves. */
static void run_hred(Run *r, const KInst *i, Cell *out)
{
  int n = lanes(i->a[0]);
  Cell v[64];
  if (n > 64) n = 64;
  memcpy(v, cells(r, i->a[0]), sizeof *v * (size_t)n);
  for (; n > 1; n /= 2)
    for (int l = 0; l < n / 2; l++) v[l] = lane_fn(r, i, v[l], v[l + n / 2], v[l]);
  *out = v[0];
}

/* ---- memory */

static uint8_t *base_of(const Run *r, const KBuf *b)
{
  if (b->kind == KB_IN || b->kind == KB_OUT) return r->args[b->arg];
  if (b->kind == KB_CONST) return r->m->constant + b->offset;
  return (b->kind == KB_STATE ? r->state : r->scratch) + b->offset;
}

static int64_t place(Run *r, const KInst *i)
{
  int64_t k = i->addr.c;
  for (int t = 0; t < i->addr.nterm; t++) k += i->addr.term[t].k * cells(r, i->addr.term[t].v)->i;
  return k;
}

static bool inside(Run *r, const KInst *i, int64_t k)
{
  const KBuf *b = &r->m->buf[i->addr.buf];
  if (k >= 0 && (k + 1) * type_bytes(b->elem) <= r->bytes[i->addr.buf]) return true;
  if (!r->error) diag_error(r->c, r->f->pos, "internal error: kernel %s, %%%d: element %lld of %s (%lld bytes)", r->f->name, i->id, (long long)k, b->name, (long long)r->bytes[i->addr.buf]);
  r->error = -1;
  return false;
}

static void run_memory(Run *r, const KInst *i)
{
  bool load = i->op == K_LOAD || i->op == K_GATHER;
  const KInst *offset = i->op == K_GATHER ? i->a[1] : i->op == K_SCATTER ? i->a[2] : NULL;
  const Cell *mask = i->a[0] ? cells(r, i->a[0]) : NULL, *off = offset ? cells(r, offset) : NULL, *from = load ? NULL : cells(r, i->a[1]);
  Cell *to = load ? cells(r, i) : NULL;
  uint8_t *p = base_of(r, &r->m->buf[i->addr.buf]);
  int64_t k = place(r, i);
  Type t = i->type.elem;
  for (int l = 0; l < lanes(i); l++) {
    int64_t at = off ? k + off[l].i : k + l;
    if (to) memset(&to[l], 0, sizeof *to);
    if ((mask && !mask[l].i) || !inside(r, i, at)) continue;
    if (load) to[l] = cell_of(value_load(p, t, at), t);
    else value_store(p, t, at, num_of(from[l], t));
  }
}

/* ---- control */

static void run_block(Run *r, const KBlock *b);

static void run_loop(Run *r, const KInst *i)
{
  int64_t n = cells(r, i->a[0])->i;
  if (n > i->imm && i->imm > 0) {
    if (!r->error) diag_error(r->c, r->f->pos, "internal error: kernel %s, loop %%%d: %lld steps, at most %lld", r->f->name, i->id, (long long)n, (long long)i->imm);
    r->error = -1;
  }
  for (int64_t k = 0; k < n && !r->error; k++) {
    cells(r, i)->i = k;
    run_block(r, &i->body);
  }
}

static void run_simple(Run *r, const KInst *i)
{
  Cell *out = cells(r, i);
  for (int l = 0; l < lanes(i); l++) {
    if (i->op == K_CONST && is_float(i->type.elem)) out[l].f = round_elem(i->f, i->type.elem);
    else if (i->op == K_CONST) out[l].i = i->type.elem == T_WINT ? i->imm : value_wrap(i->imm, i->type.elem);
    else if (i->op == K_PARAM) out[l].i = r->dims[i->imm];
    else if (i->op == K_BCAST) out[l] = cells(r, i->a[0])[0];
    else if (i->op == K_IOTA) out[l].i = l;
    else if (i->op == K_PREFIX) out[l].i = l < cells(r, i->a[0])->i;
    else if (i->op == K_LANE) out[l] = cells(r, i->a[0])[i->imm];
    else if (i->op == K_VAR) out[l] = cells(r, i->a[0])[l];
  }
}

static void run_inst(Run *r, const KInst *i)
{
  switch (i->op) {
  case K_FN: run_fn(r, i, cells(r, i)); break;
  case K_CAST: run_cast(r, i, cells(r, i)); break;
  case K_HRED: run_hred(r, i, cells(r, i)); break;
  case K_LOAD: case K_GATHER: case K_STORE: case K_SCATTER: run_memory(r, i); break;
  case K_SET: memcpy(cells(r, i->a[0]), cells(r, i->a[1]), sizeof(Cell) * (size_t)lanes(i->a[0])); break;
  case K_LOOP: run_loop(r, i); break;
  case K_IF: run_block(r, cells(r, i->a[0])->i ? &i->body : &i->other); break;
  case K_PREFETCH: break;
  case K_SETVL: cells(r, i)->i = cells(r, i->a[0])->i; break;
  default: run_simple(r, i); break;
  }
}

static void run_block(Run *r, const KBlock *b)
{
  for (int k = 0; k < b->n && !r->error; k++) run_inst(r, b->at[k]);
}

/* ---- a call */

static void sizes(Run *r)
{
  const Graph *g = r->m->graph;
  r->bytes = NEWN(r->c, int64_t, r->m->nbuf + 1);
  for (int k = 0; k < r->m->nbuf; k++) {
    const KBuf *b = &r->m->buf[k];
    r->bytes[k] = b->bytes;
    if (b->kind != KB_IN && b->kind != KB_OUT) continue;
    const Tensor *t = b->kind == KB_IN ? g->in[b->arg] : g->out[b->arg - g->nin];
    int64_t n = type_bytes(b->elem);
    for (int d = 0; d < t->rank; d++) {
      int64_t x = t->shape[d].n;
      for (int j = 0; j < g->ndim; j++)
        if (t->shape[d].dim == g->dim[j]) x += r->dims[j];
      n *= x;
    }
    r->bytes[k] = n;
  }
}

static int run_func(Run *r, KFunc *f)
{
  r->f = f;
  r->value = NEWN(r->c, Cell *, kir_values(&f->body) + 1);
  run_block(r, &f->body);
  return r->error;
}

int kir_run(Ctx *c, const KModule *m, void *const *args, void *state, void *scratch, const int64_t *dims)
{
  Run r = { .c = c, .m = m, .args = args, .state = state, .scratch = scratch, .dims = dims };
  for (int k = 0; k < m->graph->ndim; k++)
    if (dims[k] < m->graph->dim[k]->lo || dims[k] > m->graph->dim[k]->hi) return 1;
  sizes(&r);
  for (int k = 0; k < m->nkernel && !r.error; k++) run_func(&r, m->kernel[k]);
  return r.error;
}

int kir_init(Ctx *c, const KModule *m, void *state)
{
  int64_t *none = NEWN(c, int64_t, m->graph->ndim + 1);
  Run r = { .c = c, .m = m, .state = state, .dims = none };
  r.bytes = NEWN(c, int64_t, m->nbuf + 1);
  for (int k = 0; k < m->nbuf; k++) r.bytes[k] = m->buf[k].bytes;
  return m->init ? run_func(&r, m->init) : 0;
}
