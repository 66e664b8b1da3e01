/* This machine's peaks in one thread: fused multiply-adds from registers only, and read bandwidth from L1, L2 and memory.
 *
 * Twelve independent accumulators (16 for the 512-bit form) cover latency times ports; all fit in registers, so the loop body is FMAs alone. */
#include "driver.h"
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>

/* GFLOP/s of `rounds` rounds of n FMAs on w lanes that took ns. */
static double rate(long rounds, int n, int w, double ns) { return (double)rounds * n * w * 2 / ns; }

#define PEAK(NAME, TARGET, V, SET, FMA, ADD, STORE, W)                                                              \
  __attribute__((target(TARGET), noinline)) static double NAME(long rounds)                                         \
  {                                                                                                                 \
    V a0 = SET(0), a1 = SET(1), a2 = SET(2), a3 = SET(3), a4 = SET(4), a5 = SET(5), a6 = SET(6), a7 = SET(7);       \
    V a8 = SET(8), a9 = SET(9), aa = SET(10), ab = SET(11), x = SET(0.999f), y = SET(0.001f);                       \
    float sink[W];                                                                                                  \
    double t0 = now_ns();                                                                                           \
    for (long k = 0; k < rounds; k++) {                                                                             \
      a0 = FMA(a0, x, y), a1 = FMA(a1, x, y), a2 = FMA(a2, x, y), a3 = FMA(a3, x, y);                               \
      a4 = FMA(a4, x, y), a5 = FMA(a5, x, y), a6 = FMA(a6, x, y), a7 = FMA(a7, x, y);                               \
      a8 = FMA(a8, x, y), a9 = FMA(a9, x, y), aa = FMA(aa, x, y), ab = FMA(ab, x, y);                               \
      __asm__ volatile("" : "+v"(a0), "+v"(a1), "+v"(a2), "+v"(a3), "+v"(a4), "+v"(a5), "+v"(a6), "+v"(a7));        \
    }                                                                                                               \
    double ns = now_ns() - t0;                                                                                      \
    a0 = ADD(ADD(ADD(a0, a1), ADD(a2, a3)), ADD(ADD(a4, a5), ADD(a6, a7)));                                         \
    STORE(sink, ADD(a0, ADD(ADD(a8, a9), ADD(aa, ab))));                                                            \
    __asm__ volatile("" : : "m"(sink));                                                                             \
    return rate(rounds, 12, W, ns);                                                                                 \
  }
PEAK(peak_avx2, "avx2,fma", __m256, _mm256_set1_ps, _mm256_fmadd_ps, _mm256_add_ps, _mm256_storeu_ps, 8)
PEAK(peak_avx512, "avx512f", __m512, _mm512_set1_ps, _mm512_fmadd_ps, _mm512_add_ps, _mm512_storeu_ps, 16)

static double best(double (*f)(long))
{
  double r = 0;
  for (int k = 0; k < 12; k++) {
    double v = f(400000);
    r = v > r ? v : r;
  }
  return r;
}

static void peaks_fma(Peaks *p)
{
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    p->isa[p->n] = "avx2";
    p->gflops[p->n++] = best(peak_avx2);
  }
  if (__builtin_cpu_supports("avx512f")) {
    p->isa[p->n] = "avx512";
    p->gflops[p->n++] = best(peak_avx512);
  }
}
#else
static void peaks_fma(Peaks *p) { p->n = 0; }
#endif

/* Sums of words in four chains of 32-byte vectors. GB/s. */
typedef uint64_t Words __attribute__((vector_size(32)));
#if defined(__x86_64__)
__attribute__((target("avx2")))
#endif
static double bandwidth(const Words *v, size_t bytes, int rounds)
{
  Words s[4] = { { 0 }, { 0 }, { 0 }, { 0 } };
  double top = 0;
  for (int r = 0; r < 6; r++) {
    double t0 = now_ns();
    for (int q = 0; q < rounds; q++) {
      Words a = s[0], b = s[1], e = s[2], f = s[3];
      for (size_t k = 0; k < bytes / 32; k += 4)
        a += v[k], b += v[k + 1], e += v[k + 2], f += v[k + 3];
      s[0] = a, s[1] = b, s[2] = e, s[3] = f;
      __asm__ volatile("" : : : "memory");
    }
    double g = (double)bytes * rounds / (now_ns() - t0);
    top = g > top ? g : top;
  }
  __asm__ volatile("" : : "m"(s));
  return top;
}

void machine_peaks(Peaks *p)
{
  size_t big = (size_t)256 << 20;
  Words *v = aligned_alloc(64, big);
  *p = (Peaks){ 0 };
  peaks_fma(p);
  if (!v)
    return;
  memset(v, 1, big);
  p->gbs_l1 = bandwidth(v, 16 << 10, 4000);
  p->gbs_l2 = bandwidth(v, 512 << 10, 200);
  p->gbs_memory = bandwidth(v, big, 1);
  free(v);
}
