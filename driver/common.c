/* What the subcommands share: contexts from options, loading and compiling, opening artefacts, errors, the clock. */
#include "driver.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int driver_say(int code, const char *fmt, ...) {
  va_list ap; va_start(ap, fmt);
  fputs("frit: ", stderr), vfprintf(stderr, fmt, ap), fputc('\n', stderr); va_end(ap); return code;
}
bool driver_fail(Ctx *c, const char *fmt, ...) { FORMAT(c, text); diag_error(c, (Pos){ 0 }, "%s", text); return false; }
int driver_try(Work *work, Session *s) {
  const Args *a = s->a;
  if (a->math && strcmp(a->math, "fast") && strcmp(a->math, "exact")) return driver_say(EXIT_USAGE, "--math is exact or fast, not '%s'", a->math);
  Ctx *c = ctx_new(); if (!c) return driver_say(EXIT_INPUT, "out of memory");
  c->opt = (Options){ .printer = a->printer, .no_fuse = (const char **)a->no_fuse, .bisect_limit = a->bisect_limit,
                      .threads = a->threads, .delay = a->delay, .prewarm = a->prewarm, .verify = a->verify,
                      .fast_math = a->math && !strcmp(a->math, "fast") };
  int code = ctx_try(c, work, s); diag_print(c, stderr, isatty(STDERR_FILENO) && !getenv("NO_COLOR"));
  if (code < 0 || c->nerror) code = c->nerror && c->nunsupported == c->nerror ? EXIT_UNSUPPORTED : EXIT_INPUT;
  ctx_free(c); return code;
}

const Target *driver_target(Ctx *c, const Args *a) {
  const char *name = a->target ? a->target : "host", *names[32], *near; const Target *t = target_find(name);
  if (t && (a->threads < 2 || t->ld)) return t;
  if (t) { driver_fail(c, "target '%s' has no threads", name); diag_help(c, "leave --threads out"); return NULL; }
  for (int k = 0; k < ntargets && k < 32; k++) names[k] = targets[k].name;
  near = diag_near(name, names, ntargets); driver_fail(c, "there is no target '%s'", name);
  diag_help(c, near ? "did you mean '%s'? `frit targets` lists them all" : "`frit targets` lists them all", near); return NULL;
}

Graph *driver_graph(Ctx *c, const Args *a, Stage until) {
  const Target *t = driver_target(c, a); Graph *g = t ? frontend_load(c, a->input) : NULL; bool trees = until >= STAGE_LAYOUT;
  if (g && trees && !passes_run(c, g, t, STAGE_FUSE)) return NULL;
  for (int k = 0; g && k < g->nkernel; k++) g->kernel[k]->pick = a->pick;
  if (g && trees && a->tune) g = tune_load(c, a, g, t);
  return g && passes_run(c, g, t, until) ? g : NULL;
}
KModule *driver_module(Ctx *c, const Args *a) { Graph *g = driver_graph(c, a, STAGE_PLAN); return g ? lower(c, g, driver_target(c, a)) : NULL; }

/* ---- artefacts */
static int compile_so(Ctx *c, void *session) {
  const Session *s = session; KModule *m = driver_module(c, s->a); return m && emit_file(c, m, EMIT_SO, s->path) ? EXIT_OK : -1;
}
static int make_so(void *args, const char *path) { return driver_try(compile_so, &(Session){ .a = args, .path = path }); }
static frit_model *open_so(const char *path, int *code) {
  const char *why; char full[4200]; snprintf(full, sizeof full, "%s%s", strchr(path, '/') ? "" : "./", path);
  frit_model *m = frit_open(full, &why); *code = m ? EXIT_OK : driver_say(EXIT_INPUT, "%s: %s", path, why); return m;
}
frit_model *driver_made(Make *make, void *arg, int *code) {
  const char *tmp = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp"; char dir[4000], path[4096]; snprintf(dir, sizeof dir, "%s/frit-XXXXXX", tmp);
  if (!mkdtemp(dir)) {
    *code = driver_say(EXIT_INPUT, "cannot make a temporary folder in %s: set TMPDIR to one that can be written", tmp); return NULL;
  }
  snprintf(path, sizeof path, "%s/model.so", dir); *code = make(arg, path);
  frit_model *m = *code == EXIT_OK ? open_so(path, code) : NULL; unlink(path), rmdir(dir); return m;
}
frit_model *driver_open(const Args *a, int *code) {
  return path_ends(a->input, ".so") ? open_so(a->input, code) : driver_made(make_so, (void *)(uintptr_t)a, code);
}
int driver_open_try(Work *work, const Args *a) {
  int code; frit_model *m = driver_open(a, &code); char most[32] = "1"; if (!m) return code;
  frit_instance *i = frit_new(m); frit_pool *pool = frit_pool_new(a->threads ? a->threads : 1); frit_parallel par;
  if (i && pool) par = frit_pool_parallel(pool), frit_set_parallel(i, &par);
  frit_fact(m, "threads", most, sizeof most);
  if (a->threads > atoi(most)) code = driver_say(EXIT_USAGE, "%s was compiled for %s thread(s): do so with --threads=%d", a->input, most, a->threads);
  else code = i && pool ? driver_try(work, &(Session){ a, m, i, NULL }) : driver_say(EXIT_INPUT, "out of memory");
  frit_free(i), frit_pool_free(pool), frit_close(m); return code;
}
double now_ns(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return (double)t.tv_sec * 1e9 + (double)t.tv_nsec; }
