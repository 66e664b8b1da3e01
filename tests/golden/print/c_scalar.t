# C for a machine without vectors: plain C99.
# $ frit compile case.graph --target cortex-m7 --dump-ir=c
graph leaky(x: f32[10]) -> (y: f32[10]) {
  y = leaky_relu(x);
}
--- out
/* leaky for cortex-m7: written by frit 0.1.0.
 *
 *   arm-none-eabi-gcc -O2 -ffp-contract=off -fno-math-errno -fno-trapping-math -ffreestanding -fno-builtin -fwrapv -fvisibility=hidden -fno-asynchronous-unwind-tables -fno-unwind-tables -fno-stack-protector -fno-tree-loop-distribute-patterns -std=c99 -mcpu=cortex-m7 -mthumb -mfpu=fpv5-d16 -mfloat-abi=hard -c leaky.c
 *
 * -ffp-contract=off is part of the meaning: contraction would change bits. */
#include <stddef.h>
#include <stdint.h>
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

INLINE float select_f32(int m, float a, float b) { return m ? a : b; }

/* k0: leaky_relu (30 flops, 80 bytes)
 *   y[i < 10]: f32 = x[i] < 0 ? 0.01 * x[i] : x[i]; */
static void leaky_k0(const float *RESTRICT x, float *RESTRICT y)
{
  for (int32_t i3 = 0; i3 < 2; i3++) {
    const float v4 = *(x + 4 * i3);
    const int v5 = v4 < 0.0f;
    const float v6 = 0.01f * v4;
    const float v7 = select_f32(v5, v6, v4);
    *(y + 4 * i3) = v7;
    const float v9 = *(x + 4 * i3 + 1);
    const int v10 = v9 < 0.0f;
    const float v11 = 0.01f * v9;
    const float v12 = select_f32(v10, v11, v9);
    *(y + 4 * i3 + 1) = v12;
    const float v14 = *(x + 4 * i3 + 2);
    const int v15 = v14 < 0.0f;
    const float v16 = 0.01f * v14;
    const float v17 = select_f32(v15, v16, v14);
    *(y + 4 * i3 + 2) = v17;
    const float v19 = *(x + 4 * i3 + 3);
    const int v20 = v19 < 0.0f;
    const float v21 = 0.01f * v19;
    const float v22 = select_f32(v20, v21, v19);
    *(y + 4 * i3 + 3) = v22;
  }
  const float v24 = *(x + 8);
  const int v26 = v24 < 0.0f;
  const float v28 = 0.01f * v24;
  const float v29 = select_f32(v26, v28, v24);
  *(y + 8) = v29;
  const float v31 = *(x + 9);
  const int v32 = v31 < 0.0f;
  const float v33 = 0.01f * v31;
  const float v34 = select_f32(v32, v33, v31);
  *(y + 9) = v34;
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
  "target cortex-m7\n"
  "compiler 0.1.0\n"
  "hash 63c9347d9b52aa59\n"
  "state 0 8\n"
  "scratch 0 8\n"
  "input x f32 10\n"
  "output y f32 10\n"
  "flops 30\n"
  "bytes 80\n";
--- end
