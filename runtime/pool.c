/* A small thread pool for the parallel-for of artefacts: the caller and the workers take items from `work` until there are none.
 * Which thread runs an item does not matter to the result: items are independent by the parallel loop's contract.
 *
 * work: the number of the round, above the number of items nobody has taken. A thread takes one by compare-and-swap (acquire: it sees the fn that
 * the caller stored before `work`); the round cannot end, and so fn cannot change, before all that took one have counted down `left` (release; the
 * caller waits for 0 with acquire: it sees what the items wrote). The number of the round keeps a late worker from taking for an old fn.
 * Who sleeps has first said so, and then looked once more; who has work to offer looks for sleepers afterwards: both sequentially consistent, so one
 * of the two sees the other. */
#define _GNU_SOURCE 1              /* sched_getaffinity */
#include "frit.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

struct frit_pool {
  pthread_mutex_t lock; pthread_cond_t wake; pthread_t *thread; int nthread, threads;
  _Alignas(64) atomic_uint_fast64_t work; atomic_bool taken, stop; atomic_int asleep;         /* taken: by a caller */
  void (*fn)(void *, int); void *ctx; _Alignas(64) atomic_int left;                           /* items that are not done */
};

#ifdef __x86_64__
#define PAUSE() __builtin_ia32_pause()
#else
#define PAUSE() sched_yield()
#endif

/* Takes one item and runs it; false: there was none. */
static int take_item(frit_pool *p) {
  uint_fast64_t w = atomic_load(&p->work); if (!(uint32_t)w) return 0;
  if (!atomic_compare_exchange_strong(&p->work, &w, w - 1)) return 1;
  p->fn(p->ctx, (int)(uint32_t)w - 1); atomic_fetch_sub_explicit(&p->left, 1, memory_order_release); return 1;
}
static int64_t now_us(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1000000ll + t.tv_nsec / 1000; }
static void wait_for_work(frit_pool *p) {
  for (int64_t until = now_us() + 50; now_us() < until;) for (int k = 0; k < 64; k++) if ((uint32_t)atomic_load(&p->work)) return; else PAUSE();
  pthread_mutex_lock(&p->lock); atomic_fetch_add(&p->asleep, 1);
  while (!(uint32_t)atomic_load(&p->work) && !atomic_load(&p->stop)) pthread_cond_wait(&p->wake, &p->lock);
  atomic_fetch_sub(&p->asleep, 1); pthread_mutex_unlock(&p->lock);
}
static void *worker(void *p) { while (!atomic_load(&((frit_pool *)p)->stop)) if (!take_item(p)) wait_for_work(p); return NULL; }
static void wake_all(frit_pool *p) {
  if (!atomic_load(&p->asleep)) return;
  pthread_mutex_lock(&p->lock); pthread_cond_broadcast(&p->wake); pthread_mutex_unlock(&p->lock);
}
static void pool_run(void *pool, void (*fn)(void *, int), void *ctx, int n) {
  frit_pool *p = pool;
  if (!p->nthread || n < 2 || atomic_exchange(&p->taken, 1)) { for (int k = 0; k < n; k++) fn(ctx, k); return; }
  p->fn = fn; p->ctx = ctx; atomic_store(&p->left, n - 1);
  atomic_store(&p->work, ((atomic_load(&p->work) >> 32) + 1) << 32 | (uint32_t)(n - 1)); wake_all(p);
  fn(ctx, n - 1);                  /* the same item every time: its data are in this core's cache */
  while (take_item(p)) {}
  for (int k = 0; atomic_load_explicit(&p->left, memory_order_acquire); k++) if (k < 200) PAUSE(); else sched_yield();
  atomic_store(&p->taken, 0);
}

frit_pool *frit_pool_new(int threads) {
  frit_pool *p = aligned_alloc(64, sizeof *p); cpu_set_t set; int most = sched_getaffinity(0, sizeof set, &set) ? 0 : CPU_COUNT(&set) - 1;
  if (p) *p = (frit_pool){ .threads = threads > 0 ? threads : most + 1 };
  else return NULL;
  pthread_mutex_init(&p->lock, NULL); pthread_cond_init(&p->wake, NULL); p->thread = calloc((size_t)p->threads, sizeof *p->thread);
  while (p->thread && p->nthread < p->threads - 1 && p->nthread < most && !pthread_create(&p->thread[p->nthread], NULL, worker, p)) p->nthread++;
  return p;
}

void frit_pool_free(frit_pool *p) {
  if (!p) return;
  atomic_store(&p->stop, 1); wake_all(p);
  for (int k = 0; k < p->nthread; k++) pthread_join(p->thread[k], NULL);
  pthread_mutex_destroy(&p->lock); pthread_cond_destroy(&p->wake); free(p->thread); free(p);
}
frit_parallel frit_pool_parallel(frit_pool *p) { return (frit_parallel){ pool_run, p, p->threads }; }
