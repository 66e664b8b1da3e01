/* The clock and what every engine shares: buffers, our own artefact as an engine, cold weights, copies as an engine. bench.py drives it through ctypes. */
#define _GNU_SOURCE
#include "bench.h"
#include "../runtime/frit.h"
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
  struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

/* n random numbers in -1..1 (n rounded up to lines, the rest zero). */
float *bench_random(size_t n, unsigned seed) {
  size_t whole = (n + 31) / 16 * 16; float *v = aligned_alloc(64, whole * sizeof *v); unsigned s = seed * 2654435761u + 1;
  for (size_t k = 0; k < whole; k++) s = s * 1664525u + 1013904223u, v[k] = k < n ? (float)(int)s * 0x1p-31f : 0;
  return v;
}

/* The greatest difference, as a share of the greatest magnitude. */
double bench_error(const float *got, const float *want, size_t n) {
  double worst = 0, top = 1e-30;
  for (size_t k = 0; k < n; k++) {
    double d = got[k] - want[k], m = want[k] < 0 ? -want[k] : want[k];
    d = d < 0 ? -d : d, worst = d <= worst || worst != worst ? worst : d, top = m > top ? m : top;       /* NaN is worst, and stays */
  }
  return worst / top;
}

/* ---- Our artefact, by the plain ABI. Its constants follow NAME_info in the read-only segment. */
typedef struct Ours {
  int (*call)(void *const *args, void *state, void *scratch, const int64_t *dims, const frit_parallel *par);
  int (*run2)(void *, void *, void *, void *), (*run3)(void *, void *, void *, void *, void *);
  void *args[8], *state, *scratch; int64_t dim;
} Ours;

static void ours_run(void *self) { Ours *o = self; o->call(o->args, o->state, o->scratch, &o->dim, NULL); }
static void ours_run2(void *self) { Ours *o = self; o->run2(o->args[0], o->args[1], o->state, o->scratch); }
static void ours_run3(void *self) { Ours *o = self; o->run3(o->args[0], o->args[1], o->args[2], o->state, o->scratch); }

static void *symbol(void *lib, const char *name, const char *suffix) {
  char s[64]; snprintf(s, sizeof s, "%s_%s", name, suffix);
  return dlsym(lib, s);
}

static void *buffer(const char *info, const char *key) {
  const char *at = strstr(info, key); size_t n = at ? strtoull(at + strlen(key), NULL, 10) : 0;
  return memset(aligned_alloc(64, (n + 127) / 64 * 64), 0, (n + 127) / 64 * 64);
}

static size_t constants(void *lib, const char *info) {
  struct link_map *m; dlinfo(lib, RTLD_DI_LINKMAP, &m);
  const ElfW(Ehdr) *h = (void *)m->l_addr; const ElfW(Phdr) *p = (void *)(m->l_addr + h->e_phoff);
  for (int k = 0; k < h->e_phnum; k++)
    if (p[k].p_type == PT_LOAD && !(p[k].p_flags & PF_W) && m->l_addr + p[k].p_vaddr <= (size_t)info && (size_t)info < m->l_addr + p[k].p_vaddr + p[k].p_memsz)
      return m->l_addr + p[k].p_vaddr + p[k].p_memsz - (size_t)info;
  return 0;
}

/* dim < 0: no dimension; then up to three tensors go by the typed call, as a C program would. */
int bench_ours(const char *path, void **args, int n, int64_t dim, Engine *e) {
  void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL); char *info = lib ? dlsym(lib, "frit_artefact") : NULL, name[48]; Ours *o = calloc(1, sizeof *o);
  if (!info || n > 8 || sscanf(strstr(info, "\nname "), " name %47s", name) != 1) return 0;
  void (*init)(void *) = (void (*)(void *))symbol(lib, name, "init"), *run = symbol(lib, name, "run");
  memcpy(o->args, args, (size_t)n * sizeof *args);
  *(void **)&o->call = symbol(lib, name, "call"), *(void **)&o->run2 = *(void **)&o->run3 = run;
  o->state = buffer(info, "\nstate "), o->scratch = buffer(info, "\nscratch "), o->dim = dim;
  init(o->state);
  *e = (Engine){ .name = "frit", .run = dim < 0 && n == 2 ? ours_run2 : dim < 0 && n == 3 ? ours_run3 : ours_run, .self = o };
  e->cold = info, e->cold_bytes = constants(lib, info);
  return 1;
}

