/* fork_join THREADS [ROUNDS]: nanoseconds of a parallel-for of the runtime's pool (fork and join) over the longest of its parts, least and median, and
 * after a pause that lets the workers fall asleep. */
#define _GNU_SOURCE 1
#include "../runtime/frit.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static double now_ns(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return (double)t.tv_sec * 1e9 + (double)t.tv_nsec; }
static int by_value(const void *a, const void *b) { double x = *(const double *)a, y = *(const double *)b; return (x > y) - (x < y); }

/* Every part takes 2 us, so that each thread runs one: what is over that is the price of sharing. */
enum { PART_NS = 2000 };
static int who[256];
static void part(void *ctx, int k)
{
  (void)ctx;
  who[k] = gettid();
  for (double end = now_ns() + PART_NS; now_ns() < end;) {}
}

int main(int argc, char **argv)
{
  int threads = argc > 1 ? atoi(argv[1]) : 2, rounds = argc > 2 ? atoi(argv[2]) : 20000, shared = 0;
  frit_pool *p = frit_pool_new(threads);
  frit_parallel par = frit_pool_parallel(p);
  double *t = malloc(sizeof *t * (size_t)rounds), asleep[50];
  for (int r = 0; r < rounds; r++) {
    double t0 = now_ns();
    par.run(par.pool, part, NULL, threads);
    t[r] = now_ns() - t0 - PART_NS;
    shared += who[0] != who[1];
  }
  for (int r = 0; r < 50; r++) {
    usleep(2000);
    double t0 = now_ns();
    par.run(par.pool, part, NULL, threads);
    asleep[r] = now_ns() - t0 - PART_NS;
  }
  qsort(t, (size_t)rounds, sizeof *t, by_value);
  qsort(asleep, 50, sizeof *asleep, by_value);
  printf("{\"threads\": %d, \"min_ns\": %.0f, \"median_ns\": %.0f, \"p90_ns\": %.0f, \"asleep_ns\": %.0f, \"shared\": %.3f}\n", threads, t[0],
         t[rounds / 2], t[rounds * 9 / 10], asleep[25], (double)shared / rounds);
  frit_pool_free(p);
  free(t);
  return 0;
}
