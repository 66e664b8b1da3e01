/* kernel MODEL...: for every target, the kernel IR of each model is run by its interpreter and compared with the reference interpreter. Streams run
 * as blocks of 37, 64, 1 and 5 frames; other dimensions are 5 (or what they may be). */
#include "kernel_interp.h"
#include "../frontend/ast.h"
#include "../passes/passes.h"
#include "../ir/scalar.h"
#include <math.h>
#include <stdlib.h>

enum { PORTS = 64 };
typedef struct Case { const char *path; const Target *t; const char *why; double worst; } Case;
typedef struct Arrays { const void *in[PORTS]; void *out[PORTS], *want[PORTS], *arg[PORTS]; int64_t n[PORTS]; } Arrays;

static int64_t elements(const Tensor *t, const Graph *g, const int64_t *dims) {
  int64_t n = 1;
  for (int d = 0; d < t->rank; d++) {
    int64_t e = t->shape[d].n;
    for (int k = 0; k < g->ndim; k++) if (g->dim[k] == t->shape[d].dim) e += dims[k];
    n *= e;
  }
  return n;
}

static void *numbers(Ctx *c, Type t, int64_t n, unsigned *seed) {
  char *v = NEWN(c, char, (n + 64) * type_bytes(t));
  for (int64_t k = 0; k < n; k++) {
    double x = (rand_r(seed) % 2001) / 1000.0 - 1;
    value_store(v, t, k, type_is_float(t) ? (Num){ value_round(x, t), 0 } : (Num){ 0, type_class(t) == 'i' ? (int64_t)(x * 4) : (int64_t)(x * x * 1.99) });
  }
  return v;
}

static void arrays_make(Ctx *c, const Graph *g, const int64_t *dims, Arrays *a, unsigned *seed) {
  for (int k = 0; k < g->nin; k++) a->in[k] = a->arg[k] = numbers(c, g->in[k]->type, elements(g->in[k], g, dims), seed);
  for (int k = 0; k < g->nout; k++) {
    a->n[k] = elements(g->out[k], g, dims); size_t bytes = (size_t)(a->n[k] + 64) * (size_t)type_bytes(g->out[k]->type);
    a->out[k] = a->arg[g->nin + k] = ctx_alloc(c, bytes); a->want[k] = ctx_alloc(c, bytes);
  }
}

/* The largest difference by the largest value. */
static double difference(const Graph *g, const Arrays *a) {
  double worst = 0;
  for (int k = 0; k < g->nout; k++) {
    double peak = 1, most = 0; Type t = g->out[k]->type;
    for (int64_t i = 0; i < a->n[k]; i++) {
      Num x = value_load(a->out[k], t, i), y = value_load(a->want[k], t, i); bool f = type_is_float(t);
      double d = f ? fabs(x.f - y.f) : fabs((double)(x.i - y.i));
      most = isnan(d) ? (isnan(x.f) && isnan(y.f) ? most : INFINITY) : fmax(most, d); peak = f ? fmax(peak, fabs(y.f)) : peak;
    }
    worst = fmax(worst, most / peak);
  }
  return worst;
}

static int run_case(Ctx *c, void *arg) {
  Case *s = arg; int64_t dims[16] = { 0 }; unsigned seed = 7; static const int blocks[] = { 37, 64, 1, 5 };
  Graph *g = frontend_load(c, s->path), *ref = g ? frontend_load(c, s->path) : NULL;
  if (!ref || !passes_run(c, ref, s->t, STAGE_EXPAND) || !passes_run(c, g, s->t, STAGE_PLAN)) return s->why = "passes", -1;
  KModule *m = lower(c, g, s->t); Interp *it = interp_new(c, ref);
  if (!m || !kir_verify(c, m) || g->nin + g->nout > PORTS || g->ndim > 16) return s->why = "lowering", -1;
  void *state = ctx_alloc(c, (size_t)m->state_bytes + 64), *scratch = ctx_alloc(c, (size_t)m->scratch_bytes + 64); bool stream = false;
  if (kir_init(c, m, state)) return s->why = "init", -1;
  for (int b = 0; b < 4 && (!b || stream); b++) {
    Arrays a;
    for (int d = 0; d < g->ndim; d++) {
      stream |= g->dim[d]->stream; dims[d] = g->dim[d]->stream ? blocks[b] : 5;
      dims[d] = dims[d] < g->dim[d]->lo ? g->dim[d]->lo : dims[d] > g->dim[d]->hi ? g->dim[d]->hi : dims[d];
    }
    arrays_make(c, g, dims, &a, &seed);
    if (!interp_run(it, a.in, a.want, dims)) return s->why = "reference", -1;
    if (kir_run(c, m, a.arg, state, scratch, dims)) return s->why = "kernel interpreter", -1;
    s->worst = fmax(s->worst, difference(g, &a));
  }
  return s->worst <= 2e-5 ? 0 : (s->why = "result", -1);
}

int main(int argc, char **argv) {
  int passed = 0, failed = 0;
  for (int k = 1; k < argc; k++)
    for (const Target *t = targets; t < targets + ntargets; t++) {
      Case s = { argv[k], t, "", 0 }; Ctx *c = ctx_new();
      int bad = ctx_try(c, run_case, &s);
      if (bad) printf("FAILED %s for %s: %s, error %g\n", s.path, t->name, s.why, s.worst), diag_print(c, stdout, false);
      passed += !bad, failed += bad != 0; ctx_free(c);
    }
  printf("%d passed, %d failed\n", passed, failed); return failed > 0;
}
