/* A small thread pool for the parallel-for of artefacts: workers take item numbers from a counter; they spin for a while, then sleep.
 *
 *   run(pool, fn, ctx, n):   caller ──► next = 0, round++ ──► all (caller too) take k = next++ while k < n ──► the last wakes the caller
 *
 * Which thread runs an item does not matter to the result: items are independent by the parallel loop's contract. */
#include "frit.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { SPINS = 4000 };

struct frit_pool {
  pthread_mutex_t lock; pthread_cond_t wake, done; pthread_t *thread; int nthread, sleeping;
  atomic_uint round; atomic_int next, busy, stop;
  void (*fn)(void *, int); void *ctx; int n;
};

static void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

static void take_items(frit_pool *p) { for (int k; (k = atomic_fetch_add(&p->next, 1)) < p->n;) p->fn(p->ctx, k); }

static void wait_for_round(frit_pool *p, unsigned seen) {
  for (int s = 0; s < SPINS; s++, relax()) if (atomic_load(&p->round) != seen) return;
  pthread_mutex_lock(&p->lock);
  p->sleeping++;
  while (atomic_load(&p->round) == seen) pthread_cond_wait(&p->wake, &p->lock);
  p->sleeping--;
  pthread_mutex_unlock(&p->lock);
}

static void *worker(void *arg) {
  frit_pool *p = arg;
  for (unsigned seen = 0;; seen++) {
    wait_for_round(p, seen);
    if (atomic_load(&p->stop)) return NULL;
    take_items(p);
    if (atomic_fetch_sub(&p->busy, 1) != 1) continue;
    pthread_mutex_lock(&p->lock);
    pthread_cond_signal(&p->done);
    pthread_mutex_unlock(&p->lock);
  }
}

static void start_round(frit_pool *p) {
  atomic_store(&p->next, 0);
  atomic_store(&p->busy, p->nthread);
  pthread_mutex_lock(&p->lock);
  atomic_fetch_add(&p->round, 1);
  if (p->sleeping) pthread_cond_broadcast(&p->wake);
  pthread_mutex_unlock(&p->lock);
}

static void wait_for_workers(frit_pool *p) {
  for (int s = 0; s < SPINS; s++, relax()) if (atomic_load(&p->busy) == 0) return;
  pthread_mutex_lock(&p->lock);
  while (atomic_load(&p->busy) != 0) pthread_cond_wait(&p->done, &p->lock);
  pthread_mutex_unlock(&p->lock);
}

static void pool_run(void *pool, void (*fn)(void *, int), void *ctx, int n) {
  frit_pool *p = pool;
  p->fn = fn, p->ctx = ctx, p->n = n;
  start_round(p);
  take_items(p);
  wait_for_workers(p);
}

frit_pool *frit_pool_new(int threads) {
  frit_pool *p = calloc(1, sizeof *p);
  if (!p) return NULL;
  pthread_mutex_init(&p->lock, NULL), pthread_cond_init(&p->wake, NULL), pthread_cond_init(&p->done, NULL);
  p->thread = calloc(threads > 1 ? (size_t)threads : 1, sizeof *p->thread);
  while (p->thread && p->nthread < threads - 1 && !pthread_create(&p->thread[p->nthread], NULL, worker, p)) p->nthread++;
  return p;
}

void frit_pool_free(frit_pool *p) {
  if (!p) return;
  atomic_store(&p->stop, 1);
  start_round(p);
  for (int k = 0; k < p->nthread; k++) pthread_join(p->thread[k], NULL);
  pthread_mutex_destroy(&p->lock), pthread_cond_destroy(&p->wake), pthread_cond_destroy(&p->done);
  free(p->thread), free(p);
}

frit_parallel frit_pool_parallel(frit_pool *p) { return (frit_parallel){ pool_run, p, p->nthread + 1 }; }
