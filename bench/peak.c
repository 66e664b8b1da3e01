/* The machine's limit, compiled once for each target: twelve chains of fused multiply-adds that live in registers. bench.py reads the
 * disassembly of peak_fma: a loop with fewer than twelve FMAs, or with an operand in memory, is refused. */
#if defined(__AVX512F__)
enum { LANES = 16 };
#elif defined(__AVX__)
enum { LANES = 8 };
#else
enum { LANES = 4 };
#endif
typedef float Vec __attribute__((vector_size(LANES * 4)));
enum { ROUNDS = 4096 };

#if defined(__x86_64__)
#define OPAQUE(v) __asm__("" : "+v"(v))
#elif defined(__aarch64__)
#define OPAQUE(v) __asm__("" : "+w"(v))
#else
#define OPAQUE(v) (void)0
#endif
#define EACH(F) F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11)

double peak_flops(void) { return 2.0 * 12 * LANES * ROUNDS; }

void peak_fma(void *self) {
  Vec sum = { 0 }, x = sum + 0.999f, y = sum + 0.001f;
#define BEGIN(c) Vec a##c = sum; OPAQUE(a##c);
#define STEP(c) a##c += x * y;
#define ADD(c) sum += a##c;
  EACH(BEGIN)
  for (int k = 0; k < ROUNDS; k++) {
    OPAQUE(x);                       /* else the product would leave the loop */
    EACH(STEP)
  }
  EACH(ADD)
  *(volatile float *)self = sum[0];
}
