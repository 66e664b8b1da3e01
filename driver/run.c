/* The commands that run a compiled model: on files, against the reference interpreter, against the clock. */
#include "../ir/scalar.h"
#include "driver.h"
#include <math.h>
#include <stdlib.h>

/* ---- frit run. Streams run in blocks of --block frames; their length is that of the inputs. */
static bool write_output(Ctx *c, const Ports *p, const Binding *b) {
  for (int k = 0; k < p->n; k++) {
    const frit_port *q = p->port[k]; if (!q->output || strcmp(q->name, b->name)) continue;
    Array a = { .type = type_by_name(q->type), .rank = q->rank, .count = port_elems(p, q), .data = p->data[k], .rate = p->rate };
    for (int d = 0; d < q->rank; d++) a.shape[d] = port_extent(p, q, d);
    return array_write(c, b->value, &a);
  }
  return driver_fail(c, "the model has no output '%s'", b->name);
}

static void summary(const Ports *p) {
  for (int k = 0; k < p->n; k++) {
    int64_t n = port_elems(p, p->port[k]); float lo = 0, hi = 0, *v = p->data[k];
    if (!p->port[k]->output || strcmp(p->port[k]->type, "f32")) continue;
    for (int64_t i = 0; i < n; i++) lo = v[i] < lo ? v[i] : lo, hi = v[i] > hi ? v[i] : hi;
    printf("%s: %lld elements in %g..%g\n", p->port[k]->name, (long long)n, (double)lo, (double)hi);
  }
}
int cmd_run(Ctx *c, void *session) {
  const Session *s = session; Ports p; bool ok = ports_bind(c, s->a, s->m, false, &p) && ports_run(c, &p, s->i, s->a->block);
  for (int k = 0; ok && k < s->a->out.n; k++) ok = write_output(c, &p, &s->a->out.at[k]);
  if (ok && !s->a->out.n) summary(&p);
  return ok ? EXIT_OK : -1;
}

/* ---- frit check: the same inputs (files, or random numbers of --seed) for both.
 *   y: 1024 elements, max error 4.8e-07 absolute, 3.1e-06 relative, 5 ULP (limit 2.0e-05): ok */
typedef struct Error { double abs, rel, peak; int64_t ulp, bad; } Error;

static double number(const void *at, Type t, int64_t k) { Num v = value_load(at, t, k); return type_is_float(t) ? v.f : (double)v.i; }

/* Ordered integers for floats: neighbours differ by one. */
static int64_t ordered(float v) { int32_t i; memcpy(&i, &v, 4); return i < 0 ? (int64_t)INT32_MIN - i : i; }

static void compare(Error *e, double got, double want, bool f32) {
  if (isnan(got) && isnan(want)) return;
  double d = got == want ? 0 : fabs(got - want);
  if (!isfinite(d)) { e->bad++; return; }
  e->abs = fmax(e->abs, d); e->rel = fmax(e->rel, d == 0 ? 0 : d / fmax(fabs(want), 1e-30)); e->peak = fmax(e->peak, isfinite(want) ? fabs(want) : 0);
  int64_t u = f32 ? llabs(ordered((float)got) - ordered((float)want)) : 0; e->ulp = u > e->ulp ? u : e->ulp;
}

/* Integers that were rounded from floats may differ by one: where the float's last bit decides. */
static bool is_rounding(const Expr *e, const void *arg) {
  (void)arg; return e->kind == E_CONVERT && type_is_int(e->type) && type_is_float(e->arg[0]->type);
}
static bool report(const Args *a, const frit_port *q, const void *got, const void *want, int64_t n, bool rounds) {
  Error e = { 0 }; Type t = type_by_name(q->type);
  for (int64_t k = 0; k < n; k++) compare(&e, number(got, t, k), number(want, t, k), t == T_F32);
  double limit = rounds && type_is_int(t) ? 1 : a->tolerance * fmax(1, e.peak); bool ok = e.bad == 0 && e.abs <= limit;
  if (a->json)
    printf("{\"output\": \"%s\", \"elements\": %lld, \"max_abs\": %g, \"max_rel\": %g, \"max_ulp\": %lld, \"not_finite\": %lld, \"limit\": %g, "
           "\"ok\": %s}\n", q->name, (long long)n, e.abs, e.rel, (long long)e.ulp, (long long)e.bad, limit, ok ? "true" : "false");
  else
    printf("%s: %lld elements, max error %.1e absolute, %.1e relative, %lld ULP (limit %.1e)%s: %s\n", q->name, (long long)n, e.abs, e.rel,
           (long long)e.ulp, limit, e.bad ? ", not finite where the reference is" : "", ok ? "ok" : "FAILED");
  return ok;
}

