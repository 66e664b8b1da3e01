/* A target is data: what passes and printers need to know of a CPU. */
#ifndef FRIT_TARGET_H
#define FRIT_TARGET_H
#include <stdbool.h>
#include <stdint.h>
typedef enum { ISA_SCALAR, ISA_SSE4, ISA_AVX2, ISA_AVX512, ISA_NEON, ISA_RVV } Isa;
typedef struct Target {
  const char *name, *triple, *cpu, *features, *abi;       /* LLVM's words; abi may be NULL */
  const char *cc, *cflags;                                /* the C compiler that runs the C printer's output when --printer=c makes an object */
  const char *ld;                                         /* linkers, the first that exists is taken; NULL: no shared objects */
  Isa isa; int vector_bytes, nreg;  /* of a register: 0 on scalar targets, RVV: two of the narrowest (LMUL 2); how many (scalar: float registers) */
  bool fma;                       /* a*b+c in one rounding, one instruction */
  bool parts;                     /* f32's mantissa, exponent and scaling by any 2^n are instructions, for all arguments; so are rcpe and rsqrte */
  bool rough;                     /* those two are there with 11 bits, for normal results of normal numbers. parts or rough: so is K_TABLE */
  unsigned dots;                  /* which of dot_kinds are instructions, as bits */
  int fma_ports, load_ports, fma_latency;
  int64_t l1, l2, l3, line;       /* bytes */
  int index_bits, block;          /* of a loop counter: 32 or 64; frames of a stream that are computed together */
  bool little_ram;                /* microcontroller: small blocks, loops instead of unrolled copies */
} Target;
/* By name ("host": the best of the x86-64 levels, or aarch64, that this CPU has); NULL if unknown. */
const Target *target_find(const char *name);
extern const Target targets[];
extern const int ntargets;
/* Products of `group` neighbours of type a with as many of type b, which are added into one lane of 32 bits (1: products in that lane, widened; as
 * floats: sums below 2^24 are exact). Types
 * are those of ir.h; the kinds stand in the order of the machine functions from KF_DOTUS on, the better ones first. */
typedef struct DotKind { int a, b, group; } DotKind;
enum { DOT_U8I8 = 1, DOT_I8 = 2, DOT_I16 = 4, DOT_BF16 = 8, DOT_WIDEN = 16, DOT_FLOAT = 32, NDOT = 6 };
extern const DotKind dot_kinds[NDOT];
int dot_kind(const Target *t, int a, int b, int64_t group);         /* the number of the target's instruction, or -1 */
static inline bool target_launders(const Target *t) { return t->isa == ISA_NEON || t->isa == ISA_RVV; }   /* what KL_LAUNDER is for */
static inline bool target_past(const Target *t) { return t->isa >= ISA_SSE4 && t->isa <= ISA_AVX512; }        /* it has stores past the caches */
static inline int target_lanes(const Target *t, int elem_bytes) { return t->vector_bytes > elem_bytes ? t->vector_bytes / elem_bytes : 1; }
#endif
