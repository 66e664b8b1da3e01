/* A small thread pool for the parallel-for of artefacts: the caller and the workers take item numbers from a counter until there are none.
 * Which thread runs an item does not matter to the result: items are independent by the parallel loop's contract. */
#include "frit.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct frit_pool {
  pthread_mutex_t lock; pthread_cond_t wake, done; pthread_t *thread; int nthread;
  unsigned round; int busy, stop;       /* under the lock: rounds started, workers that still run, the end */
  atomic_int next; void (*fn)(void *, int); void *ctx; int n;
};

static void take_items(frit_pool *p) { for (int k; (k = atomic_fetch_add(&p->next, 1)) < p->n;) p->fn(p->ctx, k); }

static void *worker(void *arg) {
  frit_pool *p = arg;
  pthread_mutex_lock(&p->lock);
  for (unsigned seen = 0;; seen++) {
    while (p->round == seen) pthread_cond_wait(&p->wake, &p->lock);
    if (p->stop) break;
    pthread_mutex_unlock(&p->lock);
    take_items(p);
    pthread_mutex_lock(&p->lock);
    if (--p->busy == 0) pthread_cond_signal(&p->done);
  }
  pthread_mutex_unlock(&p->lock); return NULL;
}

static void start_round(frit_pool *p, int stop) {
  pthread_mutex_lock(&p->lock);
  p->round++; p->busy = p->nthread; p->stop = stop;
  pthread_cond_broadcast(&p->wake);
  pthread_mutex_unlock(&p->lock);
}

static void pool_run(void *pool, void (*fn)(void *, int), void *ctx, int n) {
  frit_pool *p = pool;
  p->fn = fn; p->ctx = ctx; p->n = n;
  atomic_store(&p->next, 0);
  start_round(p, 0);
  take_items(p);
  pthread_mutex_lock(&p->lock);
  while (p->busy) pthread_cond_wait(&p->done, &p->lock);
  pthread_mutex_unlock(&p->lock);
}

frit_pool *frit_pool_new(int threads) {
  frit_pool *p = calloc(1, sizeof *p); if (!p) return NULL;
  pthread_mutex_init(&p->lock, NULL); pthread_cond_init(&p->wake, NULL); pthread_cond_init(&p->done, NULL);
  p->thread = calloc(threads > 1 ? (size_t)threads : 1, sizeof *p->thread);
  while (p->thread && p->nthread < threads - 1 && !pthread_create(&p->thread[p->nthread], NULL, worker, p)) p->nthread++;
  return p;
}

void frit_pool_free(frit_pool *p) {
  if (!p) return;
  start_round(p, 1);
  for (int k = 0; k < p->nthread; k++) pthread_join(p->thread[k], NULL);
  pthread_mutex_destroy(&p->lock); pthread_cond_destroy(&p->wake); pthread_cond_destroy(&p->done);
  free(p->thread); free(p);
}

frit_parallel frit_pool_parallel(frit_pool *p) { return (frit_parallel){ pool_run, p, p->nthread + 1 }; }
