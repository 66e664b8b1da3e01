/* frit tune: for every kernel, the trees that the builders rank best are timed against each other; the graph with the fastest is written as a dump of
 * the schedule stage that `--tune=FILE` compiles in place of the builders' first choice. It is text: trees in it may be changed by hand.
 *   # frit tune, model 9ae16a3b2f90404f for x86-64-v4
 *   stage schedule;
 *   ... kernel k3 "conv+relu" ... schedule { ... }
 * The number is of the model's fused equations, so that a file of another model or target is refused. */
#include "driver.h"
#include <limits.h>
#include <signal.h>
#include <stdlib.h>

enum { PICKS = 6, ROUNDS = 5 };
#define MARK "# frit tune, model %016llx for %s\n"

/* FNV-1a (Fowler, Noll, Vo) of the fused equations. */
static char *mark_of(Ctx *c, const Graph *g, const Target *t) {
  uint64_t h = 0xcbf29ce484222325u;
  for (const char *s = graph_print(c, g); *s; s++) h = (h ^ (uint8_t)*s) * 0x100000001b3u;
  return ctx_printf(c, MARK, (unsigned long long)h, t->name);
}

Graph *tune_load(Ctx *c, const Args *a, const Graph *fused, const Target *t) {
  const Source *s = source_read(c, a->tune); const char *mark = mark_of(c, fused, t);
  if (!s || !strncmp(s->text, mark, strlen(mark))) return s ? frontend_load(c, a->tune) : NULL;
  bool tuned = !strncmp(s->text, MARK, 18);
  driver_fail(c, tuned ? "%s was tuned for another model or target" : "%s is no file that frit tune wrote", a->tune);
  diag_help(c, "make it anew: frit tune %s -o %s --target=%s", a->input, a->tune, t->name); return NULL;
}

/* ---- variants: the whole model with other trees */
typedef struct Variant { Graph *g; KModule *m; } Variant;
/* pick[k]: which of its trees kernel k takes (NULL: all take number `all`). */
static bool variant(Ctx *c, const Args *a, const Target *t, const int *pick, int all, Stage until, Variant *out) {
  Graph *g = out->g = driver_graph(c, a, STAGE_FUSE);
  for (int k = 0; g && k < g->nkernel; k++) g->kernel[k]->pick = pick ? pick[k] : all;
  if (!g || !passes_run(c, g, t, until)) return false;
  return until < STAGE_PLAN || (out->m = lower(c, g, t)) != NULL;
}

/* One kernel's code with the memory of the whole model, loaded. */
typedef struct Trial { frit_model *m; frit_instance *i; Ports p; double ns; } Trial;
typedef struct Emitted { Ctx *c; const KModule *m; } Emitted;
static int make_kernel(void *arg, const char *path) { const Emitted *e = arg; return emit_file(e->c, e->m, EMIT_SO, path) ? EXIT_OK : -1; }
static bool trial_open(Ctx *c, const Args *a, const KModule *m, const char *kernel, Trial *t) {
  KModule one = *m; int code; one.nkernel = 0; t->ns = 1e30;
  for (int k = 0; k < m->nkernel; k++) if (name_same(m->kernel[k]->name, kernel)) one.kernel = &m->kernel[k], one.nkernel = 1;
  t->m = driver_made(make_kernel, &(Emitted){ c, &one }, &code);
  return t->m && (t->i = frit_new(t->m)) && ports_ready(c, a, t->m, t->i, &t->p);
}
static void trial_close(Trial *t) { frit_free(t->i), frit_close(t->m); }

static volatile sig_atomic_t stopped;
static void stop(int sig) { stopped = 1; signal(sig, SIG_DFL); }

/* The number of the fastest; another than 0 only if it gains 2 %, more than the noise of the least of many runs. */
static int fastest(Trial *t, int n, double seconds) {
  int best = 0;
  for (int r = 0; r < ROUNDS && !stopped; r++)
    for (int p = 0; p < n && !stopped; p++) { double ns = bench_least(t[p].i, seconds / ROUNDS); t[p].ns = ns < t[p].ns ? ns : t[p].ns; }
  for (int p = 1; p < n && !stopped; p++) if (t[p].ns < t[best].ns * (best ? 1 : 0.98)) best = p;
  return best;
}

