/* Runs a module on plain memory: the test oracle for schedules without a compiler. Every value has a Num a lane (floats rounded to the type after
 * each function). Each access is checked against its buffer, so a schedule that leaves its storage is found here. */
#include "kernel_interp.h"
#include "../backend/lower.h"
#include "../ir/scalar.h"
#include <math.h>

typedef struct Run {
  Ctx *c; const KModule *m; const KFunc *f; void *const *args; uint8_t *state, *scratch; const int64_t *dims; Num **value; int error, copy;
} Run;

static Num *cells(Run *r, const KInst *i) { return r->value[i->id] ? r->value[i->id] : (r->value[i->id] = NEWN(r->c, Num, i->type.lanes)); }
static Num rounded(Num v, Type t) { return type_is_float(t) ? (Num){ value_round(v.f, t), 0 } : (Num){ 0, t == T_WINT ? v.i : value_wrap(v.i, t) }; }

static double estimate(double a, int bits) {             /* 1/a */
  int e; double m = frexp(1 / a, &e); return bits <= 0 || !isfinite(m) ? 1 / a : ldexp(nearbyint(ldexp(m, bits)), e - bits);
}
static double fused(const Run *r, Type t, double a, double b, double c) {
  if (!r->m->target->fma) return value_round(a * b, t) + c;
  return t == T_F64 ? fma(a, b, c) : (double)fmaf((float)a, (float)b, (float)c);
}
static double float_fn(const Run *r, const KInst *i, double x, double y, double z) {
  switch (i->fn) {
  case KF_FMA: return fused(r, i->type.elem, x, y, z);
  case KF_FNMA: return fused(r, i->type.elem, -x, y, z);
  case KF_RCPE: return estimate(x, 14);
  case KF_RSQRTE: return estimate(sqrt(x), 14);
  case KF_EXPO: return logb(x);
  case KF_MANT: return x < 0 ? NAN : x == 0 || isinf(x) ? 1 : x * exp2(-logb(x * 4 / 3));
  case KF_SCALE2: return fabs(y) < 2000 ? ldexp(x, (int)y) : x * exp2(y);
  default: return fn_eval_f(kfn_info[i->fn].fn, x, y);
  }
}

/* The words' parts: four of u8 and i8, four of i8, two of i16, two of bf16. */
static Num dot_fn(KFn fn, Num x, Num y, Num z) {
  Type a = fn == KF_DOTUS ? T_U8 : fn == KF_DOTSS ? T_I8 : fn == KF_DOTH ? T_I16 : T_BF16, b = a == T_U8 ? T_I8 : a;
  uint32_t u = (uint32_t)x.i, v = (uint32_t)y.i;
  for (int k = 0; k < 4 / type_bytes(a); k++) {
    Num p = value_load(&u, a, k), q = value_load(&v, b, k);
    z.f = value_round(z.f + p.f * q.f, T_F32); z.i = value_wrap(z.i + p.i * q.i, T_I32);
  }
  return z;
}

static Num lane_fn(const Run *r, const KInst *i, Num x, Num y, Num z) {
  Type t = i->a[0]->type.elem; Fn fn = kfn_info[i->fn].fn;
  if (kfn_typed(i->fn) == 2) return dot_fn(i->fn, x, y, z);
  if (i->fn == KF_SELECT) return x.i ? y : z;
  if (!type_is_float(t)) return (Num){ 0, fn_eval_i(fn, x.i, y.i, t) };
  return kfn_is_test(i->fn) ? (Num){ 0, fn_test_f(fn, x.f, y.f) } : rounded((Num){ float_fn(r, i, x.f, y.f, z.f), 0 }, t);
}

static Num hred(Run *r, const KInst *i) {
  int n = i->a[0]->type.lanes < 64 ? i->a[0]->type.lanes : 64; Num v[64]; memcpy(v, cells(r, i->a[0]), sizeof *v * (size_t)n);
  for (n /= 2; n; n /= 2) for (int l = 0; l < n; l++) v[l] = lane_fn(r, i, v[l], v[l + n], v[l]);
  return *v;
}

static Num lane_value(Run *r, const KInst *i, int l) {
  const Num *x = i->a[0] ? cells(r, i->a[0]) : NULL, *y = i->a[1] ? cells(r, i->a[1]) : x, *z = i->a[2] ? cells(r, i->a[2]) : x;
  switch (i->op) {
  case K_CONST: return rounded((Num){ i->f, i->imm }, i->type.elem);
  case K_PARAM: return (Num){ 0, i->imm < r->m->graph->ndim ? r->dims[i->imm] : r->copy };     case K_FN: return lane_fn(r, i, x[l], y[l], z[l]);
  case K_CAST: return rounded(convert_value(x[l], i->a[0]->type.elem, i->type.elem, i->mode), i->type.elem);
  case K_BCAST: return x[0];                            case K_IOTA: return (Num){ 0, l };
  case K_PREFIX: return (Num){ 0, l < x[0].i };         case K_HRED: return hred(r, i);
  case K_LANE: return x[i->imm + l];
  case K_TABLE: return rounded((Num){ i->table[x[l].i & 7], 0 }, i->type.elem);
  case K_WEAVE: { int f = kweave_from(i, l); return f < i->type.lanes ? x[f] : y[f - i->type.lanes]; }
  default: return x[l];     /* K_VAR */
  }
}

