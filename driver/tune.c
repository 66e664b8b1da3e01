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

/* ---- variants: the whole model with other trees; opened, i has run once, so that kernels find in its memory what they do in a run. */
typedef struct Variant { Graph *g; KModule *m; frit_model *model; frit_instance *i; Ports p; } Variant;
typedef struct Emitted { Ctx *c; const KModule *m; } Emitted;
static int make_module(void *arg, const char *path) { const Emitted *e = arg; return emit_file(e->c, e->m, EMIT_SO, path) ? EXIT_OK : -1; }
static frit_instance *instance_of(Ctx *c, const KModule *m, frit_model **model) {
  int code; *model = driver_made(make_module, &(Emitted){ c, m }, &code); return *model ? frit_new(*model) : NULL;
}

static bool variant_open(Ctx *c, const Args *a, const frit_parallel *par, Variant *v) {
  if (v->i) return true;
  if (!(v->i = instance_of(c, v->m, &v->model))) return false;
  frit_set_parallel(v->i, par); return ports_ready(c, a, v->model, v->i, &v->p);
}

/* How many of the first n variants have a tree for the kernel, each another than the one before. */
static int trees_of(Ctx *c, const Variant *v, int n, int kernel) {
  const char *last = "", *s; int k = 0;
  for (; k < n && v->g->kernel[kernel]->tree && strcmp(s = tree_print(c, v[k].g->kernel[kernel]->tree, 0), last); k++) last = s;
  return k;
}

/* Fills v behind v[0] as long as a kernel has other trees; how many there are, -1 after an error. */
static int variants(Ctx *c, const Args *a, const Target *t, Variant *v) {
  Args b = *a; bool more = passes_run(c, v->g, t, STAGE_PLAN); int n = 0;
  for (; n < PICKS && more; n++) {
    b.pick = n; more = false;
    if ((n && !(v[n].g = driver_graph(c, &b, STAGE_PLAN))) || !(v[n].m = lower(c, v[n].g, t))) return -1;
    for (int k = 0; k < v->g->nkernel; k++) more |= trees_of(c, v, n + 1, k) > n;
  }
  return n ? n : -1;
}

/* ---- one kernel's code, in its variant's memory */
typedef struct Trial { frit_model *m; frit_instance *i; double ns; } Trial;
static bool trial_open(Ctx *c, const KModule *m, const char *kernel, Trial *t) {
  KModule one = *m; one.nkernel = 0; t->ns = 1e30;
  for (int k = 0; k < m->nkernel; k++) if (name_same(m->kernel[k]->name, kernel)) one.kernel = &m->kernel[k], one.nkernel = 1;
  return (t->i = instance_of(c, &one, &t->m)) != NULL;
}

static volatile sig_atomic_t stopped;
static void stop(int sig) { stopped = 1; signal(sig, SIG_DFL); }

/* The number of the fastest; another than 0 only if it gains 2 %, more than the noise of the least of many runs. A kernel may write over what it
 * reads: each round begins anew. */
static int fastest(const Variant *v, Trial *t, int n, double seconds) {
  int best = 0;
  for (int r = 0; r < ROUNDS && !stopped; r++)
    for (int p = 0; p < n && !stopped; p++) {
      frit_copy(t[p].i, v[p].i); double ns = bench_least(t[p].i, seconds / ROUNDS); t[p].ns = ns < t[p].ns ? ns : t[p].ns;
    }
  for (int p = 1; p < n && !stopped; p++) if (t[p].ns < t[best].ns * (best ? 1 : 0.98)) best = p;
  return best;
}

/* -1 after an error. */
static int tune_kernel(Ctx *c, const Args *a, const frit_parallel *par, Variant *v, int kernel, int n) {
  Trial t[PICKS] = { 0 }; bool ok = true; int best = 0;
  for (int p = 0; p < n && ok; p++) ok = variant_open(c, a, par, &v[p]) && trial_open(c, v[p].m, v[0].g->kernel[kernel]->name, &t[p]);
  if (ok) best = fastest(v, t, n, a->seconds);
  if (ok) fprintf(stderr, "%d trees, %.2f us", n, t[0].ns / 1000);
  if (best) fprintf(stderr, " -> %.2f us", t[best].ns / 1000);
  for (int p = 0; p < n; p++) frit_free(t[p].i), frit_close(t[p].m);
  return ok ? best : -1;
}
static bool tune_all(Ctx *c, const Args *a, const frit_parallel *par, Variant *v, int nv, int *pick) {
  int done = 0, todo = 0; double t0 = now_ns();
  for (int k = 0; k < v->g->nkernel; k++) todo += trees_of(c, v, nv, k) > 1;
  for (int k = 0; k < v->g->nkernel && !stopped; k++) {
    const Kernel *kernel = v->g->kernel[k]; int n = trees_of(c, v, nv, k); if (n < 2) continue;
    fprintf(stderr, "kernel %d of %d, %s \"%s\": ", ++done, todo, kernel->name, kernel->label ? kernel->label : "");
    if ((pick[k] = tune_kernel(c, a, par, v, k, n)) < 0) return fputc('\n', stderr), false;
    fprintf(stderr, "; %.0f s left\n", (now_ns() - t0) * 1e-9 / done * (todo - done));
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

/* Writes the file: kernel k with its tree number pick[k]. NULL after an error. */
static Graph *trees_write(Ctx *c, const Args *a, const Target *t, const int *pick) {
  Graph *g = driver_graph(c, a, STAGE_FUSE); const char *mark = g ? mark_of(c, g, t) : NULL;
  for (int k = 0; g && k < g->nkernel; k++) g->kernel[k]->pick = pick ? pick[k] : 0;
  if (!g || !passes_run(c, g, t, STAGE_SCHEDULE)) return NULL;
  weights_reach(c, a, g); const char *s = ctx_printf(c, "%s%s", mark, graph_print(c, g));
  return file_write(c, a->output, s, strlen(s), false) ? g : NULL;
}

/* The file is there from the start: with the model's choice. */
int cmd_tune(Ctx *c, void *session) {
  const Args *a = ((const Session *)session)->a; const Target *t = driver_target(c, a); Variant v[PICKS] = { 0 }; int n;
  if (!a->output) return driver_say(EXIT_USAGE, "tune wants -o FILE");
  if (!t || !(v->g = trees_write(c, a, t, NULL)) || (n = variants(c, a, t, v)) < 0) return -1;
  frit_pool *pool = frit_pool_new(a->threads ? a->threads : 1); frit_parallel par; int *pick = NEWN(c, int, v->g->nkernel + 1);
  if (!pool) return driver_say(EXIT_INPUT, "out of memory");
  par = frit_pool_parallel(pool); signal(SIGINT, stop); bool ok = tune_all(c, a, &par, v, n, pick) && trees_write(c, a, t, pick);
  for (int p = 0; p < n; p++) frit_free(v[p].i), frit_close(v[p].model);
  frit_pool_free(pool);
  if (ok && stopped) fprintf(stderr, "stopped: the kernels that were not timed keep the model's choice\n");
  return ok ? EXIT_OK : -1;
}