/* The interpreter runs the whole stream in one call. With a delay it runs what the pass made of the graph: only that has one. */
static bool reference(Ctx *c, const Args *a, const Ports *p, void **want, bool *rounds) {
  Graph *g = driver_graph(c, a, a->delay ? STAGE_STREAM : STAGE_EXPAND); const void *in[256]; void *out[256]; int ni = 0, no = 0;
  for (int k = 0; k < p->n; k++)
    if (p->port[k]->output) out[no++] = want[k] = NEWN(c, char, p->bytes[k] + 64);
    else in[ni++] = p->data[k];
  for (int k = 0; g && k < g->neq; k++) *rounds |= expr_some(g->eq[k]->rhs, is_rounding, NULL);
  Interp *it = g ? interp_new(c, g) : NULL; return it && interp_run(it, in, out, p->dim);
}

int cmd_check(Ctx *c, void *session) {
  const Session *s = session; Ports p; void *want[256] = { 0 }; bool ok = true, rounds = false;
  if (!ports_bind(c, s->a, s->m, true, &p) || !ports_run(c, &p, s->i, s->a->block) || !reference(c, s->a, &p, want, &rounds)) return -1;
  for (int k = 0; k < p.n; k++) if (p.port[k]->output) ok = report(s->a, p.port[k], p.data[k], want[k], port_elems(&p, p.port[k]), rounds) && ok;
  return ok ? EXIT_OK : EXIT_CHECK;
}

/* ---- frit bench: nanoseconds a call, and the share of this machine's measured peaks.
 *   wavenet  t = 64: 8.71 us a call (median 8.74, p99 9.02), 135.4 ns a frame, 196.7 GFLOP/s = 82 % of the avx512 FMA peak (239.1) */
typedef struct Times { double ns[1 << 16]; int n; double min, median, p90, p99; } Times;
typedef struct Rates { double flops, gflops, peak, frames, frame_ns; const char *isa; bool stream; } Rates;

static int by_value(const void *a, const void *b) { double x = *(const double *)a, y = *(const double *)b; return (x > y) - (x < y); }

static double time_calls(frit_instance *i, int n) {
  double t0 = now_ns();
  for (int k = 0; k < n; k++) frit_run(i);
  return now_ns() - t0;
}

/* Calls are timed in batches long enough for the clock (20 us); a batch's mean is one sample. */
static Times *measure(Ctx *c, frit_instance *i, double seconds) {
  int batch = 1; Times *t = NEW(c, Times);
  while (time_calls(i, batch) <= 20000 && batch <= 1 << 24) batch *= 2;
  for (double end = now_ns() + seconds * 1e9; t->n < 1 << 16 && (t->n < 5 || now_ns() < end);) t->ns[t->n++] = time_calls(i, batch) / batch;
  qsort(t->ns, (size_t)t->n, sizeof *t->ns, by_value);
  t->min = t->ns[0], t->median = t->ns[t->n / 2], t->p90 = t->ns[t->n * 9 / 10], t->p99 = t->ns[t->n * 99 / 100]; return t;
}

double bench_least(frit_instance *i, double seconds) {
  double least = time_calls(i, 1), end = now_ns() + seconds * 1e9; int batch = least > 20000 ? 1 : (int)(20000 / (least + 1)) + 1;
  do { double ns = time_calls(i, batch) / batch; least = ns < least ? ns : least; } while (now_ns() < end);
  return least;
}

