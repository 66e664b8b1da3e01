/* The targets, as rows of data. Cache sizes are those of a typical machine of the level. No pass or printer asks for a name. */
#include "../ir/ir.h"
#include "target.h"
#include <stddef.h>
#include <string.h>

/* What every C compile needs: no contraction and no errno (or the same statement gives different bits, or calls), no built-in that turns a loop into
 * a call of memset or memcpy, wrapping integers, and nothing of the host's start-up. */
#define CFLAGS "-O2 -ffp-contract=off -fno-math-errno -fno-trapping-math -ffreestanding -fno-builtin -fwrapv -fvisibility=hidden " \
               "-fno-asynchronous-unwind-tables -fno-unwind-tables -fno-stack-protector "
#define GCC_FLAGS CFLAGS "-fno-tree-loop-distribute-patterns "
/* bfd links only for its own machine; lld for all. */
#if defined(__x86_64__)
#define X86_LD "ld.bfd|ld|ld.lld-19|ld.lld"
#else
#define X86_LD "x86_64-linux-gnu-ld|ld.lld-19|ld.lld"
#endif
#define CACHES(L1, L2, L3, LINE) .l1 = (L1) * 1024LL, .l2 = (L2) * 1024LL, .l3 = (L3) * 1024LL, .line = LINE
#define UNITS(FMA, PORTS, LOADS, LATENCY) .fma = FMA, .fma_ports = PORTS, .load_ports = LOADS, .fma_latency = LATENCY
#define X86(CPU, ISA, BYTES, REGS, L2) .triple = "x86_64-unknown-linux-gnu", .cpu = CPU, .cc = "cc", .ld = X86_LD, .isa = ISA, \
  .vector_bytes = BYTES, .nreg = REGS, CACHES(32, L2, 32 * 1024, 64), .index_bits = 64, .block = 64
#define X86_GCC GCC_FLAGS "-std=gnu11 -fPIC -Wno-psabi -march="
#define V3 X86("x86-64-v3", ISA_AVX2, 32, 16, 512), UNITS(true, 2, 2, 4), .rough = true
#define V4 X86("x86-64-v4", ISA_AVX512, 64, 32, 1024), UNITS(true, 2, 2, 4), .parts = true
#define NEON .isa = ISA_NEON, .vector_bytes = 16, .nreg = 32, UNITS(true, 2, 2, 4), CACHES(64, 512, 4 * 1024, 64), .index_bits = 64, .block = 64

