/* main N CALLS: one rung, linked with its matmul. CALLS = 0: prints the least time of a call (ns), the greatest error against sums in double,
 * and the machine's FMA peak (GFLOP/s). Else: that many calls and the error only (qemu counts the instructions). */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void matmul(int n, const float *x, const float *w, float *y);
void peak_fma(void *sink);
double peak_flops(void);

static double now(void) {
  struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

static float *matrix(int n, unsigned seed) {
  float *v = aligned_alloc(64, (size_t)n * n * sizeof *v);
  for (int k = 0; k < n * n; k++) seed = seed * 1664525u + 1013904223u, v[k] = (float)(int)seed * 0x1p-31f;
  return v;
}

static double error(int n, const float *x, const float *w, const float *y) {
  double worst = 0;
  for (int e = 0; e < 1000; e++) {
    int i = e * 7919 % n, j = e * 104729 % n; double sum = 0;
    for (int k = 0; k < n; k++) sum += (double)x[i * n + k] * w[k * n + j];
    double d = sum - y[i * n + j]; d = d < 0 ? -d : d;
    if (!(d <= worst)) worst = d;
  }
  return worst;
}

int main(int argc, char **argv) {
  int n = argc > 1 ? atoi(argv[1]) : 64, calls = argc > 2 ? atoi(argv[2]) : 0;
  float *x = matrix(n, 1), *w = matrix(n, 2), *y = matrix(n, 3), sink;
  double least = 1e30, peak = 1e30, end = now() + 5e8;
  for (int c = 0; calls ? c < calls : c < 3 || now() < end; c++) {
    double t = now(); matmul(n, x, w, y); t = now() - t;
    least = t < least ? t : least;
    if (calls) continue;
    t = now(); peak_fma(&sink); t = now() - t;
    peak = t < peak ? t : peak;
    if (least > 1e9) break;
  }
  if (calls) printf("%.3g\n", error(n, x, w, y));
  else printf("%.0f %.3g %.1f\n", least, error(n, x, w, y), peak_flops() / peak);
}
