/* Each thread takes its share of the rows of y. They share w, and nothing that is written. */
#define THREADS 2
#include "blocked.c"
#include <pthread.h>

typedef struct Share { int n, from, to; const float *x, *w; float *y; } Share;

static void *work(void *share) {
  Share *s = share;
  rows(s->n, s->from, s->to, s->x, s->w, s->y);
  return NULL;
}

void matmul(int n, const float *x, const float *w, float *y) {
  Share s[THREADS]; pthread_t id[THREADS];
  for (int t = 0; t < THREADS; t++) {
    s[t] = (Share){ n, n / ROWS * t / THREADS * ROWS, n / ROWS * (t + 1) / THREADS * ROWS, x, w, y };
    if (t) pthread_create(&id[t], NULL, work, &s[t]);
  }
  work(&s[0]);
  for (int t = 1; t < THREADS; t++) pthread_join(id[t], NULL);
}
