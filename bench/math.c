/* Vector functions on arrays in L1: frit's artefacts against SLEEF, glibc's libmvec and MKL's VML, all found by name when it runs.
 *
 *   math DIR MKL_DIR [json]     DIR holds NAME.VARIANT.so of each function (bench/math.sh makes them)
 *
 * One run interleaves all engines: every round times each once, the least of the rounds counts. Errors are measured on the same arguments. The class
 * of a peer is its measured error: exact up to 2 ULP, fast up to 8. Cycles are those of a chain of dependent additions. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <immintrin.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { N = 2048, FILLS = 256, ROUNDS = 60, REPEAT = 12, ENGINES = 12 };
#ifdef __AVX512F__
enum { W = 16 };
typedef __m512 V;
#define LOAD _mm512_loadu_ps
#define STORE _mm512_storeu_ps
#define MVEC "_ZGVeN16v"
#define SLEEF_ISA "16_u%savx512f"
#else
enum { W = 8 };
typedef __m256 V;
#define LOAD _mm256_loadu_ps
#define STORE _mm256_storeu_ps
#define MVEC "_ZGVdN8v"
#define SLEEF_ISA "8_u%savx2"
#endif
typedef V F1(V);
typedef V F2(V, V);
typedef int Run1(const float *, float *, void *, void *);
typedef int Run2(const float *, const float *, float *, void *, void *);
typedef void Vml1(int64_t, const float *, float *, int64_t);
typedef void Vml2(int64_t, const float *, const float *, float *, int64_t);

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double normtail(double x) { return erfc(fabs(x) * 0.70710678118654752440) / 2; }
static double gelu(double x) { return x * erfc(-x * 0.70710678118654752440) / 2; }
static double rsqrt(double x) { return 1 / sqrt(x); }
static double reciprocal(double x) { return 1 / x; }

/* name, C's name in libraries, MKL's name (NULL: none), range of arguments */
typedef struct Function { const char *name, *c, *mkl; double (*ref)(double), (*ref2)(double, double); double lo, hi; } Function;
static const Function functions[] = {
  { "exp", "exp", "vmsExp", exp, NULL, -80, 80 },         { "expm1", "expm1", "vmsExpm1", expm1, NULL, -10, 10 },
  { "log", "log", "vmsLn", log, NULL, 1e-3, 1e3 },        { "log1p", "log1p", "vmsLog1p", log1p, NULL, -0.9, 30 },
  { "tanh", "tanh", "vmsTanh", tanh, NULL, -8, 8 },       { "sigmoid", NULL, NULL, sigmoid, NULL, -10, 10 },
  { "erf", "erf", "vmsErf", erf, NULL, -3, 3 },           { "normtail", NULL, "vmsCdfNorm", normtail, NULL, -5, 0 },
  { "gelu", NULL, NULL, gelu, NULL, -3, 3 },
  { "sin", "sin", "vmsSin", sin, NULL, -30, 30 },         { "cos", "cos", "vmsCos", cos, NULL, -30, 30 },
  { "pow", "pow", "vmsPow", NULL, pow, 0.1, 10 },         { "rsqrt", NULL, "vmsInvSqrt", rsqrt, NULL, 1e-3, 1e3 },
  { "reciprocal", NULL, "vmsInv", reciprocal, NULL, 1e-3, 1e3 },
};

static float x[N] __attribute__((aligned(64))), z[N] __attribute__((aligned(64))), y[N] __attribute__((aligned(64)));
static char scratch[1 << 16] __attribute__((aligned(64)));

enum { FRIT, VECTOR, VML };
typedef struct Engine { char name[32]; int kind; bool two; void *fn; int64_t mode; double ns, ulp, round; } Engine;

static void run(const Engine *e) {
  if (e->kind == FRIT && e->two) ((Run2 *)e->fn)(x, z, y, scratch, scratch);
  else if (e->kind == FRIT) ((Run1 *)e->fn)(x, y, scratch, scratch);
  else if (e->kind == VML && e->two) ((Vml2 *)e->fn)(N, x, z, y, e->mode);
  else if (e->kind == VML) ((Vml1 *)e->fn)(N, x, y, e->mode);
  else if (e->two) for (int i = 0; i < N; i += W) STORE(y + i, ((F2 *)e->fn)(LOAD(x + i), LOAD(z + i)));
  else for (int i = 0; i < N; i += W) STORE(y + i, ((F1 *)e->fn)(LOAD(x + i)));
}
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return 1e9 * (double)t.tv_sec + (double)t.tv_nsec; }

/* Nanoseconds of a cycle: dependent additions take one each. */
static double cycle(void) {
  uint64_t a = 1, n = 20000; double t = now();
  for (uint64_t i = 0; i < n / 10; i++) __asm__ volatile(".rept 10\n add %0, %0\n .endr" : "+r"(a));
  return (now() - t) / (double)n;
}
static void fill(const Function *f) {
  for (int i = 0; i < N; i++) {
    double u = (double)rand() / RAND_MAX; z[i] = (float)(8 * ((double)rand() / RAND_MAX) - 4);
    x[i] = (float)(f->lo > 0 ? f->lo * pow(f->hi / f->lo, u) : f->lo + (f->hi - f->lo) * u);
  }
}
static double error(const Function *f, int i) {
  double want = f->ref2 ? f->ref2(x[i], z[i]) : f->ref(x[i]); float near = fabsf((float)want); int e; frexpf(near, &e);
  return near > 0 && isfinite(near) ? fabs(y[i] - want) / ldexp(1, e - 24 < -149 ? -149 : e - 24) : 0;
}
static void measure_errors(const Function *f, Engine *e, int n) {
  for (int r = 0; r < FILLS; r++) {
    fill(f);
    for (int k = 0; k < n; k++) { run(&e[k]); for (int i = 0; i < N; i++) e[k].ulp = fmax(e[k].ulp, error(f, i)); }
  }
}
static double measure_times(Engine *e, int n) {
  double least = 1e9;
  for (int r = 0; r < ROUNDS; r++) {
    least = fmin(least, cycle());
    for (int k = 0; k < n; k++) {
      run(&e[k]); double t = now();
      for (int i = 0; i < REPEAT; i++) run(&e[k]);
      e[k].ns = fmin(e[k].ns, (now() - t) / N / REPEAT);
    }
  }
  return least;
}