/* The info line `flops 26640 t`: a number, and the dimension that it is per unit of. */
static double info_amount(const Ports *p, const char *key) {
  char buf[128], *dim; if (!frit_fact(p->m, key, buf, sizeof buf)) return 0;
  double v = strtod(buf, &dim); dim += strspn(dim, " ");
  for (int d = 0; *dim && d < frit_ndims(p->m); d++) if (!strcmp(frit_get_dim(p->m, d)->name, dim)) v *= (double)p->dim[d];
  return v;
}

int cmd_machine(Ctx *c, void *session) {
  bool json = ((const Session *)session)->a->json; Peaks *k = NEW(c, Peaks); machine_peaks(k);
  if (json) printf("{\"fma_gflops\": {");
  for (int i = 0; i < k->n; i++)
    if (json) printf("%s\"%s\": %.1f", i ? ", " : "", k->isa[i], k->gflops[i]);
    else printf("FMA peak, %-7s %7.1f GFLOP/s\n", k->isa[i], k->gflops[i]);
  printf(json ? "}, \"read_gbs\": {\"l1\": %.1f, \"l2\": %.1f, \"memory\": %.1f}}\n"
              : "read bandwidth   %7.1f GB/s from L1, %.1f from L2, %.1f from memory\n", k->gbs_l1, k->gbs_l2, k->gbs_memory);
  return EXIT_OK;
}

/* The widest that the artefact's target may use. */
static Rates rates_of(const Ports *p, const Times *t) {
  char target[64] = ""; Peaks k; Rates r = { .flops = info_amount(p, "flops"), .frames = (double)p->frames, .isa = "", .stream = p->stream >= 0 };
  r.gflops = r.flops / t->min, r.frame_ns = t->min / r.frames; machine_peaks(&k); frit_fact(p->m, "target", target, sizeof target);
  for (int i = 0; i < k.n; i++) if (strncmp(target, "x86-64-v3", 9) || !strcmp(k.isa[i], "avx2")) r.isa = k.isa[i], r.peak = k.gflops[i];
  return r;
}

static void print_json(const Ports *p, const Times *t, const Rates *r) {
  printf("{\"min_ns\": %.1f, \"median_ns\": %.1f, \"p90_ns\": %.1f, \"p99_ns\": %.1f, \"flops\": %.0f, \"gflops\": %.2f, \"fma_peak_gflops\": %.1f, "
         "\"peak_share\": %.4f, \"bytes\": %.0f", t->min, t->median, t->p90, t->p99, r->flops, r->gflops, r->peak,
         r->peak > 0 ? r->gflops / r->peak : 0, info_amount(p, "bytes"));
  if (r->stream) printf(", \"frames\": %.0f, \"ns_per_frame\": %.2f", r->frames, r->frame_ns);
  printf("}\n");
}

static void print_text(const Ports *p, const Times *t, const Rates *r) {
  (void)p; printf("%.1f ns a call (median %.1f, p90 %.1f, p99 %.1f)\n", t->min, t->median, t->p90, t->p99);
  if (r->stream) printf("%.2f ns a frame in blocks of %.0f: %.0f times real time at 48 kHz\n", r->frame_ns, r->frames, 1e9 / 48000 / r->frame_ns);
  if (r->flops > 0 && r->peak > 0)
    printf("%.1f GFLOP/s = %.1f %% of this machine's %s FMA peak (%.1f)\n", r->gflops, 100 * r->gflops / r->peak, r->isa, r->peak);
}
int cmd_bench(Ctx *c, void *session) {
  const Session *s = session; Ports p; if (!ports_ready(c, s->a, s->m, s->i, &p)) return -1;
  Times *t = measure(c, s->i, s->a->seconds); Rates r = rates_of(&p, t); (s->a->json ? print_json : print_text)(&p, t, &r); return EXIT_OK;
}