/* ---- The best copy of this machine for so many bytes, as an engine: with or without streaming stores, whichever is faster. */
typedef struct Copy { float *to; const float *from; size_t n; } Copy;
typedef float Vec __attribute__((vector_size(64)));

static void copy_plain(void *self) {
  Copy *c = self; Vec *to = (Vec *)c->to; const Vec *from = (const Vec *)c->from;
  for (size_t k = 0; k < c->n / 16; k++) to[k] = from[k];
}
static void copy_stream(void *self) {
  Copy *c = self; 
#if defined(__x86_64__)
  for (size_t k = 0; k < c->n; k += 4) __builtin_ia32_movntps(c->to + k, *(const __attribute__((vector_size(16))) float *)(c->from + k));
#else
  copy_plain(c);
#endif
}
int bench_copy(float *to, const float *from, size_t n, Engine *e) {
  Copy *c = malloc(sizeof *c); *c = (Copy){ to, from, n };
  e[0] = (Engine){ .name = "copy", .run = copy_plain, .self = c }, e[1] = (Engine){ .name = "copy past the caches", .run = copy_stream, .self = c };
  return 2;
}

/* Sums in eight chains: read bandwidth. */
static void read_run(void *self) {
  Copy *c = self; const Vec *v = (const Vec *)c->from; Vec a[8] = { 0 };
  for (size_t k = 0; k + 8 <= c->n / 16; k += 8)
#pragma GCC unroll 8
    for (int u = 0; u < 8; u++) a[u] += v[k + u];
  for (int u = 1; u < 8; u++) a[0] += a[u];
  volatile Vec sink = a[0]; (void)sink;
}
int bench_read(const float *from, size_t n, Engine *e) {
  Copy *c = malloc(sizeof *c); *c = (Copy){ NULL, from, n };
  *e = (Engine){ .name = "read", .run = read_run, .self = c };
  return 1;
}

/* ---- The clock. In every round each engine runs for about `slice` ns, beginning with another one each time; a round's mean is one sample.
 * A cold call finds its weights in no cache: their lines are flushed before it, outside of its time. */
static void forget(const char *at, size_t n) {
#if defined(__x86_64__)
  for (size_t k = 0; k < n; k += 64) __builtin_ia32_clflush(at + k);
  __builtin_ia32_mfence();
#elif defined(__aarch64__)
  for (size_t k = 0; k < n; k += 64) __asm__ volatile("dc civac, %0" : : "r"(at + k) : "memory");
  __asm__ volatile("dsb ish" : : : "memory");
#endif
}

static int by_value(const void *a, const void *b) { double x = *(const double *)a, y = *(const double *)b; return (x > y) - (x < y); }

/* The time of so many calls. Cold ones are timed one by one, the median standing for each: an interrupt between two readings of the clock is a multiple of them. */
static double calls(Engine *e, long reps, int cold) {
  double ns[256], t = now(); int n = 0;
  if (!cold) {
    for (long k = 0; k < reps; k++) e->run(e->self);
    return now() - t;
  }
  for (long k = 0; k < reps; k++) {
    forget(e->cold, e->cold_bytes);
    t = now();
    e->run(e->self);
    ns[n++ % 256] = now() - t;
  }
  n = n < 256 ? n : 256, qsort(ns, (size_t)n, sizeof *ns, by_value);
  return ns[n / 2] * (double)reps;
}

/* How many calls of an engine take `slice` ns together. */
static long calibrate(Engine *e, double slice, int cold) {
  calls(e, 1, 0);
  for (long reps = 1;; reps *= 2) {
    double start = now(); calls(e, reps, cold); double t = now() - start;
    if (t > slice / 4 || reps > 1 << 24) return reps * slice / t < 1 ? 1 : (long)(reps * slice / t);
  }
}

/* ns[round][engine]: nanoseconds a call. Returns the number of rounds: as many as the budget (ns) has room for, within 4..rounds. */
int bench_time(Engine *e, int n, int rounds, double slice, double budget, int cold, double *ns) {
  long *reps = malloc(sizeof *reps * (size_t)n); int done = 0;
  for (int k = 0; k < n; k++) reps[k] = calibrate(&e[k], slice, cold);
  for (double start = now(); done < rounds && (done < 4 || now() - start < budget); done++)
    for (int i = 0; i < n; i++) {
      int k = (i + done) % n;
      if (!cold) calls(&e[k], 1, 0);                     /* the others have been in the caches meanwhile */
      ns[done * n + k] = calls(&e[k], reps[k], cold) / (double)reps[k];
    }
  free(reps);
  return done;
}