/* How many of the variants' first trees for the kernel differ. */
static int trees_of(Ctx *c, const Variant *v, int kernel) {
  int n = 1;
  while (n < PICKS && strcmp(tree_print(c, v[n].g->kernel[kernel]->tree, 0), tree_print(c, v[n - 1].g->kernel[kernel]->tree, 0))) n++;
  return n;
}

/* -1 after an error. */
static int tune_kernel(Ctx *c, const Args *a, const Variant *v, int kernel, int n) {
  Trial t[PICKS] = { 0 }; bool ok = true; int best = 0;
  for (int p = 0; p < n && ok; p++) ok = trial_open(c, a, v[p].m, v[0].g->kernel[kernel]->name, &t[p]);
  if (ok) best = fastest(t, n, a->seconds);
  if (ok) fprintf(stderr, "%d trees, %.2f us", n, t[0].ns / 1000);
  if (best) fprintf(stderr, " -> %.2f us", t[best].ns / 1000);
  for (int p = 0; p < n; p++) trial_close(&t[p]);
  return ok ? best : -1;
}

static bool tune_all(Ctx *c, const Args *a, const Variant *v, int *pick) {
  int todo = v[0].g->nkernel; double t0 = now_ns(), spent = 0;
  for (int k = 0; k < todo && !stopped; k++) {
    const Kernel *kernel = v[0].g->kernel[k]; int n = kernel->tree ? trees_of(c, v, k) : 1; if (n < 2) continue;
    fprintf(stderr, "kernel %d of %d, %s \"%s\": ", k + 1, todo, kernel->name, kernel->label ? kernel->label : "");
    if ((pick[k] = tune_kernel(c, a, v, k, n)) < 0) return fputc('\n', stderr), false;
    spent = (now_ns() - t0) * 1e-9; fprintf(stderr, "; %.0f s left\n", spent / (k + 1) * (todo - k - 1));
  }
  return true;
}

/* Paths of weights count from the file's folder: where the output lies in another than the model, they become absolute. */
static void weights_reach(Ctx *c, const Args *a, Graph *g) {
  int from = (int)(path_base(a->input) - a->input), to = (int)(path_base(a->output) - a->output); char full[PATH_MAX];
  for (int k = 0; k < g->nweights && (from != to || strncmp(a->input, a->output, (size_t)to)); k++) {
    const char *w = g->weights[k], *path = *w == '/' ? w : ctx_printf(c, "%.*s%s", from, a->input, w);
    if (realpath(path, full)) g->weights[k] = ctx_intern(c, full);
  }
}

/* The model with these trees, as the file. */
static bool trees_write(Ctx *c, const Args *a, const Target *t, const char *mark, const int *pick) {
  Variant out;
  if (!variant(c, a, t, pick, 0, STAGE_SCHEDULE, &out)) return false;
  weights_reach(c, a, out.g); const char *s = ctx_printf(c, "%s%s", mark, graph_print(c, out.g)); return file_write(c, a->output, s, strlen(s), false);
}

/* The file is there from the start: with the model's choice. */
int cmd_tune(Ctx *c, void *session) {
  const Args *a = ((const Session *)session)->a; const Target *t = driver_target(c, a); Variant v[PICKS]; Graph *g;
  if (!a->output) return driver_say(EXIT_USAGE, "tune wants -o FILE");
  if (!t || !(g = driver_graph(c, a, STAGE_FUSE))) return -1;
  const char *mark = mark_of(c, g, t); int *pick = NEWN(c, int, g->nkernel + 1);
  if (!trees_write(c, a, t, mark, pick)) return -1;
  for (int p = 0; p < PICKS; p++) if (!variant(c, a, t, NULL, p, STAGE_PLAN, &v[p])) return -1;
  signal(SIGINT, stop);
  if (!tune_all(c, a, v, pick) || !trees_write(c, a, t, mark, pick)) return -1;
  if (stopped) fprintf(stderr, "stopped: the kernels that were not timed keep the model's choice\n");
  return EXIT_OK;
}
