/* The targets, as rows of data.
 *
 *   frit compile model.graph -o model.so --target=x86-64-v3
 *
 * Cache sizes are those of a typical machine of the level; `host` is the best x86-64 level (or aarch64) that the CPU we run on has.
 * The rows of one ISA differ in data only; no pass or printer asks for a name. */
#include "target.h"
#include <stddef.h>
#include <string.h>

/* What every C compile needs: no contraction and no errno (or the same statement gives different bits, or calls), no built-in that turns a
 * loop into a call of memset or memcpy, wrapping integers, and nothing of the host's start-up. */
#define CFLAGS "-O2 -ffp-contract=off -fno-math-errno -fno-trapping-math -ffreestanding -fno-builtin -fwrapv -fvisibility=hidden " \
               "-fno-asynchronous-unwind-tables -fno-unwind-tables -fno-stack-protector "
#define GCC_FLAGS CFLAGS "-fno-tree-loop-distribute-patterns "
#define KB 1024LL
#define MB (1024LL * 1024)
#define X86(NAME, CPU, ISA, BYTES, REGS, FMA, RCP, LATENCY, L2, FEATURES)                                                             \
  { .name = NAME, .triple = "x86_64-unknown-linux-gnu", .cpu = CPU, .features = FEATURES, .cc = "cc",                                  \
    .cflags = GCC_FLAGS "-std=gnu11 -fPIC -Wno-psabi -march=" CPU, .isa = ISA, .vector_bytes = BYTES, .nreg = REGS, .fma = FMA, .rcp_bits = RCP,  \
    .fma_ports = 2, .load_ports = 2, .fma_latency = LATENCY, .l1 = 32 * KB, .l2 = L2, .l3 = 32 * MB, .line = 64, .index_bits = 64,    \
    .block = 64 }

const Target targets[] = {
  X86("x86-64-v2", "x86-64-v2", ISA_SSE4, 16, 16, false, 11, 4, 256 * KB, ""),
  X86("x86-64-v3", "x86-64-v3", ISA_AVX2, 32, 16, true, 11, 4, 512 * KB, "+fast-gather"),
  X86("x86-64-v4", "x86-64-v4", ISA_AVX512, 64, 32, true, 14, 4, 1 * MB, ""),
  { .name = "aarch64", .triple = "aarch64-unknown-linux-gnu", .cpu = "generic", .features = "", .cc = "aarch64-linux-gnu-gcc",
    .cflags = GCC_FLAGS "-std=gnu11 -fPIC -march=armv8-a", .isa = ISA_NEON, .vector_bytes = 16, .nreg = 32, .fma = true, .rcp_bits = 8,
    .fma_ports = 2, .load_ports = 2, .fma_latency = 4, .l1 = 64 * KB, .l2 = 512 * KB, .l3 = 4 * MB, .line = 64, .index_bits = 64, .block = 64 },
  { .name = "riscv64v", .triple = "riscv64-unknown-linux-gnu", .cpu = "generic-rv64", .features = "+m,+a,+f,+d,+c,+v", .abi = "lp64d",
    .cc = "clang-19", .cflags = CFLAGS "-std=gnu11 -fPIC --target=riscv64-linux-gnu -march=rv64gcv -mabi=lp64d", .isa = ISA_RVV,
    .vector_bytes = 16, .scalable = true, .nreg = 32, .fma = true, .rcp_bits = 0, .fma_ports = 1, .load_ports = 1, .fma_latency = 5,
    .l1 = 32 * KB, .l2 = 512 * KB, .l3 = 2 * MB, .line = 64, .index_bits = 64, .block = 64 },
  { .name = "cortex-m7", .triple = "thumbv7em-none-eabihf", .cpu = "cortex-m7", .features = "", .cc = "arm-none-eabi-gcc",
    .cflags = GCC_FLAGS "-std=c99 -mcpu=cortex-m7 -mthumb -mfpu=fpv5-d16 -mfloat-abi=hard", .isa = ISA_SCALAR, .nreg = 32, .fma = true,
    .fma_ports = 1, .load_ports = 1, .fma_latency = 3, .l1 = 16 * KB, .l2 = 128 * KB, .l3 = 512 * KB, .line = 32, .index_bits = 32,
    .block = 16, .little_ram = true },
  { .name = "generic", .triple = "x86_64-unknown-linux-gnu", .cpu = "x86-64", .features = "+sse4.1", .cc = "cc",
    .cflags = GCC_FLAGS "-std=c99 -fPIC", .isa = ISA_SCALAR, .nreg = 16, .fma_ports = 1, .load_ports = 1, .fma_latency = 4, .l1 = 32 * KB,
    .l2 = 256 * KB, .l3 = 8 * MB, .line = 64, .index_bits = 64, .block = 64 },
};
const int ntargets = sizeof targets / sizeof *targets;

static const char *host_name(void)
{
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4"))
    return "x86-64-v4";
  if (__builtin_cpu_supports("x86-64-v3"))
    return "x86-64-v3";
  return __builtin_cpu_supports("x86-64-v2") ? "x86-64-v2" : "generic";
#elif defined(__aarch64__)
  return "aarch64";
#else
  return "generic";
#endif
}

const Target *target_find(const char *name)
{
  if (!strcmp(name, "host"))
    name = host_name();
  for (int k = 0; k < ntargets; k++)
    if (!strcmp(targets[k].name, name))
      return &targets[k];
  return NULL;
}
