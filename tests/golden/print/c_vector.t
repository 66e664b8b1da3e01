# C for AVX2: vectors of the compiler, masks for the tail.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=c
graph leaky(x: f32[10]) -> (y: f32[10]) {
  y = leaky_relu(x);
}
--- out
/* leaky for x86-64-v3: written by frit 0.1.0.
 *
 *   cc -O2 -ffp-contract=off -fno-math-errno -fno-trapping-math -ffreestanding -fno-builtin -fwrapv -fvisibility=hidden -fno-asynchronous-unwind-tables -fno-unwind-tables -fno-stack-protector -fno-tree-loop-distribute-patterns -std=gnu11 -fPIC -Wno-psabi -march=x86-64-v3 -c leaky.c
 *
 * -ffp-contract=off is part of the meaning: contraction would change bits. */
#include <stddef.h>
#include <stdint.h>
#include <immintrin.h>
#include "leaky.h"
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif
#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Woverlength-strings"
#define INLINE static inline __attribute__((always_inline))
#define EXPORT __attribute__((visibility("default")))
#define ALIGNED(n) __attribute__((aligned(n)))
#define RESTRICT __restrict
#define LAUNDER(p) __asm__("" : "+r"(p))
#define INF_F32 __builtin_inff()
#define NAN_F32 __builtin_nanf("")
#define INF_F64 __builtin_inf()
#define NAN_F64 __builtin_nan("")
#else
#define INLINE static inline
#define EXPORT
#define ALIGNED(n)
#define RESTRICT restrict
#define LAUNDER(p) ((void)0)
#define INF_F32 (1e38f * 10)
#define NAN_F32 (INF_F32 - INF_F32)
#define INF_F64 (1e308 * 10)
#define NAN_F64 (INF_F64 - INF_F64)
#endif
#if defined(__clang__)
#define PIN(x, i) ((void)0)
#else
#define PIN(x, i) __asm__("" : "+x"(x) : "X"(i))
#endif

typedef float f32x8 __attribute__((vector_size(32)));
typedef float f32x8_u __attribute__((vector_size(32), aligned(4), may_alias));
typedef float f32x4 __attribute__((vector_size(16)));
typedef float f32x4_u __attribute__((vector_size(16), aligned(4), may_alias));
typedef int32_t i32x8 __attribute__((vector_size(32)));
typedef int32_t i32x8_u __attribute__((vector_size(32), aligned(4), may_alias));
typedef int32_t i32x4 __attribute__((vector_size(16)));
typedef int32_t i32x4_u __attribute__((vector_size(16), aligned(4), may_alias));
INLINE f32x8 bcast_f32x8(float a) { return (f32x8)_mm256_set1_ps(a); }
INLINE f32x4 bcast_f32x4(float a) { return (f32x4)_mm_set1_ps(a); }
INLINE f32x8 load_f32x8(const float *p) { return *(const f32x8_u *)p; }
INLINE i32x8 mask_f32x8(i32x8 a) { return a; }
INLINE i32x8 lt_f32x8(f32x8 a, f32x8 b) { return mask_f32x8(a < b); }
INLINE f32x8 select_f32x8(i32x8 m, f32x8 a, f32x8 b) { return (f32x8)_mm256_blendv_ps((__m256)b, (__m256)a, (__m256)m); }
INLINE void store_f32x8(float *p, f32x8 a) { *(f32x8_u *)p = a; }
INLINE i32x4 prefix_boolx4(int64_t n) { return (i32x4){ 0, 1, 2, 3 } < (int32_t)(n > 4 ? 4 : n < 0 ? 0 : n); }
INLINE f32x4 loadm_f32x4(i32x4 m, const float *p) { return (f32x4)_mm_maskload_ps(p, (__m128i)m); }
INLINE i32x4 mask_f32x4(i32x4 a) { return a; }
INLINE i32x4 lt_f32x4(f32x4 a, f32x4 b) { return mask_f32x4(a < b); }
INLINE f32x4 select_f32x4(i32x4 m, f32x4 a, f32x4 b) { return (f32x4)_mm_blendv_ps((__m128)b, (__m128)a, (__m128)m); }
INLINE void storem_f32x4(i32x4 m, float *p, f32x4 a) { _mm_maskstore_ps(p, (__m128i)m, (__m128)a); }

/* k0: leaky_relu (30 flops, 80 bytes)
 *   y[i < 10]: f32 = x[i] < 0 ? 0.01 * x[i] : x[i]; */
static void leaky_k0(const float *RESTRICT x, float *RESTRICT y)
{
  const f32x8 v0 = bcast_f32x8(0.0f);
  const f32x8 v1 = bcast_f32x8(0.01f);
  const f32x4 v3 = bcast_f32x4(0.0f);
  const f32x4 v4 = bcast_f32x4(0.01f);
  f32x8 v5 = load_f32x8(x);
  PIN(v5, 0);
  const i32x8 v6 = lt_f32x8(v5, v0);
  const f32x8 v7 = v1 * v5;
  const f32x8 v8 = select_f32x8(v6, v7, v5);
  store_f32x8(y, v8);
  const i32x4 v10 = prefix_boolx4(2);
  f32x4 v11 = loadm_f32x4(v10, x + 8);
  PIN(v11, 0);
  const i32x4 v12 = lt_f32x4(v11, v3);
  const f32x4 v13 = v4 * v11;
  const f32x4 v14 = select_f32x4(v12, v13, v11);
  storem_f32x4(v10, y + 8, v14);
}

EXPORT int leaky_call(void *const *args, void *state, void *scratch, const int64_t *dims, const struct frit_parallel *par)
{
  if (!args) return 2;
  (void)dims;
  (void)state;
  (void)scratch;
  if (!args[0]) return 2;
  if (!args[1]) return 2;
  (void)par;
  leaky_k0((const float *)args[0], (float *)args[1]);
  return 0;
}

EXPORT int leaky_run(const float *x, float *y, void *state, void *scratch)
{
  void *const args[] = { (void *)x, (void *)y, NULL };
  const int64_t dims[] = { 0 };
  return leaky_call(args, state, scratch, dims, NULL);
}

EXPORT void leaky_init(void *memory)
{
  (void)memory;
}

EXPORT const char leaky_info[] =
  "frit 1\n"
  "name leaky\n"
  "target x86-64-v3\n"
  "compiler 0.1.0\n"
  "hash ab91600b0dd02516\n"
  "state 0 64\n"
  "scratch 0 64\n"
  "input x f32 10\n"
  "output y f32 10\n"
  "flops 30\n"
  "bytes 80\n";
--- end
