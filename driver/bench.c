/* frit bench: nanoseconds a call, and the share of this machine's measured peaks.
 *
 *   wavenet  t = 64: 8.71 us a call (median 8.74, p99 9.02), 135.4 ns a frame, 196.7 GFLOP/s = 82 % of the avx512 FMA peak (239.1)
 */
#include "ports.h"
#include <stdlib.h>
#include <string.h>

typedef struct Times { double *ns; int n; double min, median, p90, p99; } Times;

static int by_value(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Calls are timed in batches long enough for the clock (20 us); a batch's mean is one sample. */
static void measure(frit_instance *i, double seconds, Times *t)
{
  int batch = 1, cap = 1 << 16;
  double t0, ns;
  for (;; batch *= 2) {
    t0 = now_ns();
    for (int k = 0; k < batch; k++)
      frit_run(i);
    ns = now_ns() - t0;
    if (ns > 20000 || batch > 1 << 24)
      break;
  }
  t->ns = calloc((size_t)cap, sizeof *t->ns);
  for (double end = now_ns() + seconds * 1e9; t->ns && t->n < cap && (t->n < 5 || now_ns() < end);) {
    t0 = now_ns();
    for (int k = 0; k < batch; k++)
      frit_run(i);
    t->ns[t->n++] = (now_ns() - t0) / batch;
  }
  if (!t->n)
    return;
  qsort(t->ns, (size_t)t->n, sizeof *t->ns, by_value);
  t->min = t->ns[0];
  t->median = t->ns[t->n / 2];
  t->p90 = t->ns[t->n * 9 / 10];
  t->p99 = t->ns[t->n * 99 / 100];
}

/* The info line `flops 26640 t`: a number, and the dimension that it is per unit of. */
static double info_amount(const Ports *p, const char *key)
{
  char buf[128], *dim;
  if (!frit_fact(p->m, key, buf, sizeof buf))
    return 0;
  double v = strtod(buf, &dim);
  dim += strspn(dim, " ");
  for (int d = 0; *dim && d < frit_ndims(p->m); d++)
    if (strcmp(frit_get_dim(p->m, d)->name, dim) == 0)
      v *= (double)p->dim[d];
  return v;
}

static void print_peaks(const Peaks *k, bool json)
{
  if (json) {
    printf("{\"fma_gflops\": {");
    for (int i = 0; i < k->n; i++)
      printf("%s\"%s\": %.1f", i ? ", " : "", k->isa[i], k->gflops[i]);
    printf("}, \"read_gbs\": {\"l1\": %.1f, \"l2\": %.1f, \"memory\": %.1f}}\n", k->gbs_l1, k->gbs_l2, k->gbs_memory);
    return;
  }
  for (int i = 0; i < k->n; i++)
    printf("FMA peak, %-7s %7.1f GFLOP/s\n", k->isa[i], k->gflops[i]);
  printf("read bandwidth   %7.1f GB/s from L1, %.1f from L2, %.1f from memory\n", k->gbs_l1, k->gbs_l2, k->gbs_memory);
}

static double peak_for(const Peaks *k, const char *target, const char **isa)
{
  bool narrow = strcmp(target, "x86-64-v3") == 0;
  for (int i = k->n - 1; i >= 0; i--)
    if (!narrow || strcmp(k->isa[i], "avx2") == 0) {
      *isa = k->isa[i];
      return k->gflops[i];
    }
  *isa = "";
  return 0;
}

static void print_json(const Ports *p, const Times *t, double flops, double peak, double frames)
{
  printf("{\"min_ns\": %.1f, \"median_ns\": %.1f, \"p90_ns\": %.1f, \"p99_ns\": %.1f, \"flops\": %.0f, \"gflops\": %.2f, \"fma_peak_gflops\": %.1f, \"peak_share\": %.4f", t->min,
         t->median, t->p90, t->p99, flops, flops / t->min, peak, peak > 0 ? flops / t->min / peak : 0);
  printf(", \"bytes\": %.0f", info_amount(p, "bytes"));
  if (p->stream >= 0)
    printf(", \"frames\": %.0f, \"ns_per_frame\": %.2f", frames, t->min / frames);
  printf("}\n");
}

static void print_text(const Ports *p, const Times *t, double flops, double peak, const char *isa, double frames)
{
  printf("%.1f ns a call (median %.1f, p90 %.1f, p99 %.1f)\n", t->min, t->median, t->p90, t->p99);
  if (p->stream >= 0)
    printf("%.2f ns a frame in blocks of %.0f: %.0f times real time at 48 kHz\n", t->min / frames, frames, 1e9 / 48000 / (t->min / frames));
  if (flops > 0 && peak > 0)
    printf("%.1f GFLOP/s = %.1f %% of this machine's %s FMA peak (%.1f)\n", flops / t->min, 100 * flops / t->min / peak, isa, peak);
}

typedef struct Job { const Args *a; frit_model *m; } Job;
static int work(Ctx *c, void *arg)
{
  const Job *j = arg;
  Ports p;
  Times t = { 0 };
  Peaks k;
  char target[64];
  const char *isa;
  Args a = *j->a;
  a.frames = a.frames ? a.frames : a.block;
  frit_instance *i = frit_new(j->m);
  if (!i || !ports_bind(c, &a, j->m, true, &p) || !ports_run(c, &p, i, p.stream >= 0 ? p.frames : 1))
    return -1;
  for (int q = 0; q < frit_nports(j->m); q++)
    frit_set(i, frit_get_port(j->m, q)->name, p.data[q], p.bytes[q]);
  measure(i, a.seconds, &t);
  machine_peaks(&k);
  double flops = info_amount(&p, "flops"), peak = peak_for(&k, frit_fact(j->m, "target", target, sizeof target) ? target : "", &isa);
  if (a.json)
    print_json(&p, &t, flops, peak, (double)p.frames);
  else
    print_text(&p, &t, flops, peak, isa, (double)p.frames);
  free(t.ns);
  frit_free(i);
  return 0;
}

int cmd_bench(const Args *a)
{
  int code;
  if (a->machine) {
    Peaks k;
    machine_peaks(&k);
    print_peaks(&k, a->json);
    return EXIT_OK;
  }
  if (!a->input) {
    driver_say("bench wants a model or a .so (or --machine)");
    return EXIT_USAGE;
  }
  frit_model *m = driver_open(a, &code);
  if (!m)
    return code;
  Ctx *c = driver_ctx(a);
  if (c) {
    int rc = ctx_try(c, work, &(Job){ a, m });
    code = driver_end(c, rc == 0 ? EXIT_OK : EXIT_INPUT);
  }
  frit_close(m);
  return code;
}
