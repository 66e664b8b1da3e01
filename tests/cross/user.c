/* Runs an artefact under qemu-user, with a parallel-for of three parts, the last first: user STATE SCRATCH DIM... -- then for each port in order `in FILE BYTES` or `out FILE BYTES`.
 * Compiled with -DCALL=g_call -DINIT=g_init. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int CALL(void *const *, void *, void *, const int64_t *, const void *);
void INIT(void *);

static void backwards(void *pool, void (*fn)(void *, int), void *ctx, int n)
{
  (void)pool;
  while (n-- > 0)
    fn(ctx, n);
}

int main(int argc, char **argv)
{
  int64_t dim[8] = { 0 };
  void *arg[32];
  int k = 3, nd = 0, n = 0;
  void *state = aligned_alloc(64, (strtoul(argv[1], 0, 10) + 127) / 64 * 64), *scratch = aligned_alloc(64, (strtoul(argv[2], 0, 10) + 127) / 64 * 64);
  for (; k < argc && strcmp(argv[k], "--"); k++)
    dim[nd++] = atoll(argv[k]);
  int first = ++k;
  for (; k + 2 < argc; k += 3, n++) {
    size_t bytes = strtoul(argv[k + 2], 0, 10);
    arg[n] = calloc(bytes + 64, 1);
    if (argv[k][0] == 'i') {
      FILE *f = fopen(argv[k + 1], "rb");
      if (!f || fread(arg[n], 1, bytes, f) != bytes)
        return 9;
      fclose(f);
    }
  }
  INIT(state);
  struct { void (*run)(void *, void (*)(void *, int), void *, int); void *pool; int threads; } par = { backwards, 0, 3 };
  int rc = CALL(arg, state, scratch, dim, &par);
  for (k = first, n = 0; k + 2 < argc; k += 3, n++)
    if (argv[k][0] == 'o') {
      FILE *f = fopen(argv[k + 1], "wb");
      fwrite(arg[n], 1, strtoul(argv[k + 2], 0, 10), f);
      fclose(f);
    }
  return rc;
}
