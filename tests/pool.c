/* The pool: every item runs once, whoever calls, from wherever, and however the workers sleep in between; an artefact gives the same bits through it,
 * through a host's own parallel-for, and without. Runs under TSan, too. pool ARTEFACT.so */
#define _GNU_SOURCE 1
#include "../runtime/frit.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int passed, failed;
static void check(int ok, const char *what)
{
  passed += ok;
  failed += !ok;
  if (!ok)
    printf("%s\n", what);
}

enum { ITEMS = 64 };
typedef struct Batch { frit_parallel *par; int count[ITEMS]; struct Batch *inner; } Batch;
static void count(void *ctx, int k)
{
  Batch *b = ctx;
  b->count[k]++;
  if (b->inner)
    b->par->run(b->par->pool, count, &b->inner[k], 5);
}

static int each_once(const Batch *b, int n)
{
  for (int k = 0; k < ITEMS; k++)
    if (b->count[k] != (k < n))
      return 0;
  return 1;
}

/* Some rounds, with and without items that call the pool themselves. */
static void *rounds(void *arg)
{
  frit_parallel *par = arg;
  static _Thread_local Batch inner[ITEMS];
  int ok = 1;
  for (int r = 0; r < 400; r++) {
    Batch b = { .par = par };
    int n = 1 + r % ITEMS;
    memset(inner, 0, sizeof inner);
    b.inner = r % 8 == 0 ? inner : NULL;
    par->run(par->pool, count, &b, n);
    ok &= each_once(&b, n);
    for (int k = 0; k < n && b.inner; k++)
      ok &= each_once(&inner[k], 5);
    if (r % 97 == 0)
      usleep(200);                 /* the workers fall asleep */
  }
  return ok ? par : NULL;
}

static void check_pool(int threads)
{
  frit_pool *p = frit_pool_new(threads);
  frit_parallel par = frit_pool_parallel(p);
  pthread_t t[3];
  void *ok = rounds(&par);
  check(ok != NULL, "the pool lost an item, or ran it twice");
  check(threads ? par.threads == threads : par.threads >= 1, "the pool says another number of threads");
  for (int k = 0; k < 3; k++)
    pthread_create(&t[k], NULL, rounds, &par);
  for (int k = 0; k < 3; k++) {
    pthread_join(t[k], &ok);
    check(ok != NULL, "the pool lost an item of one of several callers");
  }
  frit_pool_free(p);
}

/* A host's own parallel-for: backwards, on the calling thread. */
static void backwards(void *pool, void (*fn)(void *, int), void *ctx, int n)
{
  ++*(int *)pool;
  for (int k = n; k-- > 0;)
    fn(ctx, k);
}

static void check_artefact(const char *path)
{
  const char *why = NULL;
  static float x[96 * 96], first[96 * 96], y[96 * 96];
  frit_model *m = frit_open(path, &why);
  check(m != NULL, why ? why : "the artefact opens");
  if (!m)
    return;
  frit_instance *i = frit_new(m);
  for (int k = 0; k < 96 * 96; k++)
    x[k] = (float)(k % 71) / 64;
  frit_set(i, "x", x, sizeof x);
  frit_set(i, "y", first, sizeof first);
  check(frit_run(i) == FRIT_OK, "a run without threads");
  frit_set(i, "y", y, sizeof y);
  int forks = 0;
  for (int n = 1; n <= 9; n++) {
    frit_parallel host = { backwards, &forks, n };
    memset(y, 0, sizeof y);
    frit_set_parallel(i, &host);
    check(frit_run(i) == FRIT_OK && memcmp(first, y, sizeof y) == 0, "the bits of a host's parallel-for are others");
    frit_pool *p = frit_pool_new(n);
    frit_parallel par = frit_pool_parallel(p);
    memset(y, 0, sizeof y);
    frit_set_parallel(i, &par);
    check(frit_run(i) == FRIT_OK && memcmp(first, y, sizeof y) == 0, "the bits of the pool are others");
    frit_pool_free(p);
  }
  check(forks >= 8, "the host's parallel-for was not used");
  frit_free(i);
  frit_close(m);
}

int main(int argc, char **argv)
{
  for (int k = 0; k < 50; k++) {
    frit_pool *p = frit_pool_new(3);
    if (k % 2)
      usleep(100);
    frit_pool_free(p);
  }
  frit_pool_free(NULL);
  int threads[] = { 1, 2, 0, 4, 7 };
  for (int k = 0; k < 5; k++)
    check_pool(threads[k]);
  if (argc > 1)
    check_artefact(argv[1]);
  printf("%d passed, %d failed\n", passed, failed);
  return failed > 0;
}
