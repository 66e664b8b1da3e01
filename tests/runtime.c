/* The loader and the pool: wrong dims, null pointers, wrong sizes give a code with text and leave the state alone; no call allocates. */
#include "../runtime/frit.h"
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int passed, failed;
static void check(int ok, const char *what)
{
  passed += ok;
  failed += !ok;
  if (!ok)
    printf("%s\n", what);
}

/* A counting allocator: calls while `counting` are an error. */
extern void *__libc_malloc(size_t);
static atomic_int counting, allocations;
void *malloc(size_t n)
{
  if (counting)
    allocations++;
  return __libc_malloc(n);
}

static void square(void *ctx, int k) { ((int *)ctx)[k] = k * k; }

static void check_pool(int threads)
{
  frit_pool *p = frit_pool_new(threads);
  frit_parallel par = frit_pool_parallel(p);
  int v[100], ok = 1;
  for (int round = 0; round < 500; round++) {
    memset(v, 0, sizeof v);
    par.run(par.pool, square, v, 100);
    for (int k = 0; k < 100; k++)
      ok &= v[k] == k * k;
  }
  check(ok, "the pool lost an item");
  frit_pool_free(p);
}

int main(int argc, char **argv)
{
  const char *why = NULL;
  float x[64], y[64], first[64];
  if (argc < 3)
    return 2;
  check(frit_open("/nowhere.so", &why) == NULL && why, "a missing file has no reason");
  check(frit_open(argv[2], &why) == NULL && why, "a foreign shared object has no reason");
  frit_model *m = frit_open(argv[1], &why);
  if (!m)
    return printf("%s: %s\n0 passed, 1 failed\n", argv[1], why), 1;
  frit_instance *i = frit_new(m);
  for (int k = 0; k < 64; k++)
    x[k] = (float)k / 64;
  check(frit_run(i) == FRIT_ERR_NULL && *frit_error(i), "unset arguments");
  check(frit_set_dim(i, "t", 0) == FRIT_ERR_DIM && frit_set_dim(i, "t", 5000) == FRIT_ERR_DIM, "t outside its bounds");
  check(frit_set_dim(i, "u", 1) == FRIT_ERR_NAME, "an unknown dimension");
  check(frit_set(i, "z", x, 4) == FRIT_ERR_NAME, "an unknown port");
  check(frit_set(i, "x", NULL, 4) == FRIT_ERR_NULL, "a null pointer");
  frit_set_dim(i, "t", 64);
  frit_set(i, "x", x, sizeof x);
  frit_set(i, "y", y, sizeof y);
  check(frit_run(i) == FRIT_OK, "a run");
  memcpy(first, y, sizeof y);
  frit_reset(i);
  frit_set(i, "x", x, 12);
  check(frit_run(i) == FRIT_ERR_SIZE && *frit_error(i), "a buffer of the wrong size");
  frit_set(i, "x", x, sizeof x);
  counting = 1;
  int rc = frit_run(i);
  counting = 0;
  check(rc == FRIT_OK && memcmp(first, y, sizeof y) == 0, "failed runs touched the state");
  check(allocations == 0, "a run allocated memory");
  frit_instance *j = frit_new(m);
  frit_set_dim(j, "t", 64);
  frit_set(j, "x", x, sizeof x);
  frit_set(j, "y", y, sizeof y);
  check(frit_run(j) == FRIT_OK && memcmp(first, y, sizeof y) == 0, "a second instance differs");
  frit_reset(j);
  frit_copy(j, i);
  check(frit_run(i) == FRIT_OK && memcmp(first, y, sizeof y) != 0, "the stream goes on");
  memcpy(first, y, sizeof y);
  check(frit_run(j) == FRIT_OK && memcmp(first, y, sizeof y) == 0, "a copy goes on elsewhere");
  frit_free(i);
  frit_free(j);
  frit_close(m);
  check_pool(1);
  check_pool(2);
  check_pool(4);
  printf("%d passed, %d failed\n", passed, failed);
  return failed > 0;
}
