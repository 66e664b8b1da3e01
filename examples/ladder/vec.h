/* Vectors of floats by hand: what each instruction set calls them. A tile of ROWS x COLS of them, and what it needs to go on, fits the registers. */
#if defined(__AVX512F__)
#include <immintrin.h>
typedef __m512 Vec;
enum { LANES = 16, ROWS = 8, COLS = 3 };
#define LOAD(p) _mm512_loadu_ps(p)
#define STORE(p, v) _mm512_storeu_ps(p, v)
#define SPLAT(s) _mm512_set1_ps(s)
#define FMA(a, b, c) _mm512_fmadd_ps(a, b, c)
#elif defined(__AVX2__)
#include <immintrin.h>
typedef __m256 Vec;
enum { LANES = 8, ROWS = 6, COLS = 2 };
#define LOAD(p) _mm256_loadu_ps(p)
#define STORE(p, v) _mm256_storeu_ps(p, v)
#define SPLAT(s) _mm256_set1_ps(s)
#define FMA(a, b, c) _mm256_fmadd_ps(a, b, c)
#elif defined(__SSE__)
#include <xmmintrin.h>
typedef __m128 Vec;
enum { LANES = 4, ROWS = 4, COLS = 2 };
#define LOAD(p) _mm_loadu_ps(p)
#define STORE(p, v) _mm_storeu_ps(p, v)
#define SPLAT(s) _mm_set1_ps(s)
#define FMA(a, b, c) _mm_add_ps(_mm_mul_ps(a, b), c)
#elif defined(__ARM_NEON)
#include <arm_neon.h>
typedef float32x4_t Vec;
enum { LANES = 4, ROWS = 8, COLS = 3 };
#define LOAD(p) vld1q_f32(p)
#define STORE(p, v) vst1q_f32(p, v)
#define SPLAT(s) vdupq_n_f32(s)
#define FMA(a, b, c) vfmaq_f32(c, a, b)
#elif defined(__riscv_v_fixed_vlen)
#include <riscv_vector.h>
typedef vfloat32m1_t Vec __attribute__((riscv_rvv_vector_bits(__riscv_v_fixed_vlen)));
enum { LANES = __riscv_v_fixed_vlen / 32, ROWS = 8, COLS = 3 };
#define LOAD(p) __riscv_vle32_v_f32m1(p, LANES)
#define STORE(p, v) __riscv_vse32_v_f32m1(p, v, LANES)
#define SPLAT(s) __riscv_vfmv_v_f_f32m1(s, LANES)
#define FMA(a, b, c) __riscv_vfmacc_vv_f32m1(c, a, b, LANES)
#else
#error "this machine's vectors are not in vec.h"
#endif
enum { WIDE = COLS * LANES };
#define EACH(i, n) _Pragma("GCC unroll 16") for (int i = 0; i < n; i++)
