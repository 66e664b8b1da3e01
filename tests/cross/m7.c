/* Runs a stream artefact on a bare Cortex-M7 (qemu's mps2-an500) over semihosting: reads in.f32, writes out.f32, in blocks of 16 frames.
 * Compiled with the generated NAME.h: -DHEADER="..." -DRUN=name_run -DINIT=name_init -DSTATE=... -DSCRATCH=... */
#include HEADER
#include <stdint.h>

extern uint32_t stack_top;
void reset(void);
void hang(void) { for (;;) ; }
__attribute__((section(".vectors"), used)) static void *const vectors[16] = { &stack_top, (void *)reset, (void *)hang, (void *)hang, (void *)hang, (void *)hang };

static int semihost(int op, const void *arg)
{
  register int r0 __asm__("r0") = op;
  register const void *r1 __asm__("r1") = arg;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

static int open_file(const char *name, int mode, int len)
{
  const uintptr_t a[3] = { (uintptr_t)name, (uintptr_t)mode, (uintptr_t)len };
  return semihost(1, a);
}

static uint8_t state[STATE + 8] __attribute__((aligned(8))), scratch[SCRATCH + 8] __attribute__((aligned(8)));
static float x[16], y[16];

void reset(void)
{
  *(volatile uint32_t *)0xE000ED88 |= 0xF << 20;   /* the floating-point unit on */
  __asm__ volatile("dsb\n isb");
  int in = open_file("in.f32", 1, 6), out = open_file("out.f32", 5, 7), rc = 0;
  INIT(state);
  for (;;) {
    const uintptr_t r[3] = { (uintptr_t)in, (uintptr_t)x, sizeof x };
    int left = semihost(6, r);
    int n = (int)(sizeof x - (unsigned)left) / 4;
    if (n <= 0 || (rc = RUN(x, y, state, scratch, n)) != 0)
      break;
    const uintptr_t w[3] = { (uintptr_t)out, (uintptr_t)y, (uintptr_t)n * 4 };
    semihost(5, w);
  }
  semihost(0x18, (void *)(rc ? 0x20023 : 0x20026));
  hang();
}