static uint8_t *base_of(const Run *r, const KBuf *b) {
  if (kbuf_is_port(b)) return r->args[b->arg];
  return b->offset + (b->kind == KB_CONST ? r->m->constant : b->kind == KB_STATE ? r->state : r->scratch);
}
static int64_t bytes_of(const Run *r, const KBuf *b) {
  if (!kbuf_is_port(b)) return b->bytes;
  const Graph *g = r->m->graph; const Tensor *t = b->kind == KB_IN ? g->in[b->arg] : g->out[b->arg - g->nin];
  int64_t n = type_bytes(b->elem);
  for (int d = 0; d < t->rank; d++) {
    int j = 0; while (j < g->ndim && t->shape[d].dim != g->dim[j]) j++;
    n *= t->shape[d].n + (j < g->ndim ? r->dims[j] : 0);
  }
  return n;
}

static bool inside(Run *r, const KInst *i, int64_t k, int64_t bytes) {
  const KBuf *b = &r->m->buf[i->addr.buf];
  if (k >= 0 && (k + 1) * type_bytes(b->elem) <= bytes) return true;
  const char *fmt = "internal error: kernel %s, %%%d: element %lld of %s (%lld bytes)";
  if (!r->error) diag_error(r->c, r->f->pos, fmt, r->f->name, i->id, (long long)k, b->name, (long long)bytes);
  r->error = -1; return false;
}

static void run_memory(Run *r, const KInst *i) {
  bool load = kop_is_load(i->op); const KInst *offset = i->op == K_GATHER ? i->a[1] : i->op == K_SCATTER ? i->a[2] : NULL;
  const Num *mask = i->a[0] ? cells(r, i->a[0]) : NULL, *off = offset ? cells(r, offset) : NULL; Num *v = cells(r, load ? i : i->a[1]);
  const KBuf *b = &r->m->buf[i->addr.buf]; uint8_t *p = base_of(r, b); int64_t k = i->addr.c, bytes = bytes_of(r, b);
  for (int t = 0; t < i->addr.nterm; t++) k += i->addr.term[t].k * cells(r, i->addr.term[t].v)->i;
  int words = load && i->type.elem == T_I32 ? 4 / type_bytes(b->elem) : 1;
  for (int l = 0; l < i->type.lanes; l++) {
    int64_t at = k + (off ? off[l].i : words > 1 ? l * words : l);
    if (load) v[l] = (Num){ 0 };
    if ((mask && !mask[l].i) || !inside(r, i, at, bytes) || !inside(r, i, at + (words > 1 ? words : 1) - 1, bytes)) continue;
    if (words > 1) { int32_t w; memcpy(&w, p + at * type_bytes(b->elem), 4); v[l].i = w; }
    else if (load) v[l] = value_load(p, i->type.elem, at);
    else value_store(p, i->type.elem, at, v[l]);
  }
}

static void run_block(Run *r, const KBlock *b);

static void run_loop(Run *r, const KInst *i) {
  int64_t n = cells(r, i->a[0])->i; const char *fmt = "internal error: kernel %s, loop %%%d: %lld steps, at most %lld";
  if (n > i->imm && i->imm > 0) diag_error(r->c, r->f->pos, fmt, r->f->name, i->id, (long long)n, (long long)i->imm), r->error = -1;
  for (int64_t k = 0; k < n && !r->error; k++) cells(r, i)->i = k, run_block(r, &i->body);
}

static void run_block(Run *r, const KBlock *b) {
  for (int k = 0; k < b->n && !r->error; k++) {
    const KInst *i = b->at[k];
    switch (i->op) {
    case K_LOAD: case K_GATHER: case K_STORE: case K_SCATTER: run_memory(r, i); break;
    case K_SET: memcpy(cells(r, i->a[0]), cells(r, i->a[1]), sizeof(Num) * (size_t)i->a[0]->type.lanes); break;
    case K_LOOP: run_loop(r, i); break;
    case K_IF: run_block(r, cells(r, i->a[0])->i ? &i->body : &i->other); break;
    case K_PREFETCH: break;
    default: for (int l = 0; l < i->type.lanes; l++) cells(r, i)[l] = lane_value(r, i, l);
    }
  }
}

static int run_func(Run *r, const KFunc *f) {
  r->copy = f->copy; r->f = f = f->same ? f->same : f; r->value = NEWN(r->c, Num *, f->nvalue); run_block(r, &f->body); return r->error;
}

int kir_run(Ctx *c, const KModule *m, void *const *args, void *state, void *scratch, const int64_t *dims) {
  Run r = { .c = c, .m = m, .args = args, .state = state, .scratch = scratch, .dims = dims };
  for (int k = 0; k < m->graph->ndim; k++) if (dims[k] < m->graph->dim[k]->lo || dims[k] > m->graph->dim[k]->hi) return 1;
  for (int k = 0; k < m->nkernel && !r.error; k++) run_func(&r, m->kernel[k]);
  return r.error;
}

int kir_init(Ctx *c, const KModule *m, void *state) {
  return run_func(&(Run){ .c = c, .m = m, .state = state, .dims = NEWN(c, int64_t, m->graph->ndim + 1) }, m->init);
}