/* ---- engines */
static void add(Engine *e, int *n, const char *name, int kind, const Function *f, void *fn, int64_t mode) {
  if (!fn || *n == ENGINES) return;
  Engine *g = &e[(*n)++]; *g = (Engine){ .kind = kind, .two = f->ref2, .fn = fn, .mode = mode, .ns = 1e9 }; snprintf(g->name, sizeof g->name, "%s", name);
}
static void *in(void *lib, const char *fmt, const char *a, const char *b) {
  char s[256]; snprintf(s, sizeof s, fmt, a, b); return lib ? dlsym(lib, s) : NULL;
}
static int engines(Engine *e, const Function *f, const char *dir, void *mkl, void *sleef, void *mvec) {
  static const char *const variants[] = { "llvm", "c", "fast" }, *const classes[] = { "05", "10", "15", "35" };
  static const struct { const char *name; int64_t mode; } modes[] = { { "MKL HA", 2 }, { "MKL LA", 1 }, { "MKL EP", 3 } };
  int n = 0; char path[512], name[32];
  for (int k = 0; k < 3; k++) {
    snprintf(path, sizeof path, "%s/%s.%s.so", dir, f->name, variants[k]); snprintf(name, sizeof name, "frit %s", variants[k]);
    void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL); add(e, &n, name, FRIT, f, in(lib, "g_run", "", ""), 0);
  }
  for (int k = 0; k < 4 && f->c; k++) {
    char fmt[64]; snprintf(fmt, sizeof fmt, "Sleef_%%sf%s", SLEEF_ISA); snprintf(name, sizeof name, "SLEEF u%s", classes[k]);
    add(e, &n, name, VECTOR, f, in(sleef, fmt, f->c, classes[k]), 0);
  }
  if (f->c) add(e, &n, "libmvec", VECTOR, f, in(mvec, f->ref2 ? MVEC "v_%sf" : MVEC "_%sf", f->c, ""), 0);
  for (int k = 0; k < 3 && f->mkl; k++) add(e, &n, modes[k].name, VML, f, in(mkl, "%s", f->mkl, ""), modes[k].mode);
  return n;
}

/* ---- results */
static const Engine *best_peer(const Engine *e, int n, double limit) {
  const Engine *b = NULL;
  for (int k = 0; k < n; k++) if (e[k].kind != FRIT && e[k].ulp <= limit && (!b || e[k].ns < b->ns)) b = &e[k];
  return b;
}
static double limit_of(const Engine *e) { return strcmp(e->name, "frit fast") ? 2 : 8; }
static void print(const Function *f, const Engine *e, int n, double cyc, bool json) {
  for (int k = 0; k < n; k++) {
    const Engine *b = e[k].kind == FRIT ? best_peer(e, n, limit_of(&e[k])) : NULL; double ratio = b ? b->ns / e[k].ns : 0;
    if (json) printf("{\"function\": \"%s\", \"engine\": \"%s\", \"ns\": %.4f, \"cycles\": %.3f, \"ulp\": %.2f, \"best\": \"%s\", \"ratio\": %.3f}\n",
      f->name, e[k].name, e[k].ns, e[k].ns / cyc, e[k].ulp, b ? b->name : "", ratio);
    else printf("| %-10s | %-10s | %6.3f | %6.2f | %9.2f | %s", f->name, e[k].name, e[k].ns, e[k].ns / cyc, e[k].ulp, b ? "" : "|\n");
    if (b && !json) printf("%.2f x %s |\n", ratio, b->name);
  }
  fflush(stdout);
}

int main(int argc, char **argv) {
  if (argc < 3) return fprintf(stderr, "math DIR MKL_DIR [json] [FUNCTION...]\n"), 2;
  char path[512]; bool json = argc > 3 && !strcmp(argv[3], "json"); snprintf(path, sizeof path, "%s/libmkl_rt.so.3", argv[2]);
  void *mkl = dlopen(path, RTLD_NOW | RTLD_GLOBAL), *sleef = dlopen("libsleef.so.3", RTLD_NOW), *mvec = dlopen("libmvec.so.1", RTLD_NOW);
  if (!json) printf("| function | engine | ns | cycles | error, ULP | speed, best peer of the class = 1 |\n|---|---|---|---|---|---|\n");
  for (size_t k = 0; k < sizeof functions / sizeof *functions; k++) {
    const Function *f = &functions[k]; Engine e[ENGINES]; bool wanted = argc < 5;
    for (int i = 4; i < argc; i++) wanted |= !strcmp(argv[i], f->name);
    if (!wanted) continue;
    int n = engines(e, f, argv[1], mkl, sleef, mvec);
    measure_errors(f, e, n); fill(f); print(f, e, n, measure_times(e, n), json);
  }
}
