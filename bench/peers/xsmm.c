/* libxsmm: a kernel compiled for the shape. It counts columns first, so ours are swapped: y' = w' x'. */
#include "../bench.h"
#include <libxsmm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Xsmm { const Job *j; libxsmm_smmfunction kernel; } Xsmm;

static void run(void *self) { const Xsmm *x = self; x->kernel(x->j->weight, x->j->x, x->j->y); }

int engines(const Job *j, Engine *e) {
  float one = 1, zero = 0; int none = LIBXSMM_PREFETCH_NONE;
  if (strcmp(j->kind, "gemm") || (double)j->m * j->n * j->k > 1e9) return 0;          /* one kernel without blocks: hopeless there */
  Xsmm x = { j, libxsmm_smmdispatch(j->n, j->m, j->k, &j->n, &j->k, &j->n, &one, &zero, NULL, &none) };
  if (!x.kernel) return 0;
  *e = (Engine){ .name = "libxsmm", .run = run, .self = memcpy(malloc(sizeof x), &x, sizeof x) };
  return 1;
}
