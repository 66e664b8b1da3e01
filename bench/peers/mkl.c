/* MKL three ways: sgemm, sgemm with the constant operand packed beforehand, a kernel made by its JIT (small shapes only). */
#define _GNU_SOURCE
#include "../bench.h"
#include <link.h>
#include <mkl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Mkl { const Job *j; void *jitter; sgemm_jit_kernel_t kernel; float *packed; } Mkl;

static void plain(void *self) {
  const Job *j = ((Mkl *)self)->j;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, j->m, j->n, j->k, 1, j->x, j->k, j->weight, j->n, 0, j->y, j->n);
}
static void packed(void *self) {
  const Mkl *m = self; const Job *j = m->j;
  cblas_sgemm_compute(CblasRowMajor, CblasNoTrans, CblasPacked, j->m, j->n, j->k, j->x, j->k, m->packed, j->n, 0, j->y, j->n);
}
static void jit(void *self) { const Mkl *m = self; m->kernel(m->jitter, m->j->x, m->j->weight, m->j->y); }

/* What its dispatcher loaded for this CPU: on AMD that is AVX2 whatever the CPU has, and the table has to say so. */
static int look(struct dl_phdr_info *lib, size_t n, void *level) {
  const char *at = strstr(lib->dlpi_name, "libmkl_"); (void)n;
  if (at && (!strncmp(at + 7, "avx", 3) || !strncmp(at + 7, "mc3", 3) || !strncmp(at + 7, "def", 3))) sscanf(at + 7, "%7[a-z0-9]", (char *)level);
  return 0;
}

static void add(Engine *e, const char *how, void (*run)(void *), Mkl m) {
  char level[8] = "?";
  *e = (Engine){ .run = run, .self = memcpy(malloc(sizeof m), &m, sizeof m) };
  run(e->self);
  dl_iterate_phdr(look, level);
  snprintf(e->name, sizeof e->name, "MKL%s %s", how, level);
}

int engines(const Job *j, Engine *e) {
  int n = 0; Mkl m = { .j = j };
  if (strcmp(j->kind, "gemm")) return 0;
  add(&e[n++], "", plain, m);
  if (j->constant) {
    size_t bytes = cblas_sgemm_pack_get_size(CblasBMatrix, j->m, j->n, j->k);
    m.packed = mkl_malloc(bytes, 64);
    cblas_sgemm_pack(CblasRowMajor, CblasBMatrix, CblasNoTrans, j->m, j->n, j->k, 1, j->weight, j->n, m.packed);
    add(&e[n], " packed", packed, m);
    e[n].cold = (char *)m.packed, e[n++].cold_bytes = bytes;
  }
  if (mkl_jit_create_sgemm(&m.jitter, MKL_ROW_MAJOR, MKL_NOTRANS, MKL_NOTRANS, j->m, j->n, j->k, 1, j->k, j->n, 0, j->n) == MKL_JIT_SUCCESS) {
    m.kernel = mkl_jit_get_sgemm_ptr(m.jitter);
    add(&e[n++], " JIT", jit, m);
  }
  return n;
}
