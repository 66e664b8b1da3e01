/* What one line of a table times: a job, and the engines that can do it.
 * Every peers/NAME becomes a shared object with one function: engines(job, e) fills e[0..] with its ways to do the job, ready to run, and returns how many. */
#ifndef BENCH_H
#define BENCH_H
#include <stddef.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct Job {
  char kind[16];                                         /* gemm, conv; softmax ... (rows) */
  int m, n, k, constant;                                 /* y[m, n] = x[m, k] w[k, n], w known beforehand or not; rows: m of n elements */
  int h, w, c, p, q, o, r, s, stride, pad, group;        /* y[p, q, o] = relu(bias[o] + x[h, w, c] * weight[r, s, c / group, o]) */
  float *x, *weight, *bias, *y;                          /* all dense, channels last */
} Job;

typedef struct Engine {
  char name[32];
  void (*run)(void *self);
  void (*fetch)(void *self, float *y);                   /* the result in plain order; NULL: run has written job->y */
  void *self;
  char *cold; size_t cold_bytes;                         /* the weights as this engine holds them: what a cold call finds in no cache */
} Engine;

int engines(const Job *job, Engine *e);

#ifdef __cplusplus
}
#endif
#endif
