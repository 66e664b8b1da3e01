/* OpenBLAS and BLIS: the same interface, so one file compiled once for each. */
#include "../bench.h"
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef OPENBLAS
char *openblas_get_corename(void);
static const char *library(void) { return "OpenBLAS"; }
static const char *kernels(void) { return openblas_get_corename(); }
#else
void bli_init(void);
int bli_arch_query_id(void);
char *bli_arch_string(int id);                           /* BLIS_ARCH_TYPE is only heard after bli_init */
static const char *library(void) { return "BLIS"; }
static const char *kernels(void) { bli_init(); return bli_arch_string(bli_arch_query_id()); }
#endif

static void sgemm(void *self) {
  const Job *j = self;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, j->m, j->n, j->k, 1, j->x, j->k, j->weight, j->n, 0, j->y, j->n);
}

int engines(const Job *j, Engine *e) {
  if (strcmp(j->kind, "gemm")) return 0;
  *e = (Engine){ .run = sgemm, .self = (void *)j };
  snprintf(e->name, sizeof e->name, "%s %s", library(), kernels());
  return 1;
}