const Target targets[] = {
  { .name = "x86-64-v2", X86("x86-64-v2", ISA_SSE4, 16, 16, 256), UNITS(false, 2, 2, 4), .features = "",
    .cflags = X86_GCC "x86-64-v2", .dots = DOT_I16 },
  { .name = "x86-64-v3", V3, .features = "+fast-gather", .cflags = X86_GCC "x86-64-v3", .dots = DOT_I16 | DOT_FLOAT },
  { .name = "x86-64-v3-vnni", V3, .features = "+fast-gather,+avxvnni",
    .cflags = X86_GCC "x86-64-v3 -mavxvnni", .dots = DOT_U8I8 | DOT_I16 | DOT_FLOAT },
  { .name = "x86-64-v4", V4, .features = "", .cflags = X86_GCC "x86-64-v4", .dots = DOT_I16 | DOT_FLOAT },
  { .name = "x86-64-v4-vnni", V4, .features = "+avx512vnni", .cflags = X86_GCC "x86-64-v4 -mavx512vnni", .dots = DOT_U8I8 | DOT_I16 | DOT_FLOAT },
  { .name = "x86-64-v4-bf16", V4, .features = "+avx512vnni,+avx512bf16", .cflags = X86_GCC "x86-64-v4 -mavx512vnni -mavx512bf16",
    .dots = DOT_U8I8 | DOT_I16 | DOT_BF16 | DOT_FLOAT },
  { .name = "aarch64", .triple = "aarch64-unknown-linux-gnu", .cpu = "generic", .features = "", .ld = "ld.lld-19|ld.lld|aarch64-linux-gnu-ld",
    .cc = "aarch64-linux-gnu-gcc", .cflags = GCC_FLAGS "-std=gnu11 -fPIC -march=armv8-a", NEON, .dots = DOT_WIDEN },
  { .name = "aarch64-dot", .triple = "aarch64-unknown-linux-gnu", .cpu = "generic", .features = "+dotprod",
    .ld = "ld.lld-19|ld.lld|aarch64-linux-gnu-ld", .cc = "aarch64-linux-gnu-gcc",
    .cflags = GCC_FLAGS "-std=gnu11 -fPIC -march=armv8.2-a+dotprod", NEON, .dots = DOT_I8 | DOT_WIDEN },
  { .name = "riscv64v", .triple = "riscv64-unknown-linux-gnu", .cpu = "generic-rv64", .features = "+m,+a,+f,+d,+c,+v", .abi = "lp64d",
    .cc = "clang-19", .cflags = CFLAGS "-std=gnu11 -fPIC --target=riscv64-linux-gnu -march=rv64gcv -mabi=lp64d", .isa = ISA_RVV, .vector_bytes = 32,
    .ld = "ld.lld-19|ld.lld|riscv64-linux-gnu-ld", .nreg = 16, UNITS(true, 1, 1, 5), CACHES(32, 512, 2048, 64), .index_bits = 64,
    .block = 64, .dots = DOT_WIDEN },
  { .name = "cortex-m7", .triple = "thumbv7em-none-eabihf", .cpu = "cortex-m7", .features = "", .cc = "arm-none-eabi-gcc", .little_ram = true,
    .cflags = GCC_FLAGS "-std=c99 -mcpu=cortex-m7 -mthumb -mfpu=fpv5-d16 -mfloat-abi=hard", .isa = ISA_SCALAR, .nreg = 32, UNITS(true, 1, 1, 3),
    CACHES(16, 128, 512, 32), .index_bits = 32, .block = 16, .dots = DOT_I16 },
  { .name = "generic", .triple = "x86_64-unknown-linux-gnu", .cpu = "x86-64", .features = "+sse4.1", .cc = "cc", .ld = X86_LD, .isa = ISA_SCALAR,
    .cflags = GCC_FLAGS "-std=c99 -fPIC", .nreg = 16, UNITS(false, 1, 1, 4), CACHES(32, 256, 8 * 1024, 64), .index_bits = 64, .block = 64 },
};
const int ntargets = sizeof targets / sizeof *targets;

const DotKind dot_kinds[NDOT] = { { T_U8, T_I8, 4 }, { T_I8, T_I8, 4 }, { T_I16, T_I16, 2 }, { T_BF16, T_BF16, 2 }, { T_I16, T_I16, 1 },
                                    { T_F32, T_F32, 1 } };
int dot_kind(const Target *t, int a, int b, int64_t group) {
  for (int k = 0; k < NDOT && group > 1; k++)
    if (t->dots >> k & 1 && dot_kinds[k].a == a && dot_kinds[k].b == b && dot_kinds[k].group == group) return k;
  return -1;
}
static const char *host_name(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  bool vnni = __builtin_cpu_supports("avx512vnni"), bf16 = vnni && __builtin_cpu_supports("avx512bf16");
  if (__builtin_cpu_supports("x86-64-v4")) return bf16 ? "x86-64-v4-bf16" : vnni ? "x86-64-v4-vnni" : "x86-64-v4";
  if (__builtin_cpu_supports("x86-64-v3")) return __builtin_cpu_supports("avxvnni") ? "x86-64-v3-vnni" : "x86-64-v3";
  return __builtin_cpu_supports("x86-64-v2") ? "x86-64-v2" : "generic";
#elif defined(__aarch64__)
  return "aarch64";
#else
  return "generic";
#endif
}
const Target *target_find(const char *name) {
  if (!strcmp(name, "host")) name = host_name();
  for (const Target *t = targets; t < targets + ntargets; t++) if (!strcmp(t->name, name)) return t;
  return NULL;
}
