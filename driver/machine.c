/* This machine's peaks in one thread: fused multiply-adds from registers only, and read bandwidth from L1, L2 and memory.
 * Twelve independent accumulators cover latency times ports; all fit in registers, so the loop body is FMAs alone. */
#include "driver.h"
#include <stdlib.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define AVX2 __attribute__((target("avx2")))

/* GFLOP/s of `rounds` rounds of 12 FMAs on W lanes. */
#define PEAK(NAME, TARGET, V, SET, FMA, ADD, STORE, W)                                                                                \
  __attribute__((target(TARGET), noinline)) static double NAME(long rounds) {                                                         \
    V a0 = SET(0), a1 = SET(1), a2 = SET(2), a3 = SET(3), a4 = SET(4), a5 = SET(5), a6 = SET(6), a7 = SET(7);                         \
    V a8 = SET(8), a9 = SET(9), aa = SET(10), ab = SET(11), x = SET(0.999f), y = SET(0.001f); float sink[W]; double t0 = now_ns();    \
    for (long k = 0; k < rounds; k++) {                                                                                               \
      a0 = FMA(a0, x, y), a1 = FMA(a1, x, y), a2 = FMA(a2, x, y), a3 = FMA(a3, x, y), a4 = FMA(a4, x, y), a5 = FMA(a5, x, y);         \
      a6 = FMA(a6, x, y), a7 = FMA(a7, x, y), a8 = FMA(a8, x, y), a9 = FMA(a9, x, y), aa = FMA(aa, x, y), ab = FMA(ab, x, y);         \
      __asm__ volatile("" : "+v"(a0), "+v"(a1), "+v"(a2), "+v"(a3), "+v"(a4), "+v"(a5), "+v"(a6), "+v"(a7));                          \
    }                                                                                                                                 \
    double ns = now_ns() - t0; a0 = ADD(ADD(ADD(a0, a1), ADD(a2, a3)), ADD(ADD(a4, a5), ADD(a6, a7)));                                \
    STORE(sink, ADD(a0, ADD(ADD(a8, a9), ADD(aa, ab)))); __asm__ volatile("" : : "m"(sink)); return (double)rounds * 12 * W * 2 / ns; \
  }
PEAK(peak_avx2, "avx2,fma", __m256, _mm256_set1_ps, _mm256_fmadd_ps, _mm256_add_ps, _mm256_storeu_ps, 8)
PEAK(peak_avx512, "avx512f", __m512, _mm512_set1_ps, _mm512_fmadd_ps, _mm512_add_ps, _mm512_storeu_ps, 16)

static void add_peak(Peaks *p, const char *isa, double (*f)(long)) {
  double best = 0, v;
  for (int k = 0; k < 12; k++) best = (v = f(400000)) > best ? v : best;
  p->isa[p->n] = isa, p->gflops[p->n++] = best;
}
static void peaks_fma(Peaks *p) {
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) add_peak(p, "avx2", peak_avx2);
  if (__builtin_cpu_supports("avx512f")) add_peak(p, "avx512", peak_avx512);
}
#else
#define AVX2
static void peaks_fma(Peaks *p) { p->n = 0; }
#endif

/* Sums of words in four chains of 32-byte vectors. GB/s. */
typedef uint64_t Words __attribute__((vector_size(32)));
AVX2 static double bandwidth(const Words *v, size_t bytes, int rounds) {
  Words a = { 0 }, b = a, e = a, f = a; double top = 0;
  for (int r = 0; r < 6; r++) {
    double t0 = now_ns();
    for (int q = 0; q < rounds; q++) {
      for (size_t k = 0; k < bytes / 32; k += 4) a += v[k], b += v[k + 1], e += v[k + 2], f += v[k + 3];
      __asm__ volatile("" : : : "memory");
    }
    double g = (double)bytes * rounds / (now_ns() - t0); top = g > top ? g : top;
  }
  Words sum = a + b + e + f; __asm__ volatile("" : : "m"(sum)); return top;
}
void machine_peaks(Peaks *p) {
  size_t big = (size_t)256 << 20; Words *v = aligned_alloc(64, big); *p = (Peaks){ 0 }; peaks_fma(p); if (!v) return; memset(v, 1, big);
  p->gbs_l1 = bandwidth(v, 16 << 10, 4000), p->gbs_l2 = bandwidth(v, 512 << 10, 200), p->gbs_memory = bandwidth(v, big, 1); free(v);
}
