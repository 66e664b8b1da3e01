/* What the subcommands share: contexts from options, loading and compiling, random numbers, clocks. */
#include "driver.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void driver_say(const char *fmt, ...)
{
  va_list ap;
  va_start(ap, fmt);
  fputs("frit: ", stderr);
  vfprintf(stderr, fmt, ap);
  fputc('\n', stderr);
  va_end(ap);
}

Ctx *driver_ctx(const Args *a)
{
  Ctx *c = ctx_new();
  if (!c) {
    driver_say("out of memory");
    return NULL;
  }
  c->opt.target = a->target;
  c->opt.printer = a->printer;
  c->opt.no_fuse = (const char **)a->no_fuse;
  c->opt.bisect_limit = a->bisect_limit;
  c->opt.delay = a->delay;
  c->opt.prewarm = a->prewarm;
  c->opt.verify = a->verify;
  return c;
}

int driver_end(Ctx *c, int code)
{
  bool colour = isatty(STDERR_FILENO) && !getenv("NO_COLOR");
  diag_print(c, stderr, colour);
  int rc = c->nerror ? (code == EXIT_UNSUPPORTED ? code : EXIT_INPUT) : code;
  ctx_free(c);
  return rc;
}

const Target *driver_target(Ctx *c, const Args *a)
{
  const char *name = a->target ? a->target : "host", *names[32], *near;
  const Target *t = target_find(name);
  if (t)
    return t;
  for (int k = 0; k < ntargets && k < 32; k++)
    names[k] = targets[k].name;
  near = diag_near(name, names, ntargets);
  diag_error(c, (Pos){ 0 }, "there is no target '%s'", name);
  diag_help(c, near ? "did you mean '%s'? `frit targets` lists them all%s" : "%s`frit targets` lists them all%s", near ? near : "", "");
  return NULL;
}

Graph *driver_graph(Ctx *c, const Args *a, Stage until)
{
  const Target *t = driver_target(c, a);
  Graph *g = t ? frontend_load(c, a->input) : NULL;
  return g && passes_run(c, g, t, until) ? g : NULL;
}

KModule *driver_module(Ctx *c, const Args *a)
{
  Graph *g = driver_graph(c, a, STAGE_PLAN);
  return g ? lower(c, g, driver_target(c, a)) : NULL;
}

typedef struct Job { const Args *a; const char *path; } Job;
static int compile_so(Ctx *c, void *arg)
{
  Job *j = arg;
  KModule *m = driver_module(c, j->a);
  return m && emit_file(c, m, EMIT_SO, j->path) ? 0 : -1;
}

static bool has_suffix(const char *s, const char *suffix)
{
  size_t n = strlen(s), k = strlen(suffix);
  return n > k && strcmp(s + n - k, suffix) == 0;
}

static frit_model *open_so(const char *path, int *code)
{
  const char *why, *slash = strchr(path, '/') ? "" : "./";
  char full[4200];
  snprintf(full, sizeof full, "%s%s", slash, path);
  frit_model *m = frit_open(full, &why);
  if (!m)
    driver_say("%s: %s", path, why);
  *code = m ? EXIT_OK : EXIT_INPUT;
  return m;
}

frit_model *driver_open(const Args *a, int *code)
{
  if (has_suffix(a->input, ".so"))
    return open_so(a->input, code);
  const char *tmp = getenv("TMPDIR");
  char dir[4000], path[4096];
  snprintf(dir, sizeof dir, "%s/frit-XXXXXX", tmp ? tmp : "/tmp");
  Ctx *c = driver_ctx(a);
  if (!c || !mkdtemp(dir)) {
    driver_say("cannot make a temporary folder in %s: set TMPDIR to one that can be written", tmp ? tmp : "/tmp");
    *code = EXIT_INPUT;
    return NULL;
  }
  snprintf(path, sizeof path, "%s/model.so", dir);
  ctx_try(c, compile_so, &(Job){ a, path });
  *code = driver_end(c, EXIT_OK);
  frit_model *m = *code == EXIT_OK ? open_so(path, code) : NULL;
  unlink(path);
  rmdir(dir);
  return m;
}

double now_ns(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* splitmix64 (Steele, Lea, Flood 2014). */
float random_unit(uint64_t *state)
{
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  z ^= z >> 31;
  return (float)(int64_t)(z >> 40) / (float)(1 << 23) - 1.0f;
}
